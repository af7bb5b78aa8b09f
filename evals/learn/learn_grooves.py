"""Chooses real grooves and real fills for the composer.

    python -m evals.learn.learn_grooves FOLDER

FOLDER is the Groove MIDI Dataset.

Writes `img2music/assets/statistics/grooves.json`, always the same bytes, from the set's training split; the other two splits are kept
for `evals.studies.music.drums_human`. How a groove is chosen, for each family of styles, metre and feel:

1. Every two bars of a performance (one to the next, beginning anywhere) are a candidate if nothing in them belongs to a fill or a
   section's start: no crash, few toms (families of hand drummers excepted), a first beat that is struck, drags on the snare only,
   no wild timing; a backbeat and a steady cymbal where the family has them.
2. In each performance, the candidate that most others are like (cosine above 0.8 of velocities by slot and drum) is its groove, if at
   least three others are; then the next one among those not like it, up to three. The others nearest to it are its variants: the same
   drummer plays the same thing again, never quite the same.
3. The grooves of a family are parted into thirds by energy (struck velocity a quarter note), and from each third the few are kept that
   together are most like all of it (greedy facility location); the rarer the family, the more of it is kept.

Fills: the fullest bar of every `fill` performance that ends in its last beat; per family and feel the same facility location.
What was recorded in 3/4 goes in as it was played; other metres are made from 4/4 by the composer (`img2music.realizers.drums.grooves`),
and nothing here pretends otherwise. The set's five performances in 6/8 set dotted eighths against the metre, four in the time of three;
no song could lean on them, so they are left out, as is the one in 5/4, of which no groove comes back often enough.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from evals.corpora import drum_quantization, groove_midi
from evals.corpora.drum_quantization import (
    SLOTS,
    DrumBar,
    QuantizedDrums,
    density,
    groove_similarity,
    is_swung,
    quantize_recording,
    swing_place,
)
from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import GROOVE
from evals.shared.paths import ASSETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
OUT = ASSETS / "statistics" / "grooves.json"
# Family: the set's words for it; the first that a style begins with decides.
FAMILIES: dict[str, tuple[str, ...]] = {
    "bossa": ("latin/brazilian-bossa",),
    "samba": ("latin/samba", "latin/brazilian"),
    "shuffle": ("blues/shuffle", "rock/shuffle", "funk/purdieshuffle"),
    "reggae": ("reggae",),
    "halftime": ("rock/halftime",),
    "neworleans": ("neworleans",),
    "afro": ("afrobeat", "afrocuban", "highlife"),
    "latin": ("latin",),
    "punk": ("punk",),
    "funk": ("funk", "jazz/funk"),
    "soul": ("soul", "gospel"),
    "hiphop": ("hiphop",),
    "disco": ("dance",),
    "pop": ("pop",),
    "jazz": ("jazz/swing", "jazz/mediumfast", "jazz/fast", "jazz"),
    "country": ("country",),
    "rock": ("rock",),
}
SWINGING = {"rock": "shuffle"}
"""What a family is called when it swings: the set's labels do not say so."""
BACKBEAT = {"funk", "halftime", "hiphop", "pop", "rock", "shuffle", "soul"}
"""Families whose snare answers on two and four, or on three in half time; half of its struck velocity at least."""
HAND_DRUMMERS = {"afro", "latin", "samba", "neworleans"}
METERS = ("4/4", "3/4")
TOMS, CRASH, SNARE, RIM = {43, 47, 50}, 49, 38, 37
TIMEKEEPERS = {42, 44, 46, 51, 53}
ALIKE = 0.8
LEVELS = 3
VARIANTS = 3
GROOVES_A_LEVEL = 3
FILLS_A_FEEL = 7
WILD_QUARTERS = 0.11
"""A groove with a stroke further than this from the grid was not read rightly."""


@dataclass(frozen=True)
class Candidate:
    """Two bars of a performance and those that repeat them."""

    reading: QuantizedDrums
    windows: tuple[tuple[DrumBar, ...], ...]
    """The groove, then its variants."""
    energy: float


def family_of(style: str) -> str | None:
    """The family that a style of the set belongs to."""
    return next((name for name, words in FAMILIES.items() if any(style.startswith(word) for word in words)), None)


