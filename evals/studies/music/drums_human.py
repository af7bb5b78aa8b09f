"""Are the drums human? Generated drum parts beside drummers who were left out of learning.

    python -m evals.studies.music.drums_human FOLDER

FOLDER is the Groove MIDI Dataset. People are its validation and test performances in 4/4 of eight bars or more (`beat` files); "recorded"
is the composer with its grooves taken from the training split; "strings" is the same composer with the rhythm strings that the styles
had before. Both are performed expressively and read by the same eye (`evals.corpora.drum_quantization`) as the people. A column is a
feature of one performance; shown are people's 10-90 % band, then each style's median over the seeds, starred inside the band.

    velocity SD     standard deviation of velocity over all strokes
    timing          68th percentile of the deviation from the grid after the median is taken out, in ms; about one standard deviation
    repeat          likeness of each two bars with the two before, 0..1
    off the beat    share of the struck velocity of kick and snare that falls between beats
    strokes         a bar

Also printed: how the timing's spread, as a fraction of the beat, grows with the tempo over the set's straight performances.
"""

from __future__ import annotations

import tempfile
from math import log
from pathlib import Path
from statistics import fmean, median, pstdev
from typing import TYPE_CHECKING

import numpy as np
import yaml

from evals.corpora import groove_midi
from evals.corpora.drum_quantization import SLOTS, QuantizedDrums, groove_similarity, quantize_recording, swing_place
from evals.corpora.groove_midi import DrumRecording, DrumStroke
from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import GROOVE
from img2music.brief import Brief
from img2music.performance import TICKS_PER_QUARTER
from img2music.performers.expressive import ExpressivePerformer
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.resources import data_folder
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from collections.abc import Sequence

SEEDS = range(8)
FEATURES = ("velocity SD", "timing", "repeat", "off the beat", "strokes")
KICK_AND_SNARE = {36, 37, 38}
# The rhythm strings in 4/4 that the styles had before there were recorded grooves.
STRINGS: dict[str, dict[str, dict[str, str]]] = {
    "rock": {
        "calm": {"kick": "x.......x.x.....", "closed hat": "x.x.x.x.x.x.x.x.", "snare": "....x.......x..."},
        "full": {
            "kick": "X..x..x.X.x.....",
            "snare": "....X.......X...",
            "open hat": "x...x...x...x...",
            "closed hat": "..x...x...x...x.",
        },
        "fill": {
            "kick": "X.......X.......",
            "snare": "....X...xxxx....",
            "high tom": "............xx..",
            "low tom": "..............xX",
        },
    },
    "pop": {
        "calm": {"kick": "x.......x.......", "closed hat": "x...x...x...x...", "rim": "....x.......x..."},
        "full": {"kick": "X.....x.x.......", "snare": "....X.......X...", "closed hat": "x.x.x.x.x.x.x.x."},
        "fill": {
            "kick": "X.....x.x.......",
            "snare": "....X.....x.xXxX",
            "closed hat": "x.x.x.x.........",
            "high tom": "........x.......",
        },
    },
    "lo-fi": {
        "calm": {"kick": "x.........x.....", "rim": "....x.......x..."},
        "full": {"kick": "x......x..x.....", "snare": "....x.......x..g", "closed hat": "x.g.x.g.x.gxx.g."},
        "fill": {"kick": "x......x..x.....", "snare": "....x..g.x..x.gx", "closed hat": "x.g.x.g.x......."},
    },
    "jazz-ballad": {
        "calm": {"ride": "x...x.x.x...x.x.", "pedal hat": "....x.......x..."},
        "full": {
            "ride": "x...x.x.x...x.x.",
            "pedal hat": "....x.......x...",
            "snare": "......g.......g.",
            "kick": "g.......g.......",
        },
        "fill": {"ride": "x...x...........", "snare": "......x.x.g.x.g.", "kick": "g.........x....."},
    },
    "bossa": {
        "calm": {"closed hat": "x.g.x.g.x.g.x.g.", "rim": "x.....x.....x..."},
        "full": {"closed hat": "x.g.x.g.x.g.x.g.", "rim": "x.....x.....x...", "kick": "x.....gxx.....gx"},
        "fill": {"closed hat": "x.g.x.g.x.......", "rim": "x.....x...x.x.x.", "kick": "x.....gxx......."},
    },
}


