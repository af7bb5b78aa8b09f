"""What a visitor has chosen, as the page's controls hold it: text, numbers, and nothing for what the picture decides.

The same choices as options of the command line make the same piece; what the command line has no option for (a mode or a tonic alone, a
density) is said in `Choices`. Names are looked up here and nothing is opened by a path: a visitor's text never is a file name.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from img2music.brief import Brief
from img2music.errors import BriefError, UsageError, unknown_name
from img2music.theory import Key, parse_pitch_class

if TYPE_CHECKING:
    from img2music.app.session.limits import Limits
    from img2music.scene import Scene

__all__ = ["Choices"]

_DENSITY = (-1.0, 1.0)
_LARGEST_SEED = 2**63


@dataclass(frozen=True, slots=True)
class Choices:
    """What is asked for; "" or None leaves it to the picture."""

    pipeline: str = "offline"
    """Name of a pipeline that comes with the program."""
    model: str = ""
    """Line of a model that the pipeline shall ask; see `Limits.own_models`."""
    prompt: str = ""
    """Name of a prompt that comes with the program."""
    seconds: float | None = None
    """Length of the sound; None is 60."""
    tempo: float | str | None = None
    """Quarter notes a minute, or "72-96" for a tempo that moves."""
    key: str = ""
    """"D minor", several ("D minor, F major"), or a tonic alone: then the picture decides the mode."""
    mode: str = ""
    """A mode for a tonic alone; without one the picture decides the tonic."""
    meter: str = ""
    style: str = ""
    """Name of a style that comes with the program."""
    instruments: tuple[str, ...] = ()
    """Exactly these play, the first one the tune."""
    words: str = ""
    seed: int | None = None
    """None is 0."""
    density: float | None = None
    """-1 thinner to 1 fuller than the feeling alone would have it; it stands in the scene as a person's."""
    loop: bool = False

    @classmethod
    def of_brief(cls, brief: Brief, **others: Any) -> Choices:
        """The choices that ask for what a brief asks."""
        return cls(
            seconds=brief.seconds if "seconds" in brief.model_fields_set else None,
            tempo=brief.tempo_words or None,
            key=", ".join(brief.keys),
            meter=brief.meter or "",
            style=brief.style or "",
            instruments=brief.instruments,
            words=brief.words,
            seed=brief.seed,
            loop=brief.loop,
            **others,
        )

    def brief(self, scene: Scene | None = None) -> Brief:
        """As a brief; `scene` settles what a tonic or a mode alone leaves open, and without one that is left open.

        Raises:
            BriefError: a wish out of range. UsageError: a name that does not exist.
        """
        tempo = self.tempo
        return Brief.of(
            seconds=self.seconds,
            tempo_bpm=tempo if isinstance(tempo, str | None) else float(tempo),
            key=self._key(scene),
            meter=self.meter.strip() or None,
            style=self.style.strip() or None,
            instruments=self.instruments or None,
            words=self.words or None,
            seed=self.seed,
            loop=self.loop or None,
        )

    def check(self, limits: Limits) -> None:
        """Looks every name up and holds every number to its range, before any work.

        Raises:
            BriefError: a wish out of range. UsageError: a name that does not exist, or is not offered.
        """
        from img2music.io.style_files import style_names
        from img2music.pipeline.presets import pipeline_names
        from img2music.templates import prompt_names
        from img2music.theory.keys import MODES

        for kind, name, known in (
            ("pipeline", self.pipeline, pipeline_names()),
            ("style", self.style.strip(), style_names()),
            ("prompt", self.prompt, prompt_names()),
            ("mode", self.mode, tuple(MODES)),
        ):
            if name and name not in known:
                raise unknown_name(kind, name, known)
        limits.check_model(self.model)
        if self.density is not None and not _DENSITY[0] <= self.density <= _DENSITY[1]:
            raise BriefError(f"a density of {self.density:g} can't be met: give a number from -1 (thinner) to 1 (fuller)")
        if self.seed is not None and not 0 <= self.seed < _LARGEST_SEED:
            raise BriefError(f"seed {self.seed} can't be used: give a whole number from 0 up")
        limits.check_brief(self.brief())

    def with_scene(self, scene: Scene) -> Scene:
        """The scene with what is chosen of it: the density."""
        from img2music.app.session.scene_choices import with_attributes

        return scene if self.density is None else with_attributes(scene, density=self.density)

    def differences(self, earlier: Choices) -> dict[str, tuple[Any, Any]]:
        """The fields that were chosen otherwise before: (now, then) by name."""
        found = {field.name: (getattr(self, field.name), getattr(earlier, field.name)) for field in fields(self)}
        return {name: values for name, values in found.items() if values[0] != values[1]}

    def _key(self, scene: Scene | None) -> str | None:
        """The asked key with what the scene settles of it; None where it is left open."""
        key, mode = self.key.strip(), self.mode
        if key and ("," in key or Key.parse(key).name.split()[0] != key[:1].upper() + key[1:]):  # it names a mode
            if mode and (("," in key) or Key.parse(key).mode != mode):
                raise UsageError(f"the key {key!r} has its mode already; leave the mode {mode!r} out, or give the tonic alone")
            return key
        if not key and not mode:
            return None
        if scene is None:
            return Key.readable(parse_pitch_class(key), mode).name if key and mode else None
        seen = scene.attributes
        return Key.readable(parse_pitch_class(key or seen.key.value), mode or seen.mode.value).name