def has_backbeat(window: Sequence[DrumBar], bar_beats: int) -> bool:
    """Whether every bar has its backbeat, the snare plays little else, and a cymbal keeps time on all beats but one.

    In 3/4 the second or the third beat will do.
    """
    for bar in window:
        snare = {hit.slot: hit.velocity for hit in bar if hit.key in {SNARE, RIM}}
        answers = max(snare.get(SLOTS, 0) + snare.get(3 * SLOTS, 0), snare.get(2 * SLOTS, 0))
        if not answers or 2 * answers < sum(snare.values()):
            return False
        beats = {hit.slot for hit in bar if hit.key in TIMEKEEPERS and hit.slot % SLOTS == 0}
        if len(beats) < bar_beats - 1:
            return False
    return True


def may_be_groove(window: Sequence[DrumBar], family: str, bar_beats: int) -> bool:
    """Step 1 of the module's docstring."""
    hits = [hit for bar in window for hit in bar]
    toms = sum(hit.key in TOMS for hit in hits)
    return (
        all(len(bar) >= 4 for bar in window)
        and any(hit.slot == 0 for hit in window[0])
        and all(hit.key != CRASH for hit in hits)
        and (toms <= 2 or family in HAND_DRUMMERS)
        and (family not in BACKBEAT or has_backbeat(window, bar_beats))
        and all(hit.key == SNARE or hit.slot % 6 == 0 or hit.slot % 8 == 0 for hit in hits)
        and max(abs(hit.lag) for hit in hits) <= WILD_QUARTERS
    )


