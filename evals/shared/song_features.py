"""Ten numbers of a piece, and ten of a tune alone, by which batches of music are compared.

Of a piece: notes as rows of onset, length and pitch, drums left out; the unit of time is what the rows bring (seconds of a MIDI
file, quarter notes of a grid). Definitions as usual in the field: onsets within 10 ms are one; the key is the best of the 24
Krumhansl & Kessler (1982) profiles on a histogram weighed by length (at most four units a note), its clarity the correlation;
dissonant pairs are the share of seconds, sevenths and tritones (interval classes 1, 2, 6) among notes that sound together at up
to 200 onsets. None of them says whether music is good.
"""

from __future__ import annotations

import io
from math import log2
from typing import TYPE_CHECKING

import mido
import numpy as np

from img2music.metrics.symbolic.melody_metrics import tune_values
from img2music.theory.key_finding import profile_correlation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.metrics.symbolic.melody_view import MelodyView

    Numbers = NDArray[np.float64]

__all__ = ["midi_notes", "piece_features", "tune_features"]

_TOGETHER = 0.01
_LONGEST = 4.0
_MOMENTS = 200
_ROUGH = (1, 2, 6)
_DRUMS, _PEDAL = 9, 64


def midi_notes(content: bytes) -> Numbers:
    """Onset and sounding length in seconds and pitch of every note of a MIDI file that is not a drum's.

    A pedal that is down (controller 64) lets a note sound on until it comes up or the key is struck again.
    """
    sounding: dict[tuple[int, int], float] = {}
    let_go: set[tuple[int, int]] = set()
    pedals: set[int] = set()
    rows, now = [], 0.0

    def end(key: tuple[int, int]) -> None:
        let_go.discard(key)
        begin = sounding.pop(key, now)
        if now > begin:
            rows.append((begin, now - begin, float(key[1])))

    for message in mido.MidiFile(file=io.BytesIO(content)):
        now += message.time
        if message.type == "control_change" and message.control == _PEDAL:
            if message.value >= 64:
                pedals.add(message.channel)
            else:
                pedals.discard(message.channel)
                for key in sorted(key for key in let_go if key[0] == message.channel):
                    end(key)
        elif message.type in {"note_on", "note_off"} and message.channel != _DRUMS:
            key = (message.channel, message.note)
            if message.type == "note_on" and message.velocity:
                end(key)
                sounding[key] = now
            elif message.channel in pedals:
                let_go.add(key)
            else:
                end(key)
    for key in sorted(let_go):
        end(key)
    return np.array(sorted(rows)).reshape(-1, 3)


def piece_features(notes: Numbers) -> dict[str, float] | None:
    """Ten numbers of a piece; None for fewer than 16 notes."""
    if len(notes) < 16:
        return None
    onsets, lengths, pitches = notes.T
    first = np.concatenate([[True], np.diff(onsets) > _TOGETHER])
    starts = onsets[first]
    top = np.array([pitches[group].max() for group in np.split(np.arange(len(onsets)), np.flatnonzero(first)[1:])])
    gaps = np.diff(starts)
    duration = float((onsets + lengths).max() - onsets.min())
    histogram = np.bincount(pitches.astype(int) % 12, np.minimum(lengths, _LONGEST), minlength=12).astype(float)
    shares = histogram / histogram.sum()
    return {
        "onsets": len(starts) / duration,
        "inter-onset variation": float(gaps.std() / gaps.mean()),
        "note length": float(np.median(lengths)),
        "polyphony": float(lengths.sum()) / duration,
        "pitch mean": float(pitches.mean()),
        "pitch spread": float(pitches.std()),
        "top-line step": float(np.abs(np.diff(top)).mean()),
        "key clarity": _clarity(histogram),
        "pitch-class entropy": -sum(float(share) * log2(share) for share in shares if share > 0),
        "dissonant pairs": _dissonance(onsets, lengths, pitches, starts),
    }


def _clarity(histogram: Numbers) -> float:
    return max(
        profile_correlation(tuple(histogram), tonic, is_minor=is_minor) for tonic in range(12) for is_minor in (False, True)
    )


def _dissonance(onsets: Numbers, lengths: Numbers, pitches: Numbers, starts: Numbers) -> float:
    rough = pairs = 0
    for moment in starts[:: max(1, len(starts) // _MOMENTS)]:
        sounding = np.unique(pitches[(onsets <= moment + _TOGETHER) & (onsets + lengths > moment + _TOGETHER)])
        classes = np.abs(sounding[:, None] - sounding[None, :])[np.triu_indices(len(sounding), 1)] % 12
        classes = np.minimum(classes, 12 - classes)
        rough += int(np.isin(classes, _ROUGH).sum())
        pairs += len(classes)
    return rough / pairs if pairs else 0.0


def tune_features(tune: MelodyView) -> dict[str, float] | None:
    """Ten numbers of a tune, times in quarter notes; None where it is too short to say."""
    values = tune_values(tune)
    waits = np.array([wait / tune.unit for _, wait in tune.moves])
    pitches = np.array([tone.pitch for tone in tune.tones], dtype=float)
    wanted = ("compass", "interval size", "steps", "held pitch", "rhythm entropy", "tune pitch-class entropy")
    numbers = {name: value for name in wanted if (value := values[name]) is not None}
    if len(numbers) < len(wanted):
        return None
    return {
        "onsets": len(waits) / float(waits.sum()),
        "inter-onset variation": float(waits.std() / waits.mean()),
        "pitch mean": float(pitches.mean()),
        "pitch spread": float(pitches.std()),
        **numbers,
    }
