"""How to make the piece again: the commands, what was done in place of what was asked, the versions behind it."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from img2music.brief import Brief
from img2music.manifest import Fallback, Manifest, Take
from img2music.piece import Piece
from img2music.report.page.html import Html, el, relative_href
from img2music.report.page.report_tables import html_table
from img2music.report.page.takes_table import kept_lines, takes_table
from img2music.report.text_format import as_sentence, format_number
from img2music.style import is_style_file

if TYPE_CHECKING:
    from img2music.report.page.html import Child

__all__ = ["compose_command", "fallback_list", "replay_command", "reproduce_block"]

_MOST_FILES, _MOST_TAKES, _LONGEST = 60, 20, 120


_WORK = {
    "perceiver": "seeing the picture",
    "planner": "the plan",
    "realizer": "the notes",
    "performer": "the playing",
    "renderer": "the sound",
}
"""What the stages of a pipeline are for."""


def compose_command(piece: Piece) -> str:
    """The command that made the piece, as far as brief, picture and manifest tell it; of a piece made anew, that of the next."""
    manifest = piece.manifest
    if manifest.kept is not None:
        crafts = ",".join(manifest.kept.named)
        return _anew_command(piece, crafts)
    if piece.scene is None:
        return "img2music realize plan.json -o OUT"
    words = ["img2music", "compose", piece.scene.picture.file, *_wishes(piece.brief)]
    if len(manifest.takes) > 1:
        words += ["--takes", str(len(manifest.takes))]
    return shlex.join([*words, *_pipeline_words(manifest), "-o", "OUT"])


def _anew_command(piece: Piece, crafts: str) -> str:
    """The command that makes the piece anew and keeps these crafts, parted by commas."""
    keep = ["--keep", crafts] if crafts else []
    words = ["img2music", "compose", "--from", "piece.json", *keep, *_style_file(piece), *_pipeline_words(piece.manifest)]
    return shlex.join([*words, "-o", "OUT"])


def _pipeline_words(manifest: Manifest) -> list[str]:
    words: list[str] = []
    if manifest.chosen is not None:
        words += manifest.chosen.words
    elif manifest.pipeline.name != "offline":
        words += ["--pipeline", manifest.pipeline.name]
    return [*words, *(["--commercial"] if manifest.pipeline.commercial else [])]


def _style_file(piece: Piece) -> list[str]:
    """The style file that a record only names, as an option."""
    file = next((name for name in (piece.brief.style, piece.plan.style) if name is not None and is_style_file(name)), None)
    return [] if file is None else ["--style", file]


def replay_command(piece: Piece) -> str:
    """The command that makes the files of a piece again from its record, with the files that the record only names."""
    chosen = piece.manifest.chosen
    words = ["img2music", "replay", "piece.json", *(() if chosen is None else chosen.replay_words)]
    return shlex.join([*words, *_style_file(piece)])


def _files_to_give(piece: Piece) -> str:
    """That the commands name a pipeline file, which the record does not hold; empty where they name none."""
    chosen = piece.manifest.chosen
    file = "" if chosen is None else chosen.words[1]
    if not file.lower().endswith((".yaml", ".yml")):
        return ""
    return f"{file} stands for the pipeline file that this piece was made with, which is not among these files: give yours."


def _wishes(brief: Brief) -> list[str]:
    words = ["--seconds", format_number(brief.seconds)]
    asked = (
        ("--tempo", brief.tempo_words),
        ("--key", ", ".join(brief.keys)),
        ("--meter", brief.meter),
        ("--style", brief.style),
        ("--words", brief.words),
    )
    for option, wish in asked:
        words += [option, wish] if wish else []
    for name in brief.instruments:
        words += ["--instrument", name]
    return [*words, *(["--loop"] if brief.loop else []), "--seed", str(brief.seed)]


def fallback_list(fallbacks: Sequence[Fallback]) -> Html | None:
    """What was done instead of what was asked; None where nothing was."""
    told = (
        f"for {_WORK.get(one.stage, one.stage)}, {one.asked} could not be used, so {one.used} was: {one.why}" for one in fallbacks
    )
    lines = [el("li", as_sentence(text)) for text in told]
    return el("ul", lines, class_="notes") if lines else None


def reproduce_block(piece: Piece, audio_name: str | None) -> Html:
    """Commands, files, takes, versions."""
    source = f"To make the same notes from the {'plan' if piece.scene is None else 'picture'}:"
    kept = piece.manifest.kept
    if kept is not None:
        source = "To make the next one that keeps the same:"
    commands = el(
        "div",
        # A renderer that tells what it did (`SoundUse`) promises no bytes.
        el(
            "p",
            "To make the same files again, but for the sound, which is played anew:"
            if piece.manifest.sounds
            else "To make the very same files again:",
        ),
        el("pre", el("code", replay_command(piece)), tabindex=0),
        el("p", _files_to_give(piece)) if _files_to_give(piece) else None,
        el("p", "What was kept of the earlier piece:") if kept else None,
        el("ul", [el("li", as_sentence(line)) for line in kept_lines(kept, piece.plan.seed)], class_="notes") if kept else None,
        el("p", source),
        el("pre", el("code", compose_command(piece)), tabindex=0),
        el("p", "The seed is ", el("strong", piece.plan.seed), ". Another seed gives another piece."),
        None if kept else el("p", "To keep the tune and the chords and make the rest new:"),
        None if kept else el("pre", el("code", _anew_command(piece, "melody,harmony")), tabindex=0),
    )
    details = [
        ("Files beside this page", _files(piece, audio_name)),
        ("Takes", _takes(piece.manifest.takes)),
        ("Made with", _versions(piece)),
    ]
    blocks = [el("div", el("h3", title), content) for title, content in details if content is not None]
    return el("div", commands, el("div", blocks) if blocks else None, class_="again")


def _files(piece: Piece, audio_name: str | None) -> Html | None:
    """Links to the manifest's files; without a list there, only to the sound."""
    names: list[str] = list(piece.manifest.files)
    if names:
        names.append("piece.json")
    if audio_name is not None:
        names.append(audio_name)
    names = [name for name in dict.fromkeys(names) if name != "report.html"]
    shown = [el("li", el("a", name, href=relative_href(name))) for name in names[:_MOST_FILES]]
    if len(names) > _MOST_FILES:
        shown.append(el("li", f"and {len(names) - _MOST_FILES} more"))
    return el("ul", shown, class_="files") if shown else None


