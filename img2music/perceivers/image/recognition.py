"""What is in a picture: two image networks, their thousand classes folded into groups that matter for music.

EfficientNet-Lite0 and Lite2 (M. Tan & Q. Le, *EfficientNet*, ICML 2019; the Lite variants of 2020, trained on ImageNet-1k) look at
the whole picture once each; their shares are averaged. `assets/seeing/classes.tsv` says to which group each class belongs and how
people would feel about it: our judgement from the class names alone, made without any ratings of pictures.

Conventions: pictures are uint8 (height, width, 3); shares are probabilities that sum to 1 over the classes; boxes are fractions.
Does not know what ImageNet does not: people as such, space, emotions, events. It calls the moon a worm; hence the floor under which
the eye says "not sure": at .5 and more for the leading family, 93 of 100 familiar subjects are named rightly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from img2music.crossmodal.seen_instruments import INSTRUMENT_RULES, SURE, instrument_cue
from img2music.crossmodal.subject_rules import WIDE_FAMILIES, WIDE_TEMPERATURE
from img2music.perceivers.image.thumbnail import box_around, number_cue
from img2music.resources import asset_path
from img2music.scene import Box, Cue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.perceivers.image.faces import Face
    from img2music.perceivers.image.thumbnail import Array

__all__ = [
    "FAMILIES",
    "NETWORKS",
    "ImageClasses",
    "NetworkOutputs",
    "group_shares",
    "image_classes",
    "instrument_cues",
    "people_cue",
    "plain_word",
    "recognition_cues",
    "run_classifiers",
    "wide_cues",
]

NETWORKS: tuple[tuple[str, int], ...] = (("efficientnet_lite0", 224), ("efficientnet_lite2", 256))
"""The networks with the side of the square whose area the picture is scaled to, near those they were trained at (224, 260)."""
_STRIDE = 32  # both networks halve five times
_WIDEST = 4.0  # a longer panorama is squeezed to this ratio, which bounds the cost

_SURE = SURE
"""Share of the leading family from which the eye says what it sees."""
_WORTH_NAMING = 0.12
_MOST_GROUPS = 4
_PEOPLE_AROUND = 0.6
_PORTRAIT, _VERY_SURE = 0.15, 0.8
"""Height of a face that makes a person the subject, and what the networks' leading family then needs to prevail. Our choice."""

# Groups that are easily taken for one another and sound alike: their shares are added before the floor is asked. Our choice.
FAMILIES: tuple[tuple[str, ...], ...] = (
    ("sea", "freshwater", "ship", "desert"),
    ("mountain", "volcano", "snow"),
    ("forest", "field", "plant", "flower"),
    ("pet", "farm_animal", "wild_animal", "predator", "bird", "sealife", "reptile", "insect"),
    ("building", "ruin", "sacred_place", "bridge", "street", "prison"),
    ("road_vehicle", "train", "machine"),
    ("aircraft", "spacecraft"),
    ("food", "drink", "kitchen"),
    ("home", "household", "container"),
    ("office", "electronics", "screen", "text"),
    ("person", "clothing", "jewellery", "celebration"),
    ("instrument", "stage"),
)
_PLAIN_WORDS = {"light_fire": "candle or fire", "sealife": "sea animal", "medical": "medicine"}


class ImageClasses(NamedTuple):
    """The table of classes, one row a class in the networks' order."""

    names: tuple[str, ...]
    groups: tuple[str, ...]
    """All groups, sorted."""
    leading: NDArray[np.intp]
    """Index of each class's group, (1000,)."""
    traits: Array
    """(1000, 9): valence, arousal, people, indoor, danger, beauty, cute, disgust, festive."""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkOutputs:
    """What the networks made of a picture."""

    features: tuple[Array, ...]
    """Pooled features of each network, (1280,)."""
    logits: tuple[Array, ...]
    """Scores of each network, (1000,)."""
    cells: Array
    """The first network's scores place by place, (1000, rows, columns)."""

    def shares(self, temperature: float = 1.0) -> Array:
        """Probabilities of the classes, (1000,), averaged over the networks; a higher temperature spreads them."""
        return np.asarray(np.mean([_softmax(logits / temperature) for logits in self.logits], axis=0))


