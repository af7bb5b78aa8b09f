"""Writes docs/seeing.md, twelve pictures as the offline eye sees them: `python docs/make_seeing.py`.

What was seen is measured anew; the verdicts beside it were written by hand, picture and reading side by side, and have to be looked at
again when the eye changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from img2music.io.pictures import open_picture
from img2music.perceivers.offline import OfflinePerceiver

FOLDER = Path(__file__).parent
HEAD = """# What the eye sees, right and wrong

Made by `python docs/make_seeing.py`: all ten pictures of `demo/examples`, and two silhouettes: one seen rightly, one
wrongly. Valence (unpleasant to pleasant) and arousal (calm to stirring) lie in -1..1; "±" is how far people's mean valence is likely to be off. The
last column is our own judgement of the reading, written by hand.

| picture | what was seen | what it felt | leads to | right or wrong |
|---|---|---|---|---|
"""
FOOT = """
The two silhouettes are from *Bicolor Affective Silhouettes and Shapes* (BASS) by Kawai, Lukács and Ansorge,
<https://github.com/gasparl/BASS>, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), unchanged. The authors
of the photographs are in [demo/examples](../demo/examples/README.md).
"""


class Shown(NamedTuple):
    """A picture of the page and what we think of the reading."""

    file: str
    """Relative to docs/."""
    shows: str
    verdict: str


PICTURES = (
    Shown(
        "../demo/examples/astronaut.jpg",
        "an astronaut, smiling, a flag and a model shuttle",
        "**Mostly right**: a person, smiling. That she is an astronaut it can't know, and takes the suit for sport. Lukewarm for such a smile.",
    ),
    Shown(
        "../demo/examples/cat.jpg",
        "a cat, near",
        "**Right**: a cat, and people like cats. So serious a gaze is hardly a lap cat's: the reading is too glad.",
    ),
    Shown(
        "../demo/examples/coffee.jpg",
        "a cup of coffee",
        "**Right**: a cup of espresso, warm and calm.",
    ),
    Shown(
        "../demo/examples/flower.jpg",
        "a dahlia",
        "**Wrong, and says so**: not sure at a dahlia, and an insect, which is not there, comes first. The feeling fits.",
    ),
    Shown(
        "../demo/examples/galaxies.jpg",
        "thousands of galaxies",
        "**Wrong, and says so**: it knows no space. Quiet and dark fit, the wonder is missed.",
    ),
    Shown(
        "../demo/examples/grass.jpg",
        "grass, in greys",
        "**Wrong, and says so**: it has no grass, and a pet comes first. A calm, dense surface is right.",
    ),
    Shown(
        "../demo/examples/moon.jpg",
        "the surface of the Moon",
        "**Wrong, and says so**: craters look like insects to it. Quiet and wide are right; whether the Moon is wistful is anyone's guess.",
    ),
    Shown(
        "../demo/examples/photographer.jpg",
        "a man with a camera on a tripod, on a lawn",
        "**Half.** The tripod is there and a face was found; the man, whom it is about, is not named, and the lawn and the city are missed.",
    ),
    Shown(
        "../demo/examples/rocket.jpg",
        "a rocket on its pad at dusk",
        "**Wrong, and says so**: a machine is near, a rocket it does not name, and neither the evening nor the tension before a launch is felt.",
    ),
    Shown(
        "../demo/examples/temple.jpg",
        "a temple tower above a lake",
        "**Nearly**: a palace, by its own words, put among the ruins; it is whole and a sacred place, and the lake is missed. The feeling fits.",
    ),
    Shown(
        "images/seeing/gun.png",
        "a revolver, as a silhouette",
        "**Right**: a revolver, and unpleasant. It should stir more: people in the US rated it 5.9 of 9, the average silhouette 5.0.",
    ),
    Shown(
        "images/seeing/wolfhowling.png",
        "a howling wolf, as a silhouette",
        "**Half**: sure of a black dog, where it is a wolf, and a pet is no wild animal. The howl is not heard.",
    ),
)  # fmt: skip


def row(shown: Shown, see: OfflinePerceiver) -> str:
    """One line of the table."""
    scene = see(open_picture(FOLDER / shown.file))
    felt = scene.attributes
    words = [
        cue.text for name in ("subject", "faces", "face_1") if (cue := scene.cue(name)) is not None and cue.text != "no face"
    ]
    for name in ("picture_kind", "time_of_day", "weather", "season"):
        cue = scene.cue(name)
        if cue is not None and cue.value not in {"unclear", "photograph"}:
            words.append(str(cue.value))
    spread = scene.number("feels_spread", 0)
    numbers = f"valence {felt.valence.value:+.2f} ± {spread:.2f}, arousal {felt.arousal.value:+.2f}"
    cells = (
        f'<img src="{shown.file}" alt="{shown.shows}" width="160"><br>{shown.shows}',
        "; ".join(words),
        f"{numbers}: {', '.join(felt.mood.value)}",
        f"{felt.genre.value}, {felt.key.value} {felt.mode.value}, {felt.tempo_bpm.value:g} BPM: {', '.join(felt.instruments.value)}",
        shown.verdict,
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    eye = OfflinePerceiver()
    page = HEAD + "".join(row(shown, eye) for shown in PICTURES) + FOOT
    (FOLDER / "seeing.md").write_text(page, encoding="utf-8")
