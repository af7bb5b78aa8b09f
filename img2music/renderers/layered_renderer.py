"""The layered renderer: a neural sound under parts that are played exactly as written: pads by a model, the tune by the soundfont.

    renderer:
      use: layered
      options:
        neural: {use: musicgen, options: {takes: 2}}
        symbolic: [melody, bass]

The neural sound is made first; how much later it is than our own rendering of what it was given is measured and taken away, so that both layers
keep one beat. Then the chosen parts are played, the neural sound is brought to its level beside them, and the sum is mastered.

Conventions: 48 kHz, stereo, float32; levels in dB between loudness in LU. Stems are the chosen parts by name, and "neural"; they add up to the mix
before mastering. Of a loop the neural sound is turned round by its lag, not moved.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint, share_of_step
from img2music.errors import UsageError, unknown_name
from img2music.listening.features.resampling import resample
from img2music.part_plan import Role
from img2music.provenance import collect_sound_uses, record_sound_use, tell_notice
from img2music.registry import find_entry
from img2music.renderers.neural.joins.crossfade import stereo
from img2music.renderers.option_checks import number_option
from img2music.renderers.soundfont.soundfont_renderer import SoundfontRenderer
from img2music.stages import PlanReader, Rendering, load_stage
from img2music.theory import instrument
from img2music.theory.instruments import instrument_names

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from img2music.performance import Performance, PlayedPart
    from img2music.plan import CompositionPlan
    from img2music.provenance import SoundUse
    from img2music.scene import Scene
    from img2music.stages import Renderer

__all__ = ["LayeredRenderer", "chosen_ids", "readiness"]

_RATE = 48_000
_ROLES = get_args(Role)
_FIRST_BASS, _LAST_BASS = 32, 39
"""General MIDI's basses, where no plan says what a part is for."""
_PLAYS = ("rest", "all")


