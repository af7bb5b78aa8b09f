"""What a visitor overrules in the scene: the feeling, the subject, how full the music is.

As `docs/editing.md` has it for whoever edits `scene.json`: the value is the person's, so its reasons are taken out; the planner knows by the seal
what was changed, and suggests again whatever rests on it. Knows nothing of plans.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from img2music.errors import BriefError, UsageError
from img2music.scene import Cue, MusicalAttributes, Scene

if TYPE_CHECKING:
    from img2music.scene import Attribute

__all__ = ["with_attributes", "with_feeling", "with_subject"]

_LONGEST_SUBJECT = 60


def with_attributes(scene: Scene, **values: object) -> Scene:
    """The scene with other values of musical attributes, as a person wrote them: sure, and without reasons."""
    changed: dict[str, Attribute[object]] = {}
    for name, value in values.items():
        before: Attribute[object] = getattr(scene.attributes, name)
        changed[name] = type(before)(value=value, because=(), confidence=1.0)
    attributes = MusicalAttributes.model_validate({**dict(scene.attributes), **changed})
    return scene.model_copy(update={"attributes": attributes})


def with_feeling(scene: Scene, valence: float, arousal: float) -> Scene:
    """The scene as if it felt so, -1 to 1 each; tempo, key, mode, mood, style, metre and instruments follow when it is planned.

    Raises:
        BriefError: a number out of range.
    """
    for name, value in (("valence", valence), ("arousal", arousal)):
        if not -1 <= value <= 1:
            raise BriefError(f"{name} {value:g} can't be: drag the point to a place from -1 to 1")
    return with_attributes(scene, valence=round(float(valence), 3), arousal=round(float(arousal), 3))


def with_subject(scene: Scene, text: str) -> Scene:
    """The scene with another subject ("forest", "violin", "not sure"); everything is suggested again when it is planned.

    Raises:
        UsageError: no word, or one that no row knows.
    """
    from img2music.crossmodal.seen_instruments import named_instrument_cue
    from img2music.crossmodal.subject_rules import SUBJECTS, subject_group

    word = " ".join(text.lower().split()).replace("_", " ")
    if not word or len(word) > _LONGEST_SUBJECT:
        raise UsageError('say in one or two words what the picture shows, such as "forest"')
    if word != "not sure" and subject_group(word) is None and named_instrument_cue(word) is None:
        near = get_close_matches(word, sorted(name.replace("_", " ") for name in SUBJECTS), n=3, cutoff=0.6)
        hint = f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""
        raise UsageError(
            f"nothing is known of how {word!r} sounds{hint}; take a word from the field's list, an instrument, or: not sure"
        )
    said = Cue(name="subject", value=word, unit="word", text=f"{word}, as you say")
    before = scene.cue("subject")
    others = tuple(cue for cue in scene.cues if cue.name != "subject")
    unit = said if before is None else said.model_copy(update={"unit": before.unit, "box": before.box})
    cues = tuple(unit if cue.name == "subject" else cue for cue in scene.cues) if before is not None else (*others, unit)
    return scene.model_copy(update={"cues": cues})