def grooves_of(reading: QuantizedDrums, family: str) -> Iterator[Candidate]:
    """Step 2 of the module's docstring."""
    windows = {bar: reading.bars[bar : bar + 2] for bar in range(len(reading.bars) - 1)}
    windows = {bar: window for bar, window in windows.items() if may_be_groove(window, family, reading.bar_slots // SLOTS)}
    alike = {(a, b): groove_similarity(windows[a], windows[b]) for a in windows for b in windows if a < b}
    for _ in range(3):
        near = {
            bar: sorted(
                (other for other in windows if other != bar and alike[min(bar, other), max(bar, other)] >= ALIKE),
                key=lambda other, bar=bar: (-alike[min(bar, other), max(bar, other)], other),  # type: ignore[misc]
            )
            for bar in windows
        }
        if not near:
            return
        heart = max(near, key=lambda bar: (len(near[bar]), -bar))
        if len(near[heart]) < VARIANTS:
            return
        # Variants in the same half of a four-bar phrase where there are enough of them.
        in_step = [bar for bar in near[heart] if (bar - heart) % 2 == 0]
        chosen = (in_step if len(in_step) >= VARIANTS else near[heart])[:VARIANTS]
        yield Candidate(reading, (windows[heart], *(windows[bar] for bar in chosen)), density(windows[heart], reading.bar_slots))
        windows = {bar: window for bar, window in windows.items() if bar != heart and bar not in near[heart]}


def most_representative(items: Sequence[T], count: int, like: Callable[[T, T], float]) -> list[T]:
    """Greedy facility location: the `count` items to which all items together are most alike; ties go to the earlier one."""
    table = [[like(one, other) for other in items] for one in items]
    chosen: list[int] = []
    covered = [0.0] * len(items)
    while len(chosen) < min(count, len(items)):
        rest = [index for index in range(len(items)) if index not in chosen]
        gains = {index: round(sum(max(0.0, a - b) for a, b in zip(table[index], covered, strict=True)), 9) for index in rest}
        best = max(rest, key=lambda index: (gains[index], -index))
        chosen.append(best)
        covered = [max(a, b) for a, b in zip(table[best], covered, strict=True)]
    return [items[index] for index in sorted(chosen)]


def bar_numbers(bar: DrumBar) -> list[int]:
    """A bar as numbers: slot, key, velocity and deviation in thousandths of a quarter note, stroke after stroke."""
    return [number for hit in bar for number in (hit.slot, hit.key, hit.velocity, round(1000 * hit.lag))]


def description(reading: QuantizedDrums, family: str, *, swung: bool) -> dict[str, Any]:
    """What is said of every groove and fill."""
    performance = reading.performance
    return {
        "family": family,
        "meter": performance.meter,
        "feel": "swung" if swung else "straight",
        "bpm": performance.bpm,
        "source": performance.name,
    }


def learn_grooves(performances: Sequence[groove_midi.DrumRecording]) -> list[dict[str, Any]]:
    """Step 3 of the module's docstring."""
    shelves: dict[tuple[str, str, bool], list[Candidate]] = defaultdict(list)
    for performance in performances:
        family = family_of(performance.style)
        if performance.is_fill or family is None or performance.meter not in METERS:
            continue
        try:
            swing = swing_place([stroke.place_quarters for stroke in performance.strokes])
        except ValueError:
            continue
        reading = quantize_recording(performance, swing=swing)
        family = SWINGING.get(family, family) if swing else family
        shelves[family, performance.meter, swing is not None].extend(grooves_of(reading, family))
    rows = []
    for (family, _, swung), shelf in sorted(shelves.items()):
        ordered = sorted(shelf, key=lambda one: (one.energy, one.reading.performance.name))
        levels = LEVELS if len(ordered) >= LEVELS else 1
        for level in range(levels):
            third = ordered[level * len(ordered) // levels : (level + 1) * len(ordered) // levels]
            best = most_representative(third, GROOVES_A_LEVEL, lambda a, b: groove_similarity(a.windows[0], b.windows[0]))
            rows += [
                {
                    **description(one.reading, family, swung=swung),
                    "level": level if levels == LEVELS else min(LEVELS - 1, int(one.energy / 1.4)),
                    "bars": [[bar_numbers(bar) for bar in window] for window in one.windows],
                }
                for one in best
            ]
    return rows


def learn_fills(performances: Sequence[groove_midi.DrumRecording]) -> list[dict[str, Any]]:
    """The fills of every family, each one bar of 4/4."""
    shelves: dict[tuple[str, bool], list[tuple[QuantizedDrums, DrumBar]]] = defaultdict(list)
    for performance in performances:
        family = family_of(performance.style)
        if not performance.is_fill or family is None or performance.meter != "4/4":
            continue
        reading = quantize_recording(performance)
        bar = max(reading.bars, key=len, default=())
        beats = {hit.slot // SLOTS for hit in bar}
        wild = max((abs(hit.lag) for hit in bar), default=1.0) > WILD_QUARTERS
        if len(bar) < 7 or not {0, 2, 3} <= beats or wild or sum(hit.key == CRASH for hit in bar) > 1:
            continue
        shelves[family, is_swung([bar])].append((reading, bar))
    rows = []
    for (family, swung), shelf in sorted(shelves.items()):
        best = most_representative(shelf, FILLS_A_FEEL, lambda a, b: groove_similarity([a[1]], [b[1]]))
        best.sort(key=lambda one: (density([one[1]], one[0].bar_slots), one[0].performance.name))
        rows += [{**description(reading, family, swung=swung), "bar": bar_numbers(bar)} for reading, bar in best]
    return rows


def document(performances: Sequence[groove_midi.DrumRecording]) -> dict[str, Any]:
    """The file."""
    training = [performance for performance in performances if performance.split == "train"]
    return {
        "set": "Groove MIDI Dataset",
        "licence": "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
        "citation": "J. Gillick, A. Roberts, J. Engel, D. Eck & D. Bamman, Learning to Groove with Inverse Sequence Transformations, "
        "ICML 2019; https://magenta.tensorflow.org/datasets/groove; recorded by Google",
        "changes": "excerpts of two bars (grooves) and one bar (fills) of the training split, keys of General MIDI, places parted "
        "into a written grid and deviations from it",
        "script": "evals/learn/learn_grooves.py",
        "units": f"a stroke is four numbers: slot ({SLOTS} a quarter note, from the start of its bar), General MIDI key, velocity, "
        "deviation in thousandths of a quarter note at the recorded tempo (bpm, quarter notes a minute), later is positive. In swung "
        "feel the second eighth is written at the half of the beat and its deviation counted from this player's own swing. "
        "grooves: bars holds the groove and then its variants, two bars each; level 0 calm, 1 middle, 2 full. Everything was played as "
        "written here, in the metre named",
        "grooves": learn_grooves(training),
        "fills": learn_fills(training),
    }


def serialise(content: dict[str, Any]) -> str:
    """One groove a line."""
    lines = []
    for name, value in content.items():
        if isinstance(value, list):
            rows = ",\n".join(f"  {json.dumps(row, separators=(',', ':'))}" for row in value)
            lines.append(f" {json.dumps(name)}: [\n{rows}\n ]")
        else:
            lines.append(f" {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("folder", GROOVE)
    content = document(list(groove_midi.read(parser.parse_args(arguments).folder)))
    OUT.write_text(serialise(content))
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for column, kind in enumerate(("grooves", "fills")):
        for row in content[kind]:
            counts[f"{row['family']} {row['meter']} {row['feel']}"][column] += 1
    for name, (grooves, fills) in sorted(counts.items()):
        print(f"{name:28} {grooves:3} grooves {fills:3} fills")
    print(f"{OUT.name}: {OUT.stat().st_size / 1000:.0f} kB, slots of {drum_quantization.SLOTS}")


if __name__ == "__main__":
    main()
