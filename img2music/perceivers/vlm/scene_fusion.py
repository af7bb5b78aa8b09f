"""One scene of two eyes: the one that measures and a model that understands.

A model that has seen the picture knows what it shows. So what the measuring eye took it for goes, unless the model saw the same, cites it, or
says nothing of what it saw; so does how faces look, where the model says how the picture feels; so does every fact that the model calls wrong.
What follows from all of those (density, height, contour) is suggested anew from what is left.

Valence is the model's, arousal the mean of both, each on its own scale of spread. On 40 photographs people's ratings of arousal agreed with
that mean at r = .89, with the model at .78, with the eye at .83; of valence with the model at .94, with the mean at .86.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from img2music.crossmodal.cue_evidence import CueEvidence
from img2music.crossmodal.musical_attributes import suggest_attributes
from img2music.crossmodal.seen_instruments import INSTRUMENT_PREFIX
from img2music.scene import Attribute, Cue, MusicalAttributes, Scene

if TYPE_CHECKING:
    from collections.abc import Iterable

    from img2music.perceivers.vlm.scene_from_answer import SceneReading

__all__ = ["AROUSAL_CUE", "arousal_of_both", "fuse_scenes", "superseded"]

AROUSAL_CUE = "model_arousal"
"""The model's own reading, beside the attribute that holds the mean."""
PEOPLE, MODEL, EYE = (-0.13, 0.27), (-0.07, 0.32), (-0.12, 0.24)
"""Mean and standard deviation of arousal: of people's ratings (OASIS: Kurdi, Lozano & Banaji 2017), of what a model answers (42 of those
photographs), of the measuring eye (93 of them)."""
_RECOGNISED = ("subject", "sees_", "likely_", INSTRUMENT_PREFIX)
_TOGETHER: dict[str, tuple[str, ...]] = {
    "subject": _RECOGNISED,
    "time_of_day": ("night", "low_sun"),
    "weather": ("fog",),
    "face_size": ("face", "smiles"),
}
"""What goes with a fact that is called wrong: beginnings of names."""
_NO_WORDS = frozenset(
    {"any", "kind", "likely", "sure", "not", "what", "shows", "nothing", "above", "the", "and", "with", "that", "seen"}
)


def fuse_scenes(seen: SceneReading, measured: Scene, wrong: frozenset[str] = frozenset()) -> SceneReading:
    """The scene of a model's answer without what it superseded, with what follows.

    Args:
        seen: the model's answer over the measured scene.
        measured: what the measuring eye saw.
        wrong: measured cues that the model calls wrong.
    """
    gone = superseded(seen.scene, wrong)
    scene = _without(seen.scene, gone) if gone else seen.scene
    told = sorted(name for name in gone if not name.startswith("likely_"))  # wide families say little, and there are nine
    notes = [f"superseded by what the model saw: {', '.join(told)}"] if told else []
    if scene.attributes.arousal.source == "model":
        scene = _both_aroused(scene, measured.attributes.arousal)
    return replace(seen, scene=Scene.model_validate(scene.model_dump()), mended=(*seen.mended, *notes))


def superseded(scene: Scene, wrong: frozenset[str] = frozenset()) -> frozenset[str]:
    """Names of the measured cues that no longer hold."""
    known = [cue for cue in scene.cues if cue.source == "measured"]
    gone = {cue.name for cue in known for name in wrong if cue.name == name or cue.name.startswith(_TOGETHER.get(name, ()))}
    observed = [cue for cue in scene.cues if cue.source == "model"]
    if observed:
        said = _words(f"{cue.name} {cue.text}" for cue in observed)
        cited = _cited(scene.attributes)
        for cue in known:
            if cue.name.startswith(_RECOGNISED) and cue.name not in cited and not _words([_plain(cue)]) & said:
                gone.add(cue.name)
        if scene.attributes.valence.source == "model" and "smiles" not in cited:
            gone.add("smiles")
    return frozenset(gone & {cue.name for cue in known})


