"""The verb `hear`: what ears find in a sound file, whoever made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.console import print_json, print_notice, print_text, progress
from img2music.cli.shared.many_inputs import for_each_input

if TYPE_CHECKING:
    from img2music.listening.heard_music import Estimate, HeardMusic

__all__ = ["hear"]

_SHOWN_TAGS = 5
_SHORT_SECONDS = 2.0
"""Shorter sounds have too few beats to hear a tempo in."""


def hear(
    sounds: Annotated[list[str], typer.Argument(metavar="SOUND", help="WAV, FLAC, Ogg or MP3 files, up to half an hour each.")],
    plain: Annotated[bool, typer.Option("--plain", help="Leave the trained ears out.")] = False,
    as_json: opt.JsonOption = False,
) -> int:
    """Say what is heard in a sound file: length, loudness, tempo, metre, key and what listeners would call it. Each with how sure that is."""
    from img2music.io.sound_files import read_sound
    from img2music.listening.features.spectra import LONGEST_SECONDS
    from img2music.listening.listen import hear as listen
    from img2music.registry.extras import EXTRAS, has_extra

    def work(_: int, source: str) -> None:
        with progress(source):
            heard = listen(read_sound(source, note=print_notice), learned=False if plain else None)
        if heard.seconds > LONGEST_SECONDS:
            print_notice(f"{source}: tempo, metre, key and tags are those of the first {LONGEST_SECONDS:g} s")
        if as_json:
            print_json({"sound": source, **_record(heard)})
        else:
            _print_heard(source, heard)

    code = for_each_input(sounds, work, as_json=as_json, what="sound")
    if not (as_json or plain or has_extra("listen")):
        print_text(f"Beats were heard without the trained ear: {EXTRAS['listen'].pip_line}")
    return code


def _print_heard(source: str, heard: HeardMusic) -> None:
    levels = (
        "silence" if heard.loudness_lufs is None else f"{heard.loudness_lufs:.1f} LUFS",
        "" if heard.true_peak_dbtp is None else f"true peak {heard.true_peak_dbtp:.1f} dBTP",
    )
    minutes, seconds = divmod(round(heard.seconds), 60)
    length = f"{max(heard.seconds, 0.01):.2f} s" if heard.seconds < _SHORT_SECONDS else f"{minutes}:{seconds:02}"
    print_text(f"{source}: {length}, {', '.join(filter(None, levels))}")
    if heard.seconds < _SHORT_SECONDS:
        print_text(f"  too short to hear more: give at least {_SHORT_SECONDS:g} s")
        return
    bpm, beats, key = heard.tempo_bpm, heard.beats_per_bar, heard.key
    for what, value, estimate in (
        ("tempo", "" if bpm.value is None else f"{bpm.value:.1f} beats a minute", bpm),
        ("metre", "" if beats.value is None else f"{beats.value} beats a bar", beats),
        ("key", "" if key.value is None else key.value.name, key),
    ):
        print_text(f"  {what:6} {_line(value, estimate)}")
    if heard.tags:
        print_text(f"  tags   {', '.join(f'{name} {weight:.2f}' for name, weight in heard.tags[:_SHOWN_TAGS])}   MusiCNN")


def _line(value: str, estimate: Estimate[Any]) -> str:
    if not value:
        return "not heard"
    return f"{value:22} {estimate.confidence:4.0%} sure   {', '.join(estimate.by)}"


def _record(heard: HeardMusic) -> dict[str, Any]:
    """The same for programs; what is not known is null."""

    def estimate(found: Estimate[Any], value: object) -> dict[str, Any]:
        return {"value": value, "confidence": round(found.confidence, 3), "by": list(found.by)}

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 2)

    return {
        "seconds": round(heard.seconds, 3),
        "loudness_lufs": rounded(heard.loudness_lufs),
        "true_peak_dbtp": rounded(heard.true_peak_dbtp),
        "tempo_bpm": estimate(heard.tempo_bpm, rounded(heard.tempo_bpm.value)),
        "beats_per_bar": estimate(heard.beats_per_bar, heard.beats_per_bar.value),
        "key": estimate(heard.key, None if heard.key.value is None else heard.key.value.name),
        "beats_seconds": [round(beat, 3) for beat in heard.beats_seconds],
        "downbeats_seconds": [round(beat, 3) for beat in heard.downbeats_seconds],
        "tags": {name: round(weight, 4) for name, weight in heard.tags},
    }
