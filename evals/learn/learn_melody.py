"""Learns how people sing over chords and writes `img2music/assets/statistics/melody.json` and `runs.bin`.

    python -m evals.learn.learn_melody OPENEWLD POP909

What is counted, in the training half of the songs only (`evals.corpora.song.in_training_half`; the other half judges, see
`evals.studies.music.melody_human`):

- **steps**: the step to a note in letters (-7..7), given the step before it and whether the two notes belong to their chords;
- **roles**: what a note is to its chord (root, third, fifth, other member, stranger) by metrical weight and length;
- **finals**: the scale degree of the last note before a breath, by whether its chord is the tonic's;
- **rhythms**: how a bar is filled, in sixteenths ("0-4 4-2 6-2": a quarter and two eighths; ``~`` first: the note before rings into
  the bar), by where the bar stands (first after a breath, between, before a breath), and which bar follows which.

OpenEWLD gives the rhythms called "song" and POP909 those called "pop"; steps, roles and finals come from both. Sounds of less than
half a beat's gap are joined to the next note: the singers' transcribers wrote consonants as rests. `runs.bin` holds the hash of every
run of eight notes of all songs, both halves (see `img2music.realizers.melody.originality`): it says what not to write.
Counts are kept raw; the reader smooths them. Prints what it found.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from evals.corpora import openewld, pop909
from evals.corpora.song import in_training_half
from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import OPENEWLD, POP909
from evals.shared.paths import ASSETS
from img2music.errors import UsageError
from img2music.realizers.melody.originality import pack_hashes, run_hashes
from img2music.theory import Meter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.corpora.song import Song, SongChord, SongNote

_STATISTICS = ASSETS / "statistics"
_LETTER = (0, 0, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
"""The letter of each semitone above the tonic: chromatic notes count as the letter they are usually written with."""
_MOST_RHYTHMS, _MOST_PAIRS = 260, 1600
_CITATION = (
    "OpenEWLD (F. Simonetta 2018, MIT) and POP909 (Wang et al., ISMIR 2020; structure labels Dai, Zhang & Dannenberg 2020; MIT): "
    "counts over the training half only"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Counts, writes both files, prints a summary."""
    parser = ScriptParser(__doc__)
    parser.add_data("openewld", OPENEWLD)
    parser.add_data("pop909", POP909)
    options = parser.parse_args(arguments)
    songs = [*openewld.read(options.openewld), *pop909.read(options.pop909)]
    train = [song for song in songs if in_training_half(song)]
    steps: Counter[str] = Counter()
    roles: Counter[str] = Counter()
    finals: Counter[str] = Counter()
    bars: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    pairs: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for song in train:
        try:
            meter = Meter.parse(song.meter)
        except UsageError:
            continue
        count_pitches(song, meter, steps, roles, finals)
        name = f"{'song' if song.corpus == 'openewld' else 'pop'} {meter.name}"
        rows = bar_rhythms(song, meter)
        bars[name].update(row for row in rows if row is not None)
        pairs[name].update((one[0], other[0]) for one, other in pairwise(rows) if one and other)
    table: dict[str, Any] = {
        "about": {
            "license": "MIT (both sets); statistics only",
            "script": "evals/learn/learn_melody.py",
            "sets": _CITATION,
            "songs": len(train),
        },
        "finals": dict(finals),
        "rhythms": {name: vocabulary(bars[name], pairs[name]) for name in sorted(bars) if sum(bars[name].values()) > 100},
        "roles": dict(roles),
        "steps": dict(steps),
    }
    text = json.dumps(table, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    (_STATISTICS / "melody.json").write_text(text.replace('],"', '],\n"').replace('},"', '},\n"') + "\n", encoding="utf-8")
    hashes = {value for song in songs for value in run_hashes([(note.onset, note.pitch) for note in song.notes])}
    (_STATISTICS / "runs.bin").write_bytes(pack_hashes(hashes))
    print(f"{len(train)} of {len(songs)} songs, {sum(steps.values())} steps, {len(hashes)} runs of eight notes")
    for name, rhythms in table["rhythms"].items():
        print(
            f"{name:10} {sum(bars[name].values()):6} bars, {len(rhythms['bars']):4} rhythms kept, {len(rhythms['pairs']):5} pairs"
        )


def count_pitches(song: Song, meter: Meter, steps: Counter[str], roles: Counter[str], finals: Counter[str]) -> None:
    """Adds one song's steps, roles and finals."""
    places = iter(song.chords)
    coming: SongChord | None = next(places, None)
    chord: SongChord | None = None
    starts, bar = [*song.bars, song.end], 0
    offset = meter.bar_quarters - (starts[1] - starts[0]) if len(starts) > 2 else Fraction(0)
    before: str = "*"
    last: tuple[int, bool] | None = None
    breath = breaths(song, meter)
    for number, note in enumerate(song.notes):
        while coming is not None and coming.onset <= note.onset:
            chord, coming = coming, next(places, None)
        while starts[bar + 1] <= note.onset and bar + 2 < len(starts):
            bar += 1
        if chord is None:
            continue
        place = note.onset - starts[bar] + (offset if bar == 0 else 0)
        above = (note.pitch - song.tonic) % 12
        degree = (note.pitch - song.tonic) // 12 * 7 + _LETTER[above]
        is_member = note.pitch % 12 in chord.pitch_classes
        role = min(3, chord.pitch_classes.index(note.pitch % 12)) if is_member else 4
        length = 0 if note.duration < 1 else 1 if note.duration < 2 else 2
        roles[f"{meter.weight(place)} {length} {role}"] += 1
        if last is not None:
            step = max(-7, min(7, degree - last[0]))
            steps[f"{before} {int(last[1])} {int(is_member)} {step}"] += 1
            before = str(max(-4, min(4, step)))
        last = (degree, is_member)
        if number in breath:
            finals[f"{int(chord.root == song.tonic)} {_LETTER[above]}"] += 1
            before = "*"
            last = None


def breaths(song: Song, meter: Meter) -> set[int]:
    """Numbers of the notes after which a singer breathes: the next begins half a bar and twice the usual time later."""
    gaps = [float(after.onset - note.onset) for note, after in pairwise(song.notes)]
    least = max(float(meter.bar_quarters) / 2, 2 * median(gaps))
    return {number for number, gap in enumerate(gaps) if gap >= least} | {len(song.notes) - 1}


def bar_rhythms(song: Song, meter: Meter) -> list[tuple[str, str] | None]:
    """The rhythm of each whole bar and where it stands: "first", "middle" or "last"; None for bars off the grid or empty."""
    sung = _joined(song.notes)
    breath = {song.notes[number].onset for number in breaths(song, meter)}
    rows: list[tuple[str, str] | None] = []
    follows = True
    for begin, end in pairwise([*song.bars, song.end]):
        inside = [(onset, stop) for onset, stop in sung if begin <= onset < end]
        held = next((stop for onset, stop in sung if onset < begin < stop), None)
        strokes = [((onset - begin) * 4, (min(stop, end) - begin) * 4) for onset, stop in inside]
        whole = all(place.denominator == 1 for stroke in strokes for place in stroke)
        if end - begin != meter.bar_quarters or not strokes or not whole:
            rows.append(None)
        else:
            tied = "~" if held is not None and strokes[0][0] > 0 and min(held, end) - begin >= strokes[0][0] / 4 else ""
            closes = any(onset in breath for onset, _ in inside)
            kind = "last" if closes else "first" if follows else "middle"
            rows.append((tied + " ".join(f"{place}-{stop - place}" for place, stop in strokes), kind))
            follows = closes
    return rows


def _joined(notes: tuple[SongNote, ...]) -> list[tuple[Fraction, Fraction]]:
    """Onsets and ends, gaps under half a quarter closed."""
    pairs = [
        (note.onset, after.onset if after.onset - note.end < Fraction(1, 2) else note.end) for note, after in pairwise(notes)
    ]
    return [*pairs, (notes[-1].onset, notes[-1].end)]


def vocabulary(bars: Counter[tuple[str, str]], pairs: Counter[tuple[str, str]]) -> dict[str, list[list[object]]]:
    """The commonest rhythms with their counts by place (first, middle, last), and pairs of their numbers with counts."""
    total: Counter[str] = Counter()
    for (rhythm, _), count in bars.items():
        total[rhythm] += count
    least = 2 if sum(bars.values()) > 600 else 1
    kept = sorted((rhythm for rhythm, count in total.items() if count >= least), key=lambda rhythm: (-total[rhythm], rhythm))
    kept = kept[:_MOST_RHYTHMS]
    number = {rhythm: index for index, rhythm in enumerate(kept)}
    rows: list[list[object]] = [[rhythm, *(bars[rhythm, kind] for kind in ("first", "middle", "last"))] for rhythm in kept]
    found = sorted(
        (-count, number[one], number[other])
        for (one, other), count in pairs.items()
        if one in number and other in number and count > 1
    )
    return {"bars": rows, "pairs": [[one, other, -count] for count, one, other in found[:_MOST_PAIRS]]}


if __name__ == "__main__":
    main()