class LayeredRenderer:
    """Lays a neural sound under parts that the soundfont plays.

    Args:
        neural: which renderer makes the sound underneath, as a stage of a pipeline file: ``{"use": name, "options": {...}}``.
        symbolic: which parts are played exactly: roles ("melody", "bass", "drums", "chords", "pad" ...), ids of parts, or instruments.
        neural_level_db: loudness of the neural sound beside that of those parts together, -40 to 12.
        neural_plays: what the neural renderer is given: the "rest" of the parts, or "all"; all where nothing would be left.
        align: whether the lag of the neural sound is measured and taken away.
        soundfont: path of an .sf2 or .sf3 file; None for the built-in one.
        loudness_lufs: integrated loudness of the mix, -40 to -5 LUFS.
        peak_dbtp: highest true peak of the mix, -12 to 0 dBTP.

    Raises:
        UsageError: an option that is none, or a renderer that does not exist or does not take its options.
        MissingPackageError: the neural renderer lacks a package.
    """

    def __init__(
        self,
        *,
        neural: Mapping[str, Any],
        symbolic: Sequence[str] = ("melody",),
        neural_level_db: float = -3.0,
        neural_plays: str = "rest",
        align: bool = True,
        soundfont: str | None = None,
        loudness_lufs: float = -14.0,
        peak_dbtp: float = -1.0,
    ) -> None:
        self.soundfont = SoundfontRenderer(soundfont=soundfont, loudness_lufs=loudness_lufs, peak_dbtp=peak_dbtp)
        if isinstance(symbolic, str) or not all(isinstance(name, str) for name in symbolic):
            raise UsageError(f"symbolic is a list of parts, such as [melody, bass], not {symbolic!r}; change it in the pipeline")
        self.neural_level_db = number_option("neural_level_db", neural_level_db, -40, 12)
        if neural_plays not in _PLAYS:
            raise unknown_name("choice for neural_plays", str(neural_plays), _PLAYS)
        if not isinstance(align, bool):
            raise UsageError(f"align is true or false, not {align!r}; change it in the pipeline")
        self.symbolic, self.neural_plays, self.align = tuple(symbolic), neural_plays, align
        name, options = _neural_stage(neural)
        self.neural: Renderer = load_stage("renderer", name, options)
        self.neural_name = name
        self._plan: CompositionPlan | None = None
        self._scene: Scene | None = None

    def for_plan(self, plan: CompositionPlan, scene: Scene | None, /) -> LayeredRenderer:
        """The same for a performance of `plan`: what a part is for is known then, and the neural renderer is told what the music is about."""
        told = object.__new__(LayeredRenderer)
        told.__dict__.update(self.__dict__)
        told._plan, told._scene = plan, scene
        return told

    def __call__(self, performance: Performance, /, *, stems: bool = False) -> Rendering:
        """The sound of a performance: the mastered mix and, with `stems`, the chosen parts and the neural sound alone.

        Raises:
            UsageError: `symbolic` names what is no role, part or instrument.
            BackendError: the neural renderer failed, or the synthesizer.
            DocumentError, MissingPackageError: as `SoundfontRenderer` raises them.
        """
        from img2music.renderers.post.mastering import master
        from img2music.renderers.post.sound_end import end_fade

        ids = chosen_ids(performance, self.symbolic, self._plan)
        exact = replace(performance, parts=tuple(part for part in performance.parts if part.id in ids))
        if not any(part.notes for part in exact.parts):
            tell_notice(f"none of {', '.join(self.symbolic) or 'the parts'} plays here: the neural sound is alone")
        with share_of_step(0, 0.8):
            underneath = self._neural_sound(performance, ids)
        with share_of_step(0.8, 0.9):
            alone = dict(self.soundfont(exact, stems=True).stems)
        frames = max([underneath.shape[1], *(stem.samples.shape[1] for stem in alone.values())])
        layers = {name: _filled(stem.samples, frames) for name, stem in alone.items()}
        mix = np.zeros((2, frames), np.float32)
        for layer in layers.values():
            mix += layer
        checkpoint(9, 10)
        neural = _filled(underneath, frames) * _gain(mix, underneath, self.neural_level_db)
        layers[_unused("neural", layers)] = neural
        mix += neural
        if not performance.loop:
            fade = end_fade(mix, _RATE)
            for sound in (mix, *layers.values()):
                sound[:, frames - len(fade) :] *= fade
        master(mix, _RATE, self.soundfont.loudness_lufs, self.soundfont.peak_dbtp, goes_round=performance.loop)
        return Rendering(Audio(mix, _RATE), {name: Audio(layer, _RATE) for name, layer in layers.items()} if stems else {})

    def _neural_sound(self, performance: Performance, ids: Collection[str]) -> NDArray[np.float32]:
        """The neural sound of the rest (or of all), on the beat, shape (2, frames)."""
        rest = tuple(part for part in performance.parts if part.id not in ids)
        given = performance
        if self.neural_plays == "rest" and any(part.notes for part in rest):
            given = replace(performance, parts=rest)
        notes: list[str] = []
        uses: list[SoundUse] = []
        try:
            with collect_sound_uses() as uses:
                mix = self._told(given)(given, stems=False).mix
            sound = stereo(resample(mix, _RATE).samples)
            sound = _filled(sound, max(round(performance.seconds * _RATE), sound.shape[1] if performance.rings else 0))
            if self.align:
                sound, note = self._on_the_beat(sound, given, performance)
                notes.append(note)
        finally:
            for use in uses:
                record_sound_use(use.model_copy(update={"notes": (*use.notes, *notes)[-60:]}))
        return sound

    def _told(self, given: Performance) -> Renderer:
        if self._plan is None or not isinstance(self.neural, PlanReader):
            return self.neural
        ids = {part.id for part in given.parts}
        parts = tuple(part for part in self._plan.parts if part.id in ids)
        return self.neural.for_plan(self._plan.model_copy(update={"parts": parts or self._plan.parts}), self._scene)

    def _on_the_beat(
        self, sound: NDArray[np.float32], given: Performance, performance: Performance
    ) -> tuple[NDArray[np.float32], str]:
        """The sound without its lag, and what was done, in words."""
        from img2music.listening.lag import align, measure_lag
        from img2music.renderers.neural.soundfont_guide import guide

        audio = Audio(sound, _RATE)
        for reference in (given, performance) if given is not performance else (given,):
            lag = measure_lag(audio, guide(reference))
            if lag is not None:
                break
        if lag is None:
            return sound, "how much earlier or later it plays could not be measured: left where it was"
        note = f"played {abs(lag) * 1000:.0f} ms {'late' if lag > 0 else 'early'}: moved onto the beat of the exact parts"
        if performance.loop:
            return np.roll(sound, -round(lag * _RATE), axis=1), note
        return align(audio, lag, sound.shape[1]).samples, note


