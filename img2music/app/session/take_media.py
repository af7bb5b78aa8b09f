"""Sound as a page plays it: encoded files of a mix and its stems, and peaks for the drawing of a wave.

FLAC up to two minutes, Ogg Vorbis beyond. Every browser in use plays FLAC, iPhones included, where Vorbis is played by Safari 18.4 and later only;
both hold exactly the frames they are given, so loops have no seam, which MP3 can't. What encoding 30 s of stereo costs one core: FLAC .1 s
and 3 MB, Vorbis .4 s and .5 MB, MP3 1.5 s and .6 MB (libsndfile 1.2). So the first sound is FLAC, and only long pieces, whose FLAC would be
heavy, take the slower way. Knows nothing of visits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.io.audio_files import encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from img2music.audio import Audio
    from img2music.manifest import AudioFormat
    from img2music.plan import CompositionPlan

__all__ = ["MIME_TYPES", "PEAKS", "encode_mix", "encode_stems", "page_format", "wave_peaks"]

MIME_TYPES: dict[str, str] = {"flac": "audio/flac", "ogg": "audio/ogg"}
PEAKS = 800
"""Of a drawing: about one a pixel of a phone held upright, two pixels of a desk."""
_LONGEST_FLAC_SECONDS = 120.0


def page_format(seconds: float) -> AudioFormat:
    """The format in which a page gets sound of that length."""
    return "flac" if seconds <= _LONGEST_FLAC_SECONDS else "ogg"


def encode_mix(mix: Audio, plan: CompositionPlan) -> bytes:
    """The content of the file of a mix."""
    from img2music.pipeline.export import tags_of

    return encode(mix, page_format(mix.seconds), tags=tags_of(plan), loop=plan.loop)


def encode_stems(stems: Mapping[str, Audio], plan: CompositionPlan) -> Iterator[tuple[str, bytes]]:
    """Each part's sound as (name of the file, content), in the order of the score, one at a time."""
    from img2music.pipeline.export import stem_files, tags_of

    seconds = max((stem.seconds for stem in stems.values()), default=0.0)
    for name, content in stem_files(stems, page_format(seconds), tags=tags_of(plan), loop=plan.loop):
        checkpoint()
        yield name, content


def wave_peaks(audio: Audio, count: int = PEAKS) -> tuple[float, ...]:
    """The highest absolute sample of each of `count` equal stretches, 0..1; fewer where there are fewer frames."""
    frames = audio.samples.shape[1]
    count = min(count, frames)
    if not count:
        return ()
    borders = np.linspace(0, frames, count + 1).astype(np.intp)[:-1]
    highest = np.maximum.reduceat(audio.samples, borders, axis=1).max(axis=0)
    lowest = np.minimum.reduceat(audio.samples, borders, axis=1).min(axis=0)
    found = np.clip(np.maximum(highest, -lowest), 0.0, 1.0)
    return tuple(round(float(peak), 4) for peak in found)
