"""What prompt templates may say: which answers there are for each purpose, which variables, and how what comes from outside is filled in.

Knows nothing of the files that templates are.
"""

from __future__ import annotations

import re

__all__ = ["SCHEMAS", "SPOKEN", "TEMPLATE_VARIABLES", "UNTRUSTED_LIMITS", "plain_untrusted", "wrap_untrusted"]

SPOKEN = "prompt/1"
"""The schema of templates whose text is told to a model for sound as it is."""
SCHEMAS: dict[str, tuple[str, ...]] = {
    "see": ("scene/1", "scene/2"),
    "plan": ("plan/1", "plan/2", "changes/1", "choice/1"),
    "abc": ("abc/1",),
    "words": ("glosses/1",),
    "sound": ("caption/1", SPOKEN),
}
"""What an answer may be, by purpose; the number rises when a field changes."""
TEMPLATE_VARIABLES: dict[str, dict[str, str]] = {
    "see": {
        "cues": "the measured facts that are sure and say something, one a line: name, words; nothing of feelings",
        "colours": "its colours, one a line: name, words, share",
        "measured": "what the offline eye suggests for music, one attribute a line; nothing of feelings",
        "styles": "kinds of music that can be played, one a line with what it is, tempo, metres and modes",
        "genres": "the same, shorter: name, limits of tempo, metres",
        "instruments": "names of the instruments, one family a line",
        "limits": "what each field of the answer may hold, one field a line, made from the schema",
    },
    "plan": {
        "scene": "what was seen, fifteen lines at most: what a model saw, the facts, the colours: name, words",
        "gist": "the same in one line without names, for small models",
        "attributes": "what that suggests for music, one attribute a line with its scale",
        "brief": "what the user asks for, one wish a line; these are settled",
        "words": "the user's own words",
        "styles": "the kind of music that is settled or likeliest and the next likely ones, one a line with tempo, metres and modes",
        "instruments": "names of the instruments, one family a line",
        "players": "the same by the roles that they may take, one set of roles a line",
        "chords": "how harmony is written, with the numerals of the likely modes",
        "lengths": "how many bars fill the asked length at which tempo",
        "draft": "a whole valid plan by rules, as JSON",
        "choices": "some whole valid plans, numbered, a few lines each",
        "most": "how many choices there are",
        "limits": "what each field of the answer may hold, one field a line, made from the schema",
    },
    "abc": {
        "header": "the ABC head that the tune must have",
        "voices": "the voices: number, name, what each does, its range",
        "chords": "the chords of every bar, section by section",
        "idea": "what the piece is about",
        "motif": "the idea that the tune grows from, as ABC",
        "bars": "how many bars the piece has",
    },
    "words": {
        "words": "the user's own words",
        "unknown": "phrases of them that the tables do not know, one a line",
        "meanings": "words that the tables know best, one group a line",
        "limits": "what each field of the answer may hold, one field a line, made from the schema",
    },
    "sound": {
        "style": "the kind of music, in a word or two",
        "mood": "words for its feeling",
        "pace": "slow, moderate or fast",
        "tempo": "beats a minute, a bare number",
        "key": "tonic and mode",
        "meter": "the metre",
        "instruments": "who plays, the tune first",
        "form": "how it goes: its sections by their roles and how strong each is",
        "length": "how long it lasts, in seconds",
        "title": "the title",
        "idea": "what the piece is about",
        "gist": "what is seen, in one line; nothing where there is no picture",
    },
}
"""The variables that a template of each purpose may use."""
UNTRUSTED_LIMITS: dict[str, int] = {
    "cues": 12_000, "colours": 2_000, "measured": 4_000, "scene": 12_000, "gist": 600, "attributes": 4_000, "brief": 2_000, "words": 2_000,
    "draft": 20_000, "choices": 8_000, "idea": 1_000, "voices": 3_000, "unknown": 2_000,
    "style": 80, "mood": 120, "title": 200,
}  # fmt: skip
"""Variables whose text comes from a picture, a file or the user, and how many characters of each are taken."""
_MARKS = re.compile(r"<\s*(/?)\s*data", re.IGNORECASE)
_NO_WORDS = re.compile(r"[<>{}\[\]|\\`\"#*=~^_@$%+]")
"""Signs that are orders to tokenizers or to formats, never words about music."""
_LONGEST_PLAIN = 300


def wrap_untrusted(name: str, text: str, most: int | None = None) -> str:
    """Text from outside as data: between marks that it can't forge, without control characters but line breaks, cut to its length.

    The length is that of `UNTRUSTED_LIMITS`, unless `most` says another.
    """
    most = UNTRUSTED_LIMITS.get(name, 2_000) if most is None else most
    plain = "".join(letter if letter == "\n" or letter.isprintable() else " " * letter.isspace() for letter in text)
    plain = _MARKS.sub(r"‹\1data", plain)
    short = plain if len(plain) <= most else plain[:most] + " [cut]"
    return f'<data name="{name}">\n{short}\n</data>'


def plain_untrusted(name: str, text: str, most: int | None = None) -> str:
    """Text from outside as words for a model that takes no orders: one line, no control characters, no signs that tokenizers read as marks.

    It is cut behind a word, to the length of `UNTRUSTED_LIMITS` or to 300 characters, whichever is less, unless `most` says another.
    """
    most = min(UNTRUSTED_LIMITS.get(name, _LONGEST_PLAIN), _LONGEST_PLAIN) if most is None else most
    letters = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(_NO_WORDS.sub(" ", letters).split())
    return line if len(line) <= most else (line[:most].rpartition(" ")[0] or line[:most]).rstrip(" ,;.")