def drum_features(reading: QuantizedDrums) -> tuple[float, ...]:
    """The features of the docstring, in its order."""
    bars = reading.bars
    hits = [hit for bar in bars for hit in bar]
    pairs = [groove_similarity(bars[bar : bar + 2], bars[bar + 2 : bar + 4]) for bar in range(0, len(bars) - 3, 2)]
    low = [(hit.slot % SLOTS != 0, hit.velocity) for hit in hits if hit.key in KICK_AND_SNARE]
    return (
        pstdev([hit.velocity for hit in hits]),
        float(np.percentile([abs(hit.lag) for hit in hits], 68)) * reading.performance.quarter_ms,
        fmean(pairs),
        sum(velocity for off, velocity in low if off) / max(1, sum(velocity for _, velocity in low)),
        len(hits) / len(bars),
    )


def read(performance: DrumRecording) -> QuantizedDrums | None:
    """A performance in 4/4 as the eye sees it; None where it is too short, or neither straight nor swung."""
    try:
        reading = quantize_recording(performance, swing=swing_place([stroke.place_quarters for stroke in performance.strokes]))
    except ValueError:
        return None
    return reading if len(reading.bars) >= 8 else None


def generated(style: str, path: str, seed: int) -> QuantizedDrums | None:
    """The drums of a piece of a minute, performed."""
    scene = make_scene(arousal=0.5 if style in {"rock", "pop"} else 0.1)
    plan = RulesPlanner()(scene, Brief.of(style=path, meter="4/4", seconds=60, seed=seed))
    played = next(part for part in ExpressivePerformer()(Composer()(plan), plan).parts if part.is_drums)
    strokes = tuple(
        DrumStroke(note.onset_ticks / TICKS_PER_QUARTER, {35: 36, 45: 47}.get(note.pitch, note.pitch), note.velocity)
        for note in played.notes
    )
    return read(DrumRecording(f"{style} {seed}", "", style, round(plan.tempo_bpm), "4/4", False, "", strokes))


def tempo_exponent(performances: list[DrumRecording]) -> tuple[float, int]:
    """Slope of log spread (fraction of a quarter) over log tempo, and over how many performances."""
    points = []
    for performance in performances:
        reading = read(performance)
        lags = [abs(hit.lag) for bar in reading.bars for hit in bar] if reading and reading.swing is None else []
        if len(lags) > 200:
            points.append((log(performance.bpm), log(np.percentile(lags, 68))))
    slope, _ = np.polyfit([tempo for tempo, _ in points], [spread for _, spread in points], 1)
    return float(slope), len(points)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("folder", GROOVE)
    beats = [one for one in groove_midi.read(parser.parse_args(arguments).folder) if not one.is_fill and one.meter == "4/4"]
    slope, count = tempo_exponent(beats)
    print(f"timing's spread as a fraction of the beat ~ tempo ** {slope:.2f} ({count} straight performances)\n")
    people = [drum_features(reading) for one in beats if one.split != "train" and (reading := read(one))]
    bands = [np.percentile(column, [10, 90]) for column in zip(*people, strict=True)]
    print(f"{'':24}" + "".join(f"{name:>14}" for name in FEATURES))
    print(f"{f'people ({len(people)}), 10-90 %':24}" + "".join(f"{f'{low:.3g}-{high:.3g}':>14}" for low, high in bands))
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("recorded", "strings"):
            inside = pieces = 0
            for style, strings in STRINGS.items():
                content = yaml.safe_load(data_folder("styles").joinpath(f"{style}.yaml").read_bytes())
                if kind == "strings":
                    content = {**content, "grooves": [], "drums": {"4/4": strings}}
                path = Path(folder) / f"{style}-{kind}.yaml"
                path.write_text(yaml.safe_dump(content))
                rows = [drum_features(reading) for seed in SEEDS if (reading := generated(style, str(path), seed))]
                inside += sum(low <= value <= high for row in rows for value, (low, high) in zip(row, bands, strict=True))
                pieces += len(rows)
                middles = [median(column) for column in zip(*rows, strict=True)]
                marked = [f"{m:.3g}{'*' if low <= m <= high else ' '}" for m, (low, high) in zip(middles, bands, strict=True)]
                print(f"{f'{kind} {style} ({len(rows)})':24}" + "".join(f"{text:>14}" for text in marked))
            print(f"{kind}: {inside} of {pieces * len(FEATURES)} features inside people's band\n")


if __name__ == "__main__":
    main()
