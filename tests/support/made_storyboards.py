"""Storyboards made by hand, for tests of everything that has time."""

from __future__ import annotations

from img2music.storyboard import Curve, HitPoint, MediaInfo, Shot, Storyboard
from tests.support.made_scenes import make_scene

CLIP = MediaInfo(
    kind="clip",
    file="street.mp4",
    sha256="1" * 64,
    size_bytes=1_234_567,
    width=1920,
    height=1080,
    frames_per_second=24000 / 1001,
    format="H.264 in MP4",
    notes=("turned by 90 degrees",),
)


def make_storyboard() -> Storyboard:
    """A clip of 12.5 s: three shots, two curves, and hit points of every kind."""
    scenes = (make_scene(), make_scene(lightness=0.1, mode="minor", line=2), make_scene(tempo_bpm=132, line=3))
    return Storyboard(
        source=CLIP,
        seconds=12.5,
        shots=tuple(
            Shot(start=start, end=end, scene=scene)
            for start, end, scene in zip((0, 4, 9.25), (4, 9.25, 12.5), scenes, strict=True)
        ),
        curves=(
            Curve(name="motion", unit="0..1", times=(0, 0.5, 4, 12.5), values=(0, 1, 0.25, 0.75)),
            Curve(name="loudness", unit="dB", times=(1, 2), values=(-60, -12)),
        ),
        hits=(
            HitPoint(at_seconds=0.5, kind="impact", strength=0.9, because=("motion",)),
            HitPoint(at_seconds=4, kind="cut", strength=0.6, because=("lightness", "colour_1")),
            HitPoint(at_seconds=4, kind="beat", strength=0.3),
            HitPoint(at_seconds=9.25, kind="cut", strength=0.4),
            HitPoint(at_seconds=12.5, kind="marker", strength=1),
        ),
    )
