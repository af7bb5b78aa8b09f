"""What the player draws and plays: a piece as JSON-able data, and a sound's outline.

The player is `assets/player/player.js`; the report and the demo page give it the same data. Texts of it may come from anywhere (names of
parts and sections): the player sets them as text, never as HTML. The pages come without their style sheets, because a page with a strict
content security policy refuses them; `assets/player/player.css` says the same.

Conventions: seconds from the start of the sound, to a millisecond; a part is its index in ``parts``; pitches are MIDI numbers;
bars and pages count from 0; levels in dB.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from img2music.cancellation import checkpoint
from img2music.io.engraving.piano_roll import PART_COLOURS
from img2music.io.notation.percussion_map import drum
from img2music.report.text_format import with_accidentals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from img2music.audio import Audio
    from img2music.io.engraving.score_following import ScoreFollowing
    from img2music.performance import Performance
    from img2music.piece import Piece
    from img2music.score import Score

__all__ = ["PEAKS", "music_data", "sound_peaks"]

PEAKS = 600
"""Columns of a waveform: more than most screens show."""
_STYLE = re.compile(r"<style[^>]*>.*?</style>", re.DOTALL)


def music_data(
    piece: Piece,
    following: ScoreFollowing | None,
    *,
    audio_url: str | None = None,
    stems: Mapping[str, str] | None = None,
    stem_level_db: float = 0.0,
    peaks: Sequence[float] = (),
) -> dict[str, Any]:
    """The data of the player, ready for `json.dumps`.

    Args:
        piece: what is played.
        following: its engraved pages (`follow_score`); None where there are none.
        audio_url: where the browser finds the mix: a relative URL, a path, or a ``data:`` URL. None plays no sound: the score still runs.
        stems: where it finds each part's sound, by the names of `Piece.stems`, in the order of the parts; all parts or none.
        stem_level_db: what the player adds to the stems so that together they are as loud as the mix: 0 for those of `mastered_stems`.
        peaks: outline of the mix, 0..1 (`sound_peaks`).

    Returns:
        ``title``, ``seconds``, ``loop`` (whether the end leads back into the beginning), ``audio`` (URL or None),
        ``stems`` [{part, name, url, level_db}], ``pages`` [SVG], ``notes`` [[SVG id, part, on, off, page]], ``bars`` [[SVG id, bar, seconds,
        page]], ``roll`` [[part, pitch, on, off, velocity]], ``parts`` [{id, name, colour, drums, names: {pitch: name}}], ``sections``
        [{name, role, from, to, energy, first_bar, bars}], ``chords`` [[seconds, symbol, numeral]], ``peaks`` [0..1].

    Raises:
        ValueError: stems of some parts only.
    """
    performance, score = piece.performance, piece.score
    urls = dict(stems or {})
    if urls and len(urls) != len(performance.parts):
        raise ValueError(f"{len(urls)} stems of {len(performance.parts)} parts; give the player all of them, or none")
    return {
        "title": piece.plan.title,
        "seconds": _short(performance.seconds),
        "loop": performance.loop,
        "audio": audio_url,
        "stems": [
            {"part": part, "name": name, "url": url, "level_db": round(stem_level_db, 2)}
            for part, (name, url) in enumerate(urls.items())
        ],
        "pages": [] if following is None else [_STYLE.sub("", page) for page in following.pages],
        "notes": []
        if following is None
        else [[one.id, one.part, _short(one.onset_seconds), _short(one.end_seconds), one.page] for one in following.notes],
        "bars": _bars(score, performance, following),
        "roll": list(_roll(performance)),
        "parts": [
            {
                "id": part.id,
                "name": part.name,
                "colour": PART_COLOURS[index % len(PART_COLOURS)],
                "drums": part.is_drums,
                "names": _names(score, performance, index),
            }
            for index, part in enumerate(performance.parts)
        ],
        "sections": list(_sections(piece)),
        "chords": [
            [
                _short(performance.tempo_map.seconds_at(chord.onset_quarters)),
                with_accidentals(chord.symbol),
                with_accidentals(chord.numeral),
            ]
            for chord in score.chords
        ],
        "peaks": [round(float(peak), 3) for peak in peaks],
    }


def sound_peaks(audio: Audio, count: int = PEAKS) -> list[float]:
    """The outline of a sound: the highest absolute sample of each of `count` equal stretches, 0..1 with the loudest at 1.

    Silence is 0 throughout; a sound of fewer frames than `count` has a value a frame.
    """
    frames = audio.samples.shape[1]
    count = max(1, min(count, frames))
    borders = np.linspace(0, frames, count + 1).astype(np.int64)
    highest = []
    for begin, end in pairwise(borders.tolist()):
        checkpoint()
        piece = audio.samples[:, begin:end]
        highest.append(max(float(piece.max(initial=0.0)), -float(piece.min(initial=0.0))))
    top = max(highest)
    return [round(min(1.0, peak / top), 3) if top > 0 else 0.0 for peak in highest]


def _short(seconds: float) -> float:
    return round(float(seconds), 3)


def _bars(score: Score, performance: Performance, following: ScoreFollowing | None) -> list[list[Any]]:
    """Of every bar; without pages the ids are empty."""
    if following is not None:
        return [[one.id, one.bar, _short(one.onset_seconds), one.page] for one in following.bars]
    onsets = (performance.tempo_map.seconds_at(score.meter_map.bar_onset(bar)) for bar in range(score.bars))
    return [["", bar, _short(onset), 0] for bar, onset in enumerate(onsets)]


def _roll(performance: Performance) -> Iterator[list[float]]:
    """Every note that is played, by onset."""
    notes = []
    for index, part in enumerate(performance.parts):
        for note in part.notes:
            checkpoint()
            on, off = performance.seconds_at(note.onset_ticks), performance.seconds_at(note.onset_ticks + note.duration_ticks)
            notes.append([index, note.pitch, _short(on), _short(off), note.velocity])
    yield from sorted(notes, key=lambda one: (one[2], one[0], one[1]))


def _names(score: Score, performance: Performance, index: int) -> dict[str, str]:
    """What each pitch of a part is called: a drum's name, or the spelling that the page has most often."""
    part = performance.parts[index]
    pitches = sorted({note.pitch for note in part.notes})
    if part.is_drums:
        return {str(pitch): drum(pitch).name for pitch in pitches}
    spelled: dict[int, Counter[str]] = {}
    for written in score.parts:
        if not written.instrument.kit:
            for note in written.notes:
                spelled.setdefault(note.pitch, Counter())[note.spelling.name] += 1 + 1000 * (written.id == part.id)
    # An accidental is the second letter, so that the note B stays one.
    names = {pitch: max(found.items(), key=lambda item: (item[1], item[0]))[0] for pitch, found in spelled.items()}
    return {str(pitch): name[0] + with_accidentals(name[1:]) for pitch, name in names.items() if pitch in set(pitches)}


def _sections(piece: Piece) -> Iterator[dict[str, Any]]:
    """The form in seconds; the last section rings out to the end of the sound."""
    plan, performance = piece.plan, piece.performance
    starts = [performance.tempo_map.seconds_at(performance.meter_map.bar_onset(bar)) for bar in plan.first_bars]
    ends = [*starts[1:], max(performance.seconds, starts[-1])]
    for section, first, begin, end in zip(plan.sections, plan.first_bars, starts, ends, strict=True):
        yield {
            "name": section.name,
            "role": section.role,
            "from": _short(begin),
            "to": _short(end),
            "energy": round(sum(section.bar_energies) / section.bars, 3),
            "first_bar": first,
            "bars": section.bars,
        }