@cache
def image_classes() -> ImageClasses:
    """The table, read once."""
    rows = [
        line.split("\t") for line in asset_path("seeing/classes.tsv").read_text(encoding="utf-8").splitlines() if line[:1] != "#"
    ]
    groups = tuple(sorted({row[2] for row in rows}))
    return ImageClasses(
        tuple(row[1] for row in rows),
        groups,
        np.array([groups.index(row[2]) for row in rows]),
        np.array([[float(value) for value in row[4:]] for row in rows]),
    )


def _softmax(scores: Array) -> Array:
    raised = np.exp(scores - scores.max())
    return np.asarray(raised / raised.sum())


def run_classifiers(rgb: NDArray[np.uint8]) -> NetworkOutputs:
    """Both networks' view of a picture, whole and in its own proportions."""
    from PIL import Image

    from img2music.onnx_networks import run_network

    image = Image.fromarray(rgb)
    stretch = min(_WIDEST, max(1 / _WIDEST, image.width / image.height)) ** 0.5
    found = []
    for name, side in NETWORKS:
        across, down = (max(_STRIDE, round(length / _STRIDE) * _STRIDE) for length in (side * stretch, side / stretch))
        pixels = np.asarray(image.resize((across, down), Image.Resampling.BICUBIC), dtype=np.float32)
        scaled = np.ascontiguousarray(((pixels - 127) / 128).transpose(2, 0, 1)[None], dtype=np.float32)
        found.append(run_network(name, scaled))
    features = tuple(np.asarray(answer["feat"][0], dtype=np.float64) for answer in found)
    logits = tuple(np.asarray(answer["logits"][0], dtype=np.float64) for answer in found)
    return NetworkOutputs(features, logits, np.asarray(found[0]["cells"][0], dtype=np.float64))


def group_shares(seen: NetworkOutputs) -> dict[str, float]:
    """Each group's share, the largest first."""
    table = image_classes()
    sums = np.bincount(table.leading, weights=seen.shares(), minlength=len(table.groups))
    order = np.argsort(-sums, kind="stable")
    return {table.groups[index]: float(sums[index]) for index in order}


def people_cue(seen: NetworkOutputs, faces: int) -> Cue:
    """How likely people are in the picture: a face proves it, else the classes among which people usually are."""
    likely = 0.95 if faces else float(seen.shares() @ image_classes().traits[:, 2])
    text = "there are people" if faces else "people are likely" if likely >= _PEOPLE_AROUND else "no sign of people"
    return number_cue("people", likely, "0..1", text)


def wide_cues(seen: NetworkOutputs) -> list[Cue]:
    """`likely_...`: the share of each wide family of subjects, steadier than what it is exactly."""
    table, shares = image_classes(), seen.shares(WIDE_TEMPERATURE)
    sums = dict(zip(table.groups, np.bincount(table.leading, weights=shares, minlength=len(table.groups)), strict=True))
    made = []
    for family, (_, groups) in WIDE_FAMILIES.items():
        share = float(sum(sums.get(group, 0.0) for group in groups))
        made.append(number_cue(f"likely_{family}", share, "0..1", f"{family} of any kind: {share:.0%} likely"))
    return made


def _family(groups: dict[str, float]) -> tuple[tuple[str, ...], float]:
    """The family with the largest share, its groups from large to small, and that share."""
    single = tuple((group,) for group in groups if not any(group in family for family in FAMILIES))
    families = (*FAMILIES, *single)
    best = max(families, key=lambda family: sum(groups.get(group, 0.0) for group in family))
    return tuple(group for group in groups if group in best), sum(groups.get(group, 0.0) for group in best)


def plain_word(group: str) -> str:
    """A group's name for people."""
    return _PLAIN_WORDS.get(group, group.replace("_", " "))


