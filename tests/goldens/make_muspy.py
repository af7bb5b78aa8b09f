"""Makes muspy.json again: what MusPy 0.5.0 says of the scores in `tests.support.made_notes.survey_scores`.

    pip install muspy==0.5.0 && python -m tests.goldens.make_muspy

MusPy is no test dependency: its last release is of 2022. Notes are handed over a tick short, because it counts a beat as sounding
when a note ends exactly on it. Groove similarity over all pairs of bars is MusPy's groove consistency of two bars, the mean of all
pairs of bars that are cut out and put side by side.
"""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import muspy  # type: ignore[import-not-found]  # not installed: see above

from img2music.score import Score
from tests.support.made_notes import survey_scores

TICKS = 48
NAMES = ("scale_consistency", "pitch_entropy", "pitch_class_entropy", "empty_beat_rate")


def music_of(score: Score) -> muspy.Music:
    """The score for MusPy."""
    tracks = []
    for part in score.parts:
        notes = [
            muspy.Note(int(note.onset_quarters * TICKS), note.pitch, int(note.duration_quarters * TICKS) - 1, note.velocity)
            for note in part.notes
        ]
        tracks.append(muspy.Track(part.instrument.program, is_drum=part.instrument.kit, notes=notes))
    return muspy.Music(resolution=TICKS, tracks=tracks)


def groove(score: Score) -> float:
    """Mean groove consistency of every pair of bars, on the sixteen places a quarter note that img2music looks at."""
    bar = int(score.meter.bar_quarters * 16)
    onsets = [int(note.onset_quarters * 16) for part in score.parts for note in part.notes]
    marks = []
    for one, other in combinations(range(score.bars), 2):
        # The last place of the second bar is always filled, so that it has its length; it agrees with itself.
        notes = [
            muspy.Note(onset % bar + bar * (onset // bar == other), 60, 1) for onset in onsets if onset // bar in {one, other}
        ]
        padded = [muspy.Note(place * (bar + 1) + bar, 60, 0) for place in (0, 1)]
        shifted = [muspy.Note(note.time + (note.time >= bar), 60, 0) for note in notes]
        value = muspy.groove_consistency(muspy.Music(resolution=16, tracks=[muspy.Track(notes=shifted + padded)]), bar + 1)
        marks.append(1 - (1 - value) * (bar + 1) / bar)
    return float(sum(marks) / len(marks))


def main() -> None:
    found = {}
    for name, score in survey_scores().items():
        music = music_of(score)
        found[name] = {metric: round(float(getattr(muspy, metric)(music)), 12) for metric in NAMES}
        found[name]["groove_similarity"] = round(groove(score), 12)
    content = {"program": f"muspy {muspy.__version__}", "script": "tests/goldens/make_muspy.py", "found": found}
    Path(__file__).with_name("muspy.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
