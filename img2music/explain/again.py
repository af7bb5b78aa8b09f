"""How to make the piece again: the commands, what was done in place of what was asked, the versions behind it.

The manifest is read leniently, as it may come from an older or a newer version: a key that is missing or of another kind
leaves its block out.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from img2music.explain.markup import Html, el, href
from img2music.explain.sentences import cue_name, number, sentence

if TYPE_CHECKING:
    from img2music.brief import Brief
    from img2music.explain.markup import Child
    from img2music.piece import Piece

__all__ = ["again", "compose_command", "fallbacks"]

_MOST_FILES = 60


def compose_command(piece: Piece) -> str:
    """The command that composed the piece, as far as brief, picture and pipeline tell it."""
    words = ["img2music", "compose", piece.scene.picture.file if piece.scene is not None else "PICTURE", *_wishes(piece.brief)]
    pipeline = _mapping(piece.manifest.get("pipeline")).get("name") or piece.manifest.get("pipeline")
    if isinstance(pipeline, str) and pipeline != "offline":
        words += ["--pipeline", pipeline]
    return shlex.join([*words, "-o", "OUT"])


def _wishes(brief: Brief) -> list[str]:
    words = ["--seconds", number(brief.seconds)]
    if brief.tempo_bpm is not None:
        words += ["--tempo", number(brief.tempo_bpm)]
    for option, wish in (("--key", brief.key), ("--meter", brief.meter), ("--style", brief.style), ("--words", brief.words)):
        words += [option, wish] if wish else []
    for name in brief.instruments:
        words += ["--instrument", name]
    return [*words, "--seed", str(brief.seed)]


def fallbacks(manifest: Mapping[str, Any]) -> Html | None:
    """What was done instead of what was asked; None where nothing was."""
    rows = manifest.get("fallbacks")
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes) or not rows:
        return None
    lines = []
    for row in rows:
        text = "; ".join(f"{cue_name(str(key))}: {value}" for key, value in row.items()) if isinstance(row, Mapping) else str(row)
        lines.append(el("li", sentence(text)))
    return el("ul", lines, class_="notes")


def again(piece: Piece, audio_name: str | None) -> Html:
    """Commands, files, takes, versions."""
    commands = el(
        "div",
        el("p", "The same files, byte for byte, from the manifest beside this page:"),
        el("pre", el("code", "img2music replay piece.json"), tabindex="0"),
        el("p", "The same notes from the picture:"),
        el("pre", el("code", compose_command(piece)), tabindex="0"),
        el("p", "Seed ", el("strong", piece.plan.seed), ". Another seed gives another piece from the same evidence."),
    )
    blocks: list[Child] = [commands]
    for title, content in (
        ("Files beside this page", _files(piece, audio_name)),
        ("Takes", _takes(piece.manifest.get("takes"))),
        ("Made with", _versions(piece)),
    ):
        if content is not None:
            blocks.append(el("div", el("h3", title), content))
    return el("div", blocks, class_="again")


def _files(piece: Piece, audio_name: str | None) -> Html | None:
    """Links to the manifest's files; without a list there, only to the sound."""
    listing = piece.manifest.get("files")
    names = (
        [str(name) for name in listing]
        if isinstance(listing, Mapping | Sequence) and not isinstance(listing, str | bytes)
        else []
    )
    if audio_name is not None and audio_name not in names:
        names.insert(0, audio_name)
    shown = [el("li", el("a", name, href=href(name))) for name in names[:_MOST_FILES] if name != "report.html"]
    if len(names) > _MOST_FILES:
        shown.append(el("li", f"and {len(names) - _MOST_FILES} more"))
    return el("ul", shown, class_="files") if shown else None


def _takes(rows: object) -> Html | None:
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes) or not rows:
        return None
    lines = []
    for place, row in enumerate(rows, 1):
        facts = (
            [f"{cue_name(str(key))} {_brief_value(value)}" for key, value in row.items()]
            if isinstance(row, Mapping)
            else [str(row)]
        )
        lines.append(el("li", f"Take {place}: ", ", ".join(facts)))
    return el("ul", lines, class_="notes")


def _versions(piece: Piece) -> Html | None:
    rows: list[Child] = []
    for name, version in _mapping(piece.manifest.get("versions")).items():
        rows += [el("dt", str(name)), el("dd", _brief_value(version))]
    if piece.scene is not None:
        rows += [el("dt", "picture SHA-256"), el("dd", el("code", piece.scene.picture.sha256))]
    return el("dl", rows, class_="versions") if rows else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _brief_value(value: object) -> str:
    text = number(value) if isinstance(value, float) else str(value)
    return text if len(text) <= 120 else text[:119] + "…"
