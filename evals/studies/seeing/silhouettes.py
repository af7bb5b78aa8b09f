"""What is left of the reading when colour is taken away: silhouettes, which people rated too.

    python -m evals.studies.seeing.silhouettes FOLDER

FOLDER holds BASS (Bicolor Affective Silhouettes and Shapes, Kawai, Lukács & Ansorge; CC BY 4.0): ``images/*.png`` and
``BASS_data.csv`` with mean ratings of 1..9 by people in the US and in China (``val_mean_us``, ``aro_mean_ch`` ...). Nothing is fitted to
it. Printed is Pearson's r with 95 % bootstrap intervals over pictures, beside readings of colour and light alone, which can
know no more than how much of the picture is black, and the r of the two groups of people with each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evals.shared.command_line import ScriptParser
from evals.shared.correlations import correlation_with_interval, standardised
from evals.shared.data_sets import BASS, csv_rows
from img2music.io.pictures import open_picture
from img2music.perceivers.offline import OfflinePerceiver

if TYPE_CHECKING:
    from collections.abc import Sequence

COLOURS = ("brightness", "saturation", "colour_mood", "colourfulness")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("folder", BASS)
    options = parser.parse_args(arguments)
    rows = [row for row in csv_rows(options.folder / "BASS_data.csv") if (options.folder / "images" / row["file_name"]).is_file()]
    see = OfflinePerceiver()
    scenes = [see(open_picture(options.folder / "images" / row["file_name"])) for row in rows]
    cues = {name: np.array([scene.number(name, 0.0) for scene in scenes]) for name in COLOURS}
    light, full = (standardised(cues[name]) for name in COLOURS[:2])
    readings = {
        "val": {
            "this eye": np.array([scene.attributes.valence.value for scene in scenes]),
            "Valdez-Mehrabian": 0.69 * light + 0.22 * full,
            "colour_mood": cues["colour_mood"],
            "colourfulness": cues["colourfulness"],
        },
        "aro": {
            "this eye": np.array([scene.attributes.arousal.value for scene in scenes]),
            "Valdez-Mehrabian": -0.31 * light + 0.60 * full,
            "colour_mood": cues["colour_mood"],
            "colourfulness": cues["colourfulness"],
        },
    }
    known = np.array([scene.cue("subject") is not None and scene.cue("subject").value != "not sure" for scene in scenes])  # type: ignore[union-attr]
    kinds = [str(cue.value) for scene in scenes if (cue := scene.cue("picture_kind")) is not None]
    print(f"{len(rows)} silhouettes, {kinds.count('silhouette')} taken for one, a subject named in {int(known.sum())}")
    print("Pearson r [95 % bootstrap interval]           US                        China")
    for axis, label in (("val", "valence"), ("aro", "arousal")):
        people = [np.array([float(row[f"{axis}_mean_{country}"]) for row in rows]) for country in ("us", "ch")]
        for name, read in readings[axis].items():
            print(f"  {label}  {name:32s}", *(correlation_with_interval(read, rated).ljust(25) for rated in people))
        mine = readings[axis]["this eye"]
        for name, some in (("this eye, subject named", known), ("this eye, not sure", ~known)):
            print(f"  {label}  {name:32s}", *(correlation_with_interval(mine[some], rated[some]).ljust(25) for rated in people))
        print(f"  {label}  {'the other people':32s}", correlation_with_interval(people[0], people[1]))
        print(f"  {label}  SD of this eye {mine.std():.3f}, of people on -1..1 {people[0].std() / 4:.3f} (US)")


if __name__ == "__main__":
    main()