def recognition_cues(seen: NetworkOutputs, content: float = 1.0, faces: Sequence[Face] = ()) -> list[Cue]:
    """What the picture shows: `subject`, and `sees_...` for each group worth naming, each with its place.

    `content` (0..1) is how much there is to see: in an empty picture the networks see ghosts, and their shares count by it. A large
    face makes a person the subject, unless the networks are very sure of something else: they know no people.
    """
    groups = {name: share * content for name, share in group_shares(seen).items()}
    family, sure = _family(groups)
    portrait = max((face for face in faces if face.box.height >= _PORTRAIT), key=lambda face: face.box.height, default=None)
    if portrait is not None and sure < _VERY_SURE:
        text = f"person (a face that fills {portrait.box.height:.0%} of the height), {portrait.sure:.0%} sure"
        person = number_cue("sees_person", portrait.sure, "0..1", "person: a large face", portrait.box)
        rest = [_group_cue(seen, group, groups[group]) for group in family if sure >= _SURE and groups[group] >= _WORTH_NAMING]
        subject = Cue(name="subject", value="person", unit="word", text=text, box=portrait.box)
        return [subject, person, *(cue for cue in rest if cue.name != "sees_person")][: 1 + _MOST_GROUPS]
    if sure < _SURE:
        leading = next(iter(groups))
        text = f"not sure what it shows: nothing above {_SURE:.0%}, {plain_word(leading)} at {groups[leading]:.0%}"
        return [Cue(name="subject", value="not sure", unit="word", text=text)]
    named = [group for group in family if groups[group] >= _WORTH_NAMING][:_MOST_GROUPS] or [family[0]]
    shares = seen.shares()
    named_cues = [_group_cue(seen, group, groups[group]) for group in named]
    text = f"{plain_word(named[0])} ({_classes_of(named[0], shares)}), {sure:.0%} sure"
    return [Cue(name="subject", value=plain_word(named[0]), unit="word", text=text, box=named_cues[0].box), *named_cues]


def instrument_cues(seen: NetworkOutputs, content: float = 1.0) -> list[Cue]:
    """`instrument_...` with its place for each class of instrument worth naming, where together they are sure; whatever the subject is.

    Which of them are sure enough to play is said in `crossmodal.seen_instruments`.
    """
    names, shares = image_classes().names, seen.shares() * content
    places = {name: names.index(name) for name in INSTRUMENT_RULES}
    if sum(float(shares[place]) for place in places.values()) < _SURE:
        return []
    likely = sorted((name for name in places if shares[places[name]] >= _WORTH_NAMING), key=lambda name: -shares[places[name]])
    return [
        number_cue(instrument_cue(name), share, "0..1", f"{name} seen ({share:.2f})", _place_of(seen, places[name]))
        for name in likely[:_MOST_GROUPS]
        for share in (shares[places[name]],)
    ]


def _group_cue(seen: NetworkOutputs, group: str, share: float) -> Cue:
    words = f"{plain_word(group)}: {_classes_of(group, seen.shares(), figures=True)}"
    return number_cue(f"sees_{group}", share, "0..1", words, _place(seen, seen.shares(), group))


def _classes_of(group: str, shares: Array, *, figures: bool = False) -> str:
    """A group's leading classes in words, for people."""
    table = image_classes()
    mine = np.flatnonzero(table.leading == table.groups.index(group))
    best = [index for index in mine[np.argsort(-shares[mine], kind="stable")][:3] if shares[index] >= 0.03] or [mine[0]]
    return ", ".join(table.names[index] + (f" {shares[index]:.2f}" if figures else "") for index in best[: 3 if figures else 2])


def _place(seen: NetworkOutputs, shares: Array, group: str) -> Box | None:
    """Where a group lies: class activation (Zhou, Khosla, Lapedriza, Oliva & Torralba, CVPR 2016), cells above half of its range.

    None where it is everywhere.
    """
    table = image_classes()
    return _heated(seen, np.where(table.leading == table.groups.index(group), shares, 0.0))


def _place_of(seen: NetworkOutputs, index: int) -> Box | None:
    """Where one class lies."""
    return _heated(seen, np.eye(1, len(image_classes().names), index)[0])


def _heated(seen: NetworkOutputs, weights: Array) -> Box | None:
    heat = np.tensordot(weights / max(float(weights.sum()), 1e-9), seen.cells, axes=1)
    reach = float(np.ptp(heat))
    if reach < 1e-6:
        return None
    rows, columns = np.nonzero(heat >= heat.min() + 0.5 * reach)
    height, width = heat.shape
    box = box_around(columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height)
    return box if box.width * box.height < 0.9 else None
