"""A scene that somebody edited: which of its values are no longer the eye's, and what follows from that.

What was edited stays as it is; what the eye suggested is suggested again where it rests on what was edited:

    a cue or a colour      everything
    valence, arousal       tempo, key, mode, mood, style, metre, instruments
    genre                  metre, instruments

Only values count, not texts and reasons. A scene without a seal is taken as it stands. Knows nothing of files.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from img2music.crossmodal.affect import read_affect
from img2music.crossmodal.cue_evidence import CueEvidence
from img2music.crossmodal.musical_attributes import suggest_attributes
from img2music.crossmodal.seen_instruments import INSTRUMENT_PREFIX, named_instrument_cue
from img2music.crossmodal.subject_rules import SUBJECTS, subject_group
from img2music.scene import Cue, MusicalAttributes, Scene, Seal, Swatch

if TYPE_CHECKING:
    from img2music.scene import Attribute

__all__ = ["refresh_edited_scene", "seal_scene"]

_OF_FEELING = frozenset({"tempo_bpm", "key", "mode", "mood", "genre", "meter", "instruments"})
_OF_GENRE = frozenset({"meter", "instruments"})
_SAID = 0.9
"""How sure a subject is that a person wrote: a person may err too. Our choice."""


def seal_scene(scene: Scene) -> Scene:
    """The scene with the seal of what stands in it now."""
    return scene.model_copy(update={"seal": Seal(cues=_of_cues(scene), attributes=_of_attributes(scene))})


def refresh_edited_scene(scene: Scene) -> tuple[Scene, tuple[str, ...]]:
    """The scene with everything suggested again that rests on what was edited, and sentences that say so.

    An untouched scene, and one without a seal, comes back as it is, with nothing to say.
    """
    if scene.seal is None:
        return scene, ()
    cues = _edited(_of_cues(scene), scene.seal.cues)
    own = [name for name in _edited(_of_attributes(scene), scene.seal.attributes) if name in MusicalAttributes.model_fields]
    moved: set[str] = set(MusicalAttributes.model_fields) if cues else set()
    moved |= _OF_FEELING if {"valence", "arousal"} & set(own) else set()
    moved |= _OF_GENRE if "genre" in own else set()
    moved -= set(own)
    if not moved:
        return scene, ()
    basis = _as_said(scene, cues)
    kept: dict[str, Attribute[object]] = {name: getattr(scene.attributes, name) for name in MusicalAttributes.model_fields}
    evidence = CueEvidence.of(basis)
    valence, arousal = read_affect(evidence)
    valence = scene.attributes.valence if "valence" not in moved else valence
    arousal = scene.attributes.arousal if "arousal" not in moved else arousal
    fresh = suggest_attributes(
        evidence,
        valence,
        arousal,
        genre=None if "genre" in moved else scene.attributes.genre.value,
        mode=None if "mode" in moved else scene.attributes.mode.value,
    )
    chosen = {name: getattr(fresh, name) if name in moved else kept[name] for name in kept}
    changed = [name for name in kept if name in moved and chosen[name].value != kept[name].value]
    notes = [f"The scene was edited ({', '.join([*cues, *own])}): {_said(changed)}."]
    strange = [name for name in cues if name.startswith("sees_") and name.removeprefix("sees_") not in SUBJECTS]
    if strange:
        notes.append(f"No row says what {', '.join(strange)} sounds like, so nothing follows from it.")
    attributes = scene.attributes.model_copy(update=chosen)
    return basis.model_copy(update={"attributes": attributes}), tuple(notes)


def _said(changed: list[str]) -> str:
    words = {"tempo_bpm": "tempo", "meter": "metre", "genre": "style"}
    named = ", ".join(words.get(name, name) for name in changed)
    return f"{named} {'was' if len(changed) == 1 else 'were'} suggested again" if named else "all suggestions stayed as they were"


def _as_said(scene: Scene, edited: list[str]) -> Scene:
    """The scene with what a person wrote as its subject in place of what the eye recognised, unless that was edited too."""
    cue = scene.cue("subject")
    if cue is None or "subject" not in edited or any(name.startswith(("sees_", INSTRUMENT_PREFIX)) for name in edited):
        return scene
    player = named_instrument_cue(str(cue.value))
    group = "instrument" if player is not None else subject_group(str(cue.value))
    others = tuple(one for one in scene.cues if not one.name.startswith(("sees_", "likely_", INSTRUMENT_PREFIX)))
    if group is None:
        return scene.model_copy(update={"cues": others}) if cue.value == "not sure" else scene
    said = Cue(name=f"sees_{group}", value=_SAID, unit="0..1", text=f"{cue.value}, as you say")
    playing = (
        [Cue(name=player, value=_SAID, unit="0..1", text=f"{cue.value} ({_SAID:.2f}), as you say")] if player is not None else []
    )
    return scene.model_copy(update={"cues": (*others, said, *playing)})


def _edited(now: dict[str, str], then: dict[str, str]) -> list[str]:
    """Names whose value is another, new or gone."""
    return [name for name in {**now, **then} if now.get(name) != then.get(name)]


def _of_cues(scene: Scene) -> dict[str, str]:
    items: tuple[Cue | Swatch, ...] = (*scene.cues, *scene.colours)
    return {item.name: _digest(_value(item)) for item in items}


def _of_attributes(scene: Scene) -> dict[str, str]:
    return {name: _digest(getattr(scene.attributes, name).value) for name in MusicalAttributes.model_fields}


def _value(item: Cue | Swatch) -> object:
    if isinstance(item, Cue):
        return item.value
    return (item.lightness, item.chroma, item.hue_degrees, item.share)


def _digest(value: object) -> str:
    return sha256(json.dumps(value).encode()).hexdigest()[:12]
