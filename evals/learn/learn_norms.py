"""Makes `img2music/assets/statistics/bands.json`: where the melodies of people lie, for each measurement of a tune.

    python -m evals.learn.learn_norms OPENEWLD POP909 [--check]

OPENEWLD and POP909 are the corpora's folders (see `evals.corpora.openewld`, `evals.corpora.pop909`); neither is part of this project. Every
song is measured by the same functions as a piece of img2music. Kept are percentiles only: of each corpus, and of both together,
every corpus weighing the same. `--check` compares with the file that is there instead of writing.
"""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from evals.corpora import openewld, pop909
from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import OPENEWLD, POP909
from evals.shared.paths import ASSETS
from img2music.metrics.symbolic.form_similarity import section_likenesses
from img2music.metrics.symbolic.melody_metrics import tune_values
from img2music.metrics.symbolic.melody_view import MelodyNote, MelodyView, SectionSpan, TimedChord
from img2music.metrics.symbolic.motif_recurrence import opening_shape, recurrence
from img2music.theory import METERS, Meter
from img2music.theory.meter_map import MeterMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.corpora.song import Song

OUT = ASSETS / "statistics" / "bands.json"
PERCENTILES = (10, 50, 90)


def tune_of_song(song: Song) -> MelodyView | None:
    """A song as the metrics see it; None in a metre they don't know, or where bars are of different lengths."""
    if song.meter not in METERS:
        return None
    meter = Meter.parse(song.meter)
    starts = [*song.bars, song.end]
    lengths = [after - before for before, after in pairwise(starts)]
    upbeat = lengths[0] if lengths and lengths[0] < meter.bar_quarters else Fraction(0)
    if any(length != meter.bar_quarters for length in lengths[1:-1]):
        return None
    phrases = tuple(begin - upbeat for begin in song.phrases)
    sections = tuple(
        SectionSpan(letter, begin, end)
        for letter, begin, end in zip(song.letters, phrases, [*phrases[1:], song.end - upbeat], strict=False)
    )
    return MelodyView(
        tuple(MelodyNote(note.onset - upbeat, note.end - upbeat, note.pitch) for note in song.notes),
        MeterMap.constant(meter),
        tuple(TimedChord(chord.onset - upbeat, frozenset(chord.pitch_classes)) for chord in song.chords),
        phrases,
        sections,
    )


def measure(tune: MelodyView) -> dict[str, float | None]:
    """Every measurement of a tune that has a band."""
    alike, unlike = section_likenesses(tune)
    return tune_values(tune) | {
        "motif recurrence": recurrence(tune, opening_shape(tune)),
        "likeness of one letter": sum(alike) / len(alike) if alike else None,
        "likeness of different letters": sum(unlike) / len(unlike) if unlike else None,
    }


def percentile(values: Sequence[tuple[float, float]], share: float) -> float:
    """The smallest value that has at least `share` of all weight at or below it; `values` hold value and weight."""
    ordered = sorted(values)
    wanted, weight = share * sum(one for _, one in ordered), 0.0
    for value, one in ordered:
        weight += one
        if weight >= wanted - 1e-9:
            return round(value, 4)
    raise ValueError("no values")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("openewld", OPENEWLD)
    parser.add_data("pop909", POP909)
    parser.add_argument("--check", action="store_true", help="compare with the file that is there, write nothing")
    options = parser.parse_args(arguments)
    readers = {"openewld": openewld.read(options.openewld), "pop909": pop909.read(options.pop909)}
    tunes = {name: [tune for song in songs if (tune := tune_of_song(song))] for name, songs in readers.items()}
    values = {name: [measure(tune) for tune in some] for name, some in tunes.items()}
    bands: dict[str, dict[str, dict[str, float]]] = {}
    for measurement in values["pop909"][0]:
        rows: dict[str, list[tuple[float, float]]] = {}
        for corpus, songs in values.items():
            known = [value for song in songs if (value := song[measurement]) is not None]
            if len(known) >= len(songs) / 2:
                rows[corpus] = [(value, 1 / len(known)) for value in known]
        rows["both"] = [pair for some in list(rows.values()) for pair in some]
        bands[measurement] = {
            corpus: {f"p{percent}": percentile(some, percent / 100) for percent in PERCENTILES} for corpus, some in rows.items()
        }
    content = {
        "what": "percentiles of measurements of people's melodies; `both` weighs the corpora alike",
        "script": "evals/learn/learn_norms.py",
        "sets": [
            {
                "name": "OpenEWLD", "licence": "MIT; songs said to be in the public domain", "songs": len(tunes["openewld"]),
                "citation": "F. Simonetta, Enhanced Wikifonia Leadsheet Dataset, 2018",
            },
            {
                "name": "POP909", "licence": "MIT; statistics only, the songs are commercial", "songs": len(tunes["pop909"]),
                "citation": "Z. Wang et al., ISMIR 2020; phrases by S. Dai, H. Zhang & R. B. Dannenberg, 2020",
            },
        ],
        "bands": bands,
    }  # fmt: skip
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    if options.check:
        print("the same" if OUT.read_text(encoding="utf-8") == text else "different")
        return
    OUT.write_text(text, encoding="utf-8")
    for measurement, row in bands.items():
        print(
            f"{measurement:32}"
            + "  ".join(f"{corpus} " + " ".join(f"{value:.3f}" for value in row[corpus].values()) for corpus in row)
        )


if __name__ == "__main__":
    main()