def _cited(attributes: MusicalAttributes) -> frozenset[str]:
    """What the model gives as a reason."""
    all_of_them: list[Attribute[Any]] = [getattr(attributes, name) for name in MusicalAttributes.model_fields]
    return frozenset(name for one in all_of_them if one.source == "model" for name in one.because)


def _plain(cue: Cue) -> str:
    """The words of a recognised thing; nothing for an eye that is not sure, and for what is said of a whole family."""
    if cue.value == "not sure" or cue.name.startswith("likely_"):
        return ""
    return f"{cue.name.partition('_')[2]} {cue.text}"


def _words(texts: Iterable[str]) -> frozenset[str]:
    """Words of three letters and more in the singular."""
    found = (word for text in texts for word in re.findall(r"[a-z]{3,}", text.lower().replace("_", " ")))
    return frozenset(word.removesuffix("s") for word in found if word not in _NO_WORDS)


def _without(scene: Scene, gone: frozenset[str]) -> Scene:
    """The scene without those cues, and what rests on them suggested again."""
    cues = tuple(cue for cue in scene.cues if cue.name not in gone)
    own, eyes = scene.attributes, scene.measured
    evidence = CueEvidence(cues, scene.colours)
    fresh = suggest_attributes(evidence, own.valence, own.arousal, genre=own.genre.value, mode=own.mode.value)
    kept: dict[str, Attribute[Any]] = {}
    for name in MusicalAttributes.model_fields:
        attribute: Attribute[Any] = getattr(own, name)
        # How the picture feels is read off the networks' features; what they take it for is a small part of that.
        rests = name not in {"valence", "arousal"} and attribute.source == "measured" and bool(gone & set(attribute.because))
        kept[name] = getattr(fresh, name) if rests else _cleared(attribute, gone)
    cleared = {name: _cleared(getattr(eyes, name), gone) for name in MusicalAttributes.model_fields} if eyes is not None else {}
    return scene.model_copy(
        update={
            "cues": cues,
            "attributes": own.model_copy(update=kept),
            "measured": None if eyes is None else eyes.model_copy(update=cleared),
        }
    )


def _cleared(attribute: Attribute[Any], gone: frozenset[str]) -> Attribute[Any]:
    """The attribute without citations of cues that are gone."""
    because = tuple(name for name in attribute.because if name not in gone)
    strengths = {name: share for name, share in attribute.strengths.items() if name not in gone}
    return (
        attribute if because == attribute.because else attribute.model_copy(update={"because": because, "strengths": strengths})
    )


def arousal_of_both(model: float, eye: float) -> float:
    """The mean of two readings of arousal, each as deviations from what its reader usually says, on people's scale; -1..1."""
    deviations = [(value - mean) / spread for value, (mean, spread) in ((model, MODEL), (eye, EYE))]
    return round(min(1.0, max(-1.0, PEOPLE[0] + PEOPLE[1] * sum(deviations) / 2)), 3) + 0.0


def _both_aroused(scene: Scene, eye: Attribute[float]) -> Scene:
    """The scene with the mean of both readings of arousal, and a cue that says so."""
    own = scene.attributes.arousal
    value = arousal_of_both(own.value, eye.value)
    text = f"arousal {value:+.2f}: the mean of the model's {own.value:+.2f} and the eye's {eye.value:+.2f}, each by how far it usually goes"
    cue = Cue(name=AROUSAL_CUE, value=float(own.value), unit="-1..1", text=text)
    # The cue stands for the eye's half; what is behind that is on record in `Scene.measured`.
    strengths = {AROUSAL_CUE: 0.5, **{name: round(share / 2, 3) for name, share in own.strengths.items()}}
    both = own.model_copy(update={"value": value, "because": (AROUSAL_CUE, *own.because), "strengths": strengths})
    attributes = scene.attributes.model_copy(update={"arousal": both})
    return scene.model_copy(update={"cues": (*scene.cues, cue), "attributes": attributes})
