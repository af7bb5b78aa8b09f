"""What seeing costs: CPU milliseconds a picture after decoding, part by part, one thread.

    OMP_NUM_THREADS=1 python -m evals.bench.bench_seeing [FOLDER] [--pictures 50]

FOLDER holds pictures (default: demo/examples, gone through again until there are enough). The first picture opens the networks and reads
the tables; it is counted apart. Parts are measured alone on the same pictures; "the rest" is what is left of the whole (the look for
the colours' copy, records, the seal). Peak memory is the process's largest resident set, before and after seeing.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from time import process_time
from typing import TYPE_CHECKING, TypeVar

from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import PHOTOGRAPHS
from evals.shared.paths import ASSETS, EXAMPLES
from evals.shared.pictures import pictures_in
from evals.shared.process_costs import own_peak_megabytes
from img2music.crossmodal.affect import read_affect
from img2music.crossmodal.cue_evidence import CueEvidence
from img2music.crossmodal.musical_attributes import suggest_attributes
from img2music.io.pictures import Picture, open_picture
from img2music.perceivers.image.affect_regression import affect_inputs, predict_affect
from img2music.perceivers.image.colour_cues import colour_cues
from img2music.perceivers.image.composition import composition_cues
from img2music.perceivers.image.faces import face_cues, find_faces
from img2music.perceivers.image.image_type import kind_cues
from img2music.perceivers.image.palette import swatches
from img2music.perceivers.image.recognition import group_shares, people_cue, recognition_cues, run_classifiers
from img2music.perceivers.image.scene_context import surroundings_cues
from img2music.perceivers.image.thumbnail import make_thumbnail
from img2music.perceivers.offline import OfflinePerceiver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


class StageTimer:
    """CPU milliseconds by part, a list a part."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(list)

    def __call__(self, part: str, work: Callable[[], T]) -> T:
        """What `work` gives; its time is noted under `part`."""
        start = process_time()
        done = work()
        self.spent[part].append(1000 * (process_time() - start))
        return done


def time_parts(picture: Picture, clock: StageTimer) -> None:
    """What the eye does, one part after the other."""
    view = clock("the small copy", lambda: make_thumbnail(picture))
    seen = clock("networks", lambda: run_classifiers(picture.rgb))
    named = clock("groups and places", lambda: recognition_cues(seen, view.content))
    faces = clock("faces", lambda: find_faces(picture))
    around = clock("kind and surroundings", lambda: [*kind_cues(view, picture), *surroundings_cues(view, group_shares(seen))])
    measured = clock("colour and form", lambda: [*colour_cues(view), *composition_cues(view)])
    colours = clock("leading colours", lambda: swatches(view))
    cues = (*named, *face_cues(faces), people_cue(seen, len(faces)), *around, *measured)
    evidence = CueEvidence(cues, colours)
    clock("reading of feeling", lambda: predict_affect(affect_inputs(seen, evidence.values)))
    clock("suggestions", lambda: suggest_attributes(evidence, *read_affect(evidence)))


def folder_megabytes(folder: str) -> float:
    return sum(file.stat().st_size for file in (ASSETS / folder).iterdir()) / 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("folder", PHOTOGRAPHS, nargs="?", default=EXAMPLES)
    parser.add_argument("--pictures", type=int, default=50, help="how many; a folder with fewer goes round (%(default)s)")
    options = parser.parse_args(arguments)
    files = pictures_in(options.folder)
    step = max(1, len(files) // options.pictures)
    chosen = [files[index * step % len(files)] for index in range(options.pictures)]
    see, clock = OfflinePerceiver(), StageTimer()
    first = open_picture(chosen[0])
    before = own_peak_megabytes()
    clock("first", lambda: see(first))
    for file in chosen:
        picture = open_picture(file)
        clock("whole", lambda picture=picture: see(picture))  # type: ignore[misc]
        time_parts(picture, clock)
    after = own_peak_megabytes()
    middle = {part: statistics.median(spent) for part, spent in clock.spent.items()}
    whole, opening = middle.pop("whole"), middle.pop("first")
    largest = sorted(clock.spent["whole"])[int(0.95 * len(chosen))]
    print(f"{len(chosen)} pictures after decoding: median {whole:.1f} CPU ms, 95 % {largest:.1f}; the first {opening:.0f}")
    middle["the rest"] = whole - sum(middle.values())
    for part, spent in sorted(middle.items(), key=lambda item: -item[1]):
        print(f"  {part:24s} {spent:6.1f} ms   {spent / whole:5.1%}")
    print(f"peak resident memory {before:.0f} MB before, {after:.0f} MB after")
    print(f"files: networks {folder_megabytes('networks'):.1f} MB, seeing {folder_megabytes('seeing'):.1f} MB")


if __name__ == "__main__":
    main()
