"""Finds the tune in what a model said: without fences, prose, comments and directives, and of bounded size.

A row is kept when it is one of the fields M, L, Q, K, V or music; a row of music is one whose letters nearly all mean something in
ABC, once quoted words, marks and bracketed fields are set aside. So a title ("T:Velvet evening") starts no voice and a sentence is no
melody. Directives (%%...), instructions (I:), macros (m:, U:), lyrics and all other fields go, whatever they hold.
Where an answer holds several tunes (X: 1, X: 2 ...), the last that has notes is taken: models draft before they decide.
"""

from __future__ import annotations

import re

from img2music.models.parsing.thinking_text import without_thinking

__all__ = ["LONGEST", "extract_tune"]

LONGEST = 60_000
"""Characters of an answer that are still looked at: ten times what eight voices of 32 bars need (our choice)."""
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*\n(.*?)(?:^[ \t]*(?:```|~~~)|\Z)", re.DOTALL | re.MULTILINE)
_KEPT_FIELD = re.compile(r"[MLQKV]:(?!\|)")
_FIELD = re.compile(r"[A-Za-z+]:(?!\|)")
_NEW_TUNE = re.compile(r"^X:[ \t]*\d*[ \t]*$", re.MULTILINE)
_SET_ASIDE = re.compile(r'"[^"\n]{0,200}"|![^!|\n]{1,40}!|\+[a-z]{1,20}\+|\[[A-Za-z]:[^\]\n]{0,200}\]|\{[^}\n]{0,200}\}')
_NO_MUSIC = re.compile(r"[^\W\d_A-Ga-gzxZXy]")
_LETTERS = re.compile(r"[^\W\d_]")
_NOTES = re.compile(r"[A-Ga-gzZx]")
_MARKS = set("HLMOPSTuv")
_MOST_STRANGE = 0.2  # of the letters of a row of music; a sentence has about 0.6 (our choice)


def extract_tune(text: str) -> str:
    """The rows of the tune in `text`, one a line; empty where there is none.

    Args:
        text: what a model said; behind its thinking at most `LONGEST` characters are looked at.
    """
    text, _ = without_thinking(text)  # a thought may be longer than any tune
    text = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    fenced = [block for block in _FENCE.findall(text) if any(map(_is_music, block.splitlines()))]
    if fenced:
        text = "\n".join(fenced)
    pieces = _NEW_TUNE.split(text)
    rows = [[row for row in map(_plain, piece.splitlines()) if row] for piece in pieces]
    with_notes = [piece for piece in rows if any(map(_is_music, piece))]
    return "\n".join(with_notes[-1]) if with_notes else ""


def _plain(row: str) -> str:
    """A row as far as it is kept."""
    row = re.split(r"(?<!\\)%", row, maxsplit=1)[0].strip()
    if _KEPT_FIELD.match(row):
        return row[:2] + row[2:].strip()[:200]
    return "" if not row or _FIELD.match(row) or not _is_music(row) else row


def _is_music(row: str) -> bool:
    row = row.strip()
    if _FIELD.match(row) or row.startswith("%"):
        return False
    bare = _SET_ASIDE.sub("", row)
    letters = _LETTERS.findall(bare)
    strange = [letter for letter in _NO_MUSIC.findall(bare) if letter not in _MARKS]
    has_field = bare != row and "[V:" in row
    return bool(_NOTES.search(bare) or (has_field and "|" in bare)) and len(strange) <= _MOST_STRANGE * max(1, len(letters))
