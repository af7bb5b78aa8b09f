"""A piece as a notebook shows it: what it is, its picture, a player, the first page of its score.

One fragment of HTML without script, style sheet or address: everything is in `data:` addresses, so it can be stored in a notebook and
mailed. Its size is bounded: a small picture, the sound as MP3 and only its beginning where it is long, one page.
"""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.report.course import key_course, meter_course, tempo_course
from img2music.report.page.html import Html, data_svg, el
from img2music.report.page.takes_table import kept_lines
from img2music.report.text_format import format_clock

if TYPE_CHECKING:
    from img2music.piece import Piece
    from img2music.report.page.html import Child

__all__ = ["LARGEST_PICTURE", "LONGEST_SECONDS", "card_html"]

LARGEST_PICTURE = 640
"""Pixels of the picture's longer side."""
LONGEST_SECONDS = 120.0
"""Of sound; more is faded out here and whole in the saved files."""
_FADE_SECONDS = 2.0
_LARGEST_PAGE = 2_000_000
"""Characters of a page of the score; an orchestra's may be more, and is left to the saved files."""

_BOX = "max-width:860px;font-family:system-ui,sans-serif;line-height:1.4"
_SOFT = "margin:.1em 0;opacity:.75;font-size:.9em"
_PICTURE = "display:block;max-width:100%;max-height:420px;margin:.6em 0;border-radius:6px"
_SCORE = (
    "display:block;width:100%;max-width:840px;background:#fff;margin:.6em 0;padding:8px;box-sizing:border-box;border-radius:6px"
)


def card_html(piece: Piece, *, pages: tuple[str, ...]) -> Html:
    """The card of `piece`, at most about 6 MB and mostly much less.

    Args:
        piece: what is shown; without sound it has no player, without a preview no picture.
        pages: its engraved pages as SVG, of which the first is shown.
    """
    plan = piece.plan
    players = ", ".join(dict.fromkeys(part.instrument for part in plan.parts))
    tempo = tempo_course(plan, " bpm", "{:.4g}".format)
    course = f"{key_course(plan)} · {meter_course(plan)} · {tempo}"
    facts = f"{plan.style} · {course} · {format_clock(plan.seconds)} · seed {plan.seed}"
    kept = piece.manifest.kept
    return el(
        "div",
        el("p", plan.title, style="margin:.2em 0;font-size:1.35em;font-weight:600"),
        el("p", facts, style=_SOFT),
        el("p", players, style=_SOFT),
        [el("p", line, style=_SOFT) for line in kept_lines(kept, plan.seed)] if kept else None,
        _picture(piece),
        _player(piece),
        _score(plan.title, pages),
        style=_BOX,
    )


def _picture(piece: Piece) -> Child:
    if piece.preview_jpeg is None:
        return None
    name = "the picture" if piece.scene is None else piece.scene.picture.file
    return el("img", src=_data("image/jpeg", _shrunk(piece.preview_jpeg)), alt=f"The picture: {name}", style=_PICTURE)


def _shrunk(jpeg: bytes) -> bytes:
    """The same picture, its longer side at most `LARGEST_PICTURE` pixels."""
    from PIL import Image

    with Image.open(BytesIO(jpeg)) as image:
        if max(image.size) <= LARGEST_PICTURE:
            return jpeg
        image.thumbnail((LARGEST_PICTURE, LARGEST_PICTURE), Image.Resampling.LANCZOS)
        buffer = BytesIO()
        image.save(buffer, "JPEG", quality=84, optimize=True)
    return buffer.getvalue()


def _player(piece: Piece) -> Child:
    from img2music.io.audio_files import encode

    audio = piece.audio
    if audio is None:
        return el("p", 'No sound was made; compose with audio="mp3" to hear it.', style=_SOFT)
    said = None
    if audio.seconds > LONGEST_SECONDS:
        said = el(
            "p",
            f"The first {format_clock(LONGEST_SECONDS)} of {format_clock(audio.seconds)}; save() writes all of it.",
            style=_SOFT,
        )
        audio = _beginning(audio)
    player = el(
        "audio",
        controls=True,
        preload="metadata",
        src=_data("audio/mpeg", encode(audio, "mp3")),
        style="width:100%;max-width:640px",
    )
    return [player, said]


def _beginning(audio: Audio) -> Audio:
    """The first `LONGEST_SECONDS`, faded out."""
    samples = audio.samples[:, : round(LONGEST_SECONDS * audio.sample_rate)].copy()
    fade = round(_FADE_SECONDS * audio.sample_rate)
    samples[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return Audio(samples, audio.sample_rate)


def _score(title: str, pages: tuple[str, ...]) -> Child:
    if not pages:
        return None
    if len(pages[0]) > _LARGEST_PAGE:
        return el("p", "The first page of the score is too large for here; save() writes it.", style=_SOFT)
    more = el("p", f"Page 1 of {len(pages)}.", style=_SOFT) if len(pages) > 1 else None
    return [el("img", src=data_svg(pages[0]), alt=f"The score of {title}, page 1", style=_SCORE), more]


def _data(kind: str, content: bytes) -> Html:
    return Html(f"data:{kind};base64,{b64encode(content).decode('ascii')}")