def _takes(takes: Sequence[Take]) -> Html | None:
    """Several takes with their marks and what parts them; a single one says nothing."""
    found = takes_table(takes)
    if found is None:
        return None
    shown = [place for place in range(len(found.rows)) if place < _MOST_TAKES or place == found.kept]
    rows: list[list[Child]] = []
    for place in shown:
        number, *cells = found.rows[place]
        rows.append([[number, el("strong", " kept") if place == found.kept else None], *cells])
    rest = len(found.rows) - len(shown)
    more = el("p", f"{rest} more {'take is' if rest == 1 else 'takes are'} in piece.json.", class_="hint") if rest else None
    heads = [head[:1].upper() + head[1:] for head in found.heads]
    return el("div", el("p", found.why), html_table("takes", heads, rows), more)


def _versions(piece: Piece) -> Html | None:
    stages = {_WORK.get(kind, kind): name for kind, name in piece.manifest.stages.items()}
    facts = {"pipeline": piece.manifest.pipeline.name, **stages, **piece.manifest.versions}
    rows: list[Child] = [[el("dt", name), el("dd", _short(fact))] for name, fact in facts.items()]
    if piece.scene is not None:
        rows.append([el("dt", "picture, SHA-256"), el("dd", el("code", piece.scene.picture.sha256))])
    return el("dl", rows, class_="versions") if rows else None


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