def chosen_ids(performance: Performance, names: Sequence[str], plan: CompositionPlan | None = None) -> frozenset[str]:
    """Ids of the parts that roles, ids or instruments name. A role that nobody has names no part.

    Without a plan drums are what is on the percussion channel, the bass is what has a bass's program, the melody is the highest of the other
    parts, and no part has another role.

    Raises:
        UsageError: a name that is no role, no part's id and no instrument.
    """
    roles = _guessed_roles(performance.parts) if plan is None else {part.id: part.role for part in plan.parts}
    found: set[str] = set()
    for name in names:
        plain = name.strip().lower()
        if any(part.id == name for part in performance.parts):
            found.add(name)
        elif plain in _ROLES:
            found |= {part.id for part in performance.parts if roles.get(part.id) == plain}
        else:
            found |= _of_instrument(performance, name)
    return frozenset(found)


def readiness(options: Mapping[str, Any]) -> str:
    """Why the neural renderer underneath can't work here yet, with the remedy; empty where it can (see `RegistryEntry.readiness`)."""
    if options.get("neural") is None:
        return "plays what the option neural names: take `--pipeline musicgen-layered`, or a pipeline of your own"
    try:
        name, inner = _neural_stage(options["neural"])
        entry = find_entry("renderer", name)
    except UsageError as error:
        return str(error)
    if entry.lacking() or not entry.readiness:
        return entry.lacking()
    module, _, function = entry.readiness.partition(":")
    fault: str = getattr(import_module(module), function)(inner)
    return fault


def _neural_stage(neural: object) -> tuple[str, Mapping[str, Any]]:
    """Name and options of the renderer underneath.

    Raises:
        UsageError: it is not written as a stage is.
    """
    if not isinstance(neural, dict) or not isinstance(neural.get("use"), str) or set(neural) - {"use", "options"}:
        raise UsageError(
            f"neural names a renderer and its options, such as {{use: musicgen, options: {{takes: 2}}}}, not {str(neural)[:80]!r}"
        )
    options = neural.get("options") or {}
    if not isinstance(options, dict):
        raise UsageError(f"options of the renderer {neural['use']!r} are a table, not {str(options)[:80]!r}")
    if neural["use"] == "layered":
        raise UsageError("layers cannot lie in layers; name another renderer under neural")
    entry = find_entry("renderer", neural["use"])
    # A plug-in can't say whether it departs from the score, so it is believed.
    if not entry.listened and entry.plugin_of is None:
        raise UsageError(
            f"the renderer {entry.name!r} plays what is written, as the parts over it are; "
            "name one under neural that makes sound of its own, such as musicgen or magenta-rt"
        )
    return entry.name, options


def _guessed_roles(parts: Sequence[PlayedPart]) -> dict[str, str]:
    roles = {part.id: "drums" for part in parts if part.is_drums}
    roles |= {part.id: "bass" for part in parts if not part.is_drums and _FIRST_BASS <= part.program <= _LAST_BASS}
    others = [part for part in parts if part.notes and part.id not in roles]
    if others:
        highest = max(others, key=lambda part: sum(note.pitch for note in part.notes) / len(part.notes))
        roles[highest.id] = "melody"
    return roles


def _of_instrument(performance: Performance, name: str) -> set[str]:
    try:
        player = instrument(name)
    except UsageError:
        known = [*(part.id for part in performance.parts), *_ROLES, *instrument_names()]
        raise unknown_name("role, part or instrument", name, known) from None
    return {part.id for part in performance.parts if (part.program, part.is_drums) == (player.program, player.kit)}


def _gain(beside: NDArray[np.float32], sound: NDArray[np.float32], level_db: float) -> np.float32:
    """What brings `sound` to its level beside the other; 1 where one of them is silent."""
    from img2music.listening.loudness import integrated_loudness, k_weighted_energy

    loudness = [integrated_loudness(k_weighted_energy(one, _RATE)) for one in (beside, sound)]
    if loudness[0] is None or loudness[1] is None:
        return np.float32(1)
    return np.float32(10 ** ((loudness[0] - loudness[1] + level_db) / 20))


def _filled(samples: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Exactly so many frames, a copy."""
    exact = np.zeros((2, frames), np.float32)
    kept = samples[:, :frames]
    exact[:, : kept.shape[1]] = kept
    return exact


def _unused(name: str, taken: Mapping[str, object]) -> str:
    while name in taken:
        name += "*"
    return name
