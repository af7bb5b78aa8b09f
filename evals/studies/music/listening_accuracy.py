"""How often are the ears right: tempo, metre and key of our own soundfont renderings, whose truth is known?

    OMP_NUM_THREADS=1 python -m evals.studies.music.listening_accuracy [--pieces 100] [--seed 500000] [--pictures odd] [--folder FOLDER]

Pieces go through all styles in turn, each time in another of a style's metres, at a tempo drawn from its range and in a key that is drawn (seven
of ten in major or minor, the rest in four more modes), each of a picture of demo/examples that is drawn, 40 s. The constants of the ears were
chosen on other pieces: of the even pictures, with other seeds, 96 for tempo and bars, 163 for accents and 83 for keys. What is reported is of the odd
pictures. `--folder` keeps what was heard of each piece, so that a run that was stopped goes on.

tempo       of the beat that is felt (dotted quarters in 6/8, quarters in 5/4 and 7/8) within 4 %; "or octave": half or twice of it too; "or third": a
            third or three times too (accuracy 2 of F. Gouyon et al., "An experimental comparison of audio tempo induction algorithms", IEEE TASLP
            14, 2006)
metre       whether bars go in twos (2/4, 4/4, 6/8, 12/8) or threes (3/4, 9/8); eighths of a compound metre that are beaten, three a beat, go
            in threes; 5/4 and 7/8 are left out. "Exact": the number of beats where the tempo is exact
key         the tonic and its third; "or relative": or the major or minor key of the same signature

Printed are shares with Wilson's 95 % interval for the ears together and for each estimator alone; then what was heard wrongly.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evals.shared.command_line import ScriptParser
from evals.shared.paths import example_pictures
from img2music.brief import Brief
from img2music.evaluation.statistics import wilson_interval
from img2music.io.pictures import open_picture
from img2music.io.style_files import load_style, style_names
from img2music.theory import MODES, Key, Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.audio import Audio

SECONDS = 40.0
SHARE_OF_MODES = {"major": 0.35, "minor": 0.35, "dorian": 0.12, "mixolydian": 0.1, "lydian": 0.04, "phrygian": 0.04}
OCTAVES, THIRDS = (0.5, 1.0, 2.0), (1 / 3, 0.5, 1.0, 2.0, 3.0)
TOGETHER = "ears"
NEAR = 0.04


@dataclass(frozen=True, slots=True)
class Asked:
    """The truth of one piece."""

    style: str
    picture: str
    meter: str
    tempo_bpm: float
    key: str
    seed: int

    @property
    def beat_bpm(self) -> float:
        """Of the beat that is felt."""
        return self.tempo_bpm / (1.5 if Meter.parse(self.meter).is_compound else 1.0)

    @property
    def beats_per_bar(self) -> int:
        """Beats that are felt."""
        return len(Meter.parse(self.meter).beats)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one estimator found."""

    bpm: float | None = None
    beats_per_bar: int | None = None
    key: str | None = None
    confidences: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of tempo, metre and key."""


def asked_of(place: int, seed: int, pictures: Sequence[Path]) -> Asked:
    chance = np.random.default_rng(np.random.SeedSequence([seed, place]))
    names = style_names()
    style = load_style(names[place % len(names)])
    low, high = style.tempo_bpm
    tempo = float(round(np.exp(chance.uniform(np.log(low), np.log(high)))))
    picture = pictures[int(chance.integers(len(pictures)))]
    modes = sorted(MODES)
    mode = modes[int(chance.choice(len(modes), p=[SHARE_OF_MODES[mode] for mode in modes]))]
    key = Key.readable(int(chance.integers(-5, 7)), mode).name
    meter = str(style.meters[place // len(names) % len(style.meters)])
    return Asked(names[place % len(names)], picture.name, meter, tempo, key, seed + place)


def rendering(asked: Asked, picture: Path) -> Audio:
    from img2music.perceivers.offline import OfflinePerceiver
    from img2music.performers.expressive import ExpressivePerformer
    from img2music.planners.rules.rules_planner import RulesPlanner
    from img2music.realizers.composer import Composer
    from img2music.renderers.soundfont.soundfont_renderer import SoundfontRenderer

    wishes = Brief.of(
        seconds=SECONDS, seed=asked.seed, style=asked.style, tempo_bpm=asked.tempo_bpm, meter=asked.meter, key=asked.key
    )
    plan = RulesPlanner()(OfflinePerceiver()(open_picture(picture)), wishes)
    return SoundfontRenderer()(ExpressivePerformer()(Composer()(plan), plan)).mix


def heard_by_each(audio: Audio) -> dict[str, Heard]:
    """What the ears find together, and each estimator alone."""
    from img2music.listening.beat_tracking import steady_bpm
    from img2music.listening.features.chroma import chroma_of
    from img2music.listening.features.onset_curves import onset_curves
    from img2music.listening.features.spectra import listen_to
    from img2music.listening.heard_pulse import beats_of_network, estimate_pulse
    from img2music.listening.key_estimation import estimate_key, pitch_class_weights
    from img2music.theory.key_finding import heard_key

    sound = listen_to(audio)
    curves, chroma = onset_curves(sound), chroma_of(sound)
    trained = beats_of_network(sound)
    key, sure = estimate_key(chroma)
    rated_tonic, rated_minor = heard_key(tuple(pitch_class_weights(chroma).tolist()))
    rated = Key.readable((7 * rated_tonic + 5) % 12 - 5, "minor" if rated_minor else "major")
    found = {}
    for name, pulse in ((TOGETHER, estimate_pulse(curves, chroma, trained)), ("plain alone", estimate_pulse(curves, chroma))):
        confidences = (pulse.tempo.confidence, pulse.beats_per_bar.confidence, sure)
        found[name] = Heard(pulse.tempo.value, pulse.beats_per_bar.value, key.name if key else None, confidences)
    bars = None if trained is None else trained.bars
    found["BeatNet alone"] = Heard() if bars is None else Heard(steady_bpm(bars.beats_seconds), bars.beats_per_bar)
    found["rated profiles alone"] = Heard(key=rated.name)
    return found


def tempo_right(asked: Asked, heard: Heard, factors: Sequence[float] = (1.0,)) -> bool | None:
    return heard.bpm is not None and any(abs(heard.bpm / asked.beat_bpm / factor - 1) <= NEAR for factor in factors)


def meter_right(asked: Asked, heard: Heard) -> bool | None:
    meter = Meter.parse(asked.meter)
    if meter.count in {5, 7}:
        return None
    in_threes = asked.beats_per_bar % 3 == 0 or (meter.is_compound and bool(tempo_right(asked, heard, (3.0,))))
    return heard.beats_per_bar is not None and (heard.beats_per_bar % 3 == 0) == in_threes


def beats_exact(asked: Asked, heard: Heard) -> bool | None:
    return (
        heard.beats_per_bar == asked.beats_per_bar
        if tempo_right(asked, heard) and meter_right(asked, heard) is not None
        else None
    )


def key_right(asked: Asked, heard: Heard, *, relatives: bool = False) -> bool | None:
    if heard.key is None:
        return False
    truth, found = Key.parse(asked.key), Key.parse(heard.key)
    same = (found.pitch_classes[0], found.is_minor) == (truth.pitch_classes[0], truth.is_minor)
    return same or (relatives and (found.signature - truth.signature) % 12 == 0)


QUESTIONS: dict[str, tuple[Callable[[Asked, Heard], bool | None], tuple[str, ...]]] = {
    "tempo, exact": (tempo_right, (TOGETHER, "plain alone", "BeatNet alone")),
    "tempo, or octave": (lambda asked, heard: tempo_right(asked, heard, OCTAVES), (TOGETHER, "plain alone", "BeatNet alone")),
    "tempo, or third": (lambda asked, heard: tempo_right(asked, heard, THIRDS), (TOGETHER, "plain alone", "BeatNet alone")),
    "metre, twos or threes": (meter_right, (TOGETHER, "plain alone", "BeatNet alone")),
    "metre, exact": (beats_exact, (TOGETHER, "plain alone", "BeatNet alone")),
    "key, same": (key_right, (TOGETHER, "rated profiles alone")),
    "key, or relative": (lambda asked, heard: key_right(asked, heard, relatives=True), (TOGETHER, "rated profiles alone")),
}


def print_shares(rows: Sequence[tuple[Asked, dict[str, Heard]]]) -> None:
    for question, (is_right, names) in QUESTIONS.items():
        for name in names:
            answers = [answer for asked, heard in rows if (answer := is_right(asked, heard[name])) is not None]
            if answers:
                low, high = wilson_interval(sum(answers), len(answers))
                print(
                    f"{question:22} {name:20} {sum(answers):3} of {len(answers):3}  {sum(answers) / len(answers):4.0%}  [{low:.0%}, {high:.0%}]"
                )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--pieces", type=int, default=100, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=500_000, help="of all that is drawn (%(default)s)")
    parser.add_argument(
        "--pictures", choices=("even", "odd"), default="odd", help="which of demo/examples, by their place (%(default)s)"
    )
    parser.add_argument("--folder", type=Path, help="keeps what was heard, a file a piece")
    parser.need_packages("madmom_infer", install="pip install -e '.[listen]'")
    options = parser.parse_args(arguments)
    pictures = example_pictures()[0 if options.pictures == "even" else 1 :: 2]
    rows: list[tuple[Asked, dict[str, Heard]]] = []
    for place in range(options.pieces):
        asked = asked_of(place, options.seed, pictures)
        kept = None if options.folder is None else options.folder / f"{options.seed}-{place:04}.json"
        if kept is not None and kept.is_file():
            heard = {name: Heard(**values) for name, values in json.loads(kept.read_text("utf-8")).items()}
        else:
            picture = next(path for path in pictures if path.name == asked.picture)
            heard = heard_by_each(rendering(asked, picture))
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps({name: asdict(values) for name, values in heard.items()}), "utf-8")
        rows.append((asked, heard))
    print_shares(rows)
    print("\nHeard wrongly, with how sure:")
    for asked, heard in rows:
        ears = heard[TOGETHER]
        wrong = [
            f"{what} {value} ({sure:.2f})"
            for what, value, sure, right in (
                ("tempo", ears.bpm and round(ears.bpm, 1), ears.confidences[0], tempo_right(asked, ears, OCTAVES)),
                ("metre", ears.beats_per_bar, ears.confidences[1], meter_right(asked, ears)),
                ("key", ears.key, ears.confidences[2], key_right(asked, ears, relatives=True)),
            )
            if right is False
        ]
        if wrong:
            print(f"  {asked.style}, {asked.meter}, {asked.beat_bpm:.1f} beats a minute, {asked.key}: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
