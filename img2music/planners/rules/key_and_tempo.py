"""Metre, keys and tempo of a plan: who decides, and why.

The brief wins, then plain words, then the picture, then the style's habit; every choice has its reason, and every conflict is written down.
Several keys, or two tempi, are a piece that moves; words can ask for that too ("getting faster", "major at the end").
Conventions: tempo in quarter notes a minute.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from img2music.brief import TEMPO_RANGE_BPM
from img2music.planners.form import fit_tempo
from img2music.planners.rules.affect_mapping import nearest_mode
from img2music.planners.rules.gradual_tempo import GradualTempo
from img2music.planners.rules.loop_form import fit_loop_tempo
from img2music.planners.rules.word_steering import steer_mode, steer_tempo
from img2music.theory import Key, Meter, parse_pitch_class, pitch_class_name

if TYPE_CHECKING:
    from img2music.brief import Brief
    from img2music.planners.rules.plan_wording import DecisionLog
    from img2music.scene import Scene
    from img2music.style import Style
    from img2music.words import WordsReading

__all__ = ["AskedKey", "choose_keys", "choose_meter", "choose_tempo"]

_OTHER_MODE = {"major": "minor", "minor": "major"}
_LAST_SHARE = 3.0
"""How much longer the piece is in its own mode than in the one that words ask for at its end (our choice)."""


class AskedKey(NamedTuple):
    """A key of the piece."""

    key: Key
    share: float = 1.0
    """How much of the piece is in it, beside the other keys."""
    must: bool = True
    """Whether the brief names it, so that it can't be left out where the piece is too short."""


def choose_meter(scene: Scene, brief: Brief, style: Style, notes: DecisionLog) -> Meter:
    """The metre of the piece."""
    seen, genre = scene.attributes.meter, scene.attributes.genre
    if brief.meter is not None:
        notes.asked("metre", brief.meter, seen.value)
        if brief.meter not in style.meters:
            notes.conflicts.append(f"{style.name} is usually in {' or '.join(style.meters)}; {brief.meter} was kept as asked")
        return Meter.parse(brief.meter)
    if seen.value in style.meters:
        notes.because("metre", f"{seen.value}, as what is seen suggests.", seen.because, seen.strengths)
        return Meter.parse(seen.value)
    notes.because("metre", f"{style.meters[0]}, because {style.name} lives in it.", genre.because, genre.strengths)
    return Meter.parse(style.meters[0])


def choose_keys(
    scene: Scene, brief: Brief, words: WordsReading, valence: float, style: Style, notes: DecisionLog
) -> tuple[AskedKey, ...]:
    """The keys of the piece in their order; mostly there is one."""
    if len(brief.keys) > 1:
        wish = ", then ".join(brief.keys)
        notes.asked("key", wish, _suggested(scene).name, f"{wish}: you asked for these keys in this order.")
        return tuple(AskedKey(Key.parse(name)) for name in brief.keys)
    key = _key(scene, brief, words, valence, style, notes)
    wanted = words.end_mode
    if wanted is None or (brief.key is not None and words.key is None):
        return (AskedKey(key),)
    if brief.loop:
        notes.conflicts.append(f"your words ask for {wanted} at the end, and a loop ends as it begins; it stays in {key.name}")
        return (AskedKey(key),)
    if key.is_minor == (wanted == "minor"):
        if brief.key is not None or words.mode is not None:
            return (AskedKey(key),)  # it ends so anyway
        key = Key.readable(key.tonic, nearest_mode(_OTHER_MODE[wanted], (*style.modes, _OTHER_MODE[wanted])))
        notes.reasons = [reason for reason in notes.reasons if reason.choice != "mode"]
        notes.because("mode", f"{key.mode}: your words ask for {wanted} at the end, so it begins otherwise.")
    last = Key.readable(key.tonic, wanted)
    notes.because("key", f"{key.name}, and {last.name} at the end: your words ask for it.")
    return AskedKey(key, _LAST_SHARE), AskedKey(last, must=False)


def choose_tempo(scene: Scene, brief: Brief, words: WordsReading, style: Style, meter: Meter, notes: DecisionLog) -> GradualTempo:
    """The tempo of the piece, from its beginning to its end; mostly they are one."""
    seen = scene.attributes.tempo_bpm
    trend = words.tempo_trend
    if trend is not None and brief.loop:
        notes.conflicts.append(f"your words ask it to get {_way(trend)}, and a loop ends as it begins; its tempo stays")
        trend = None
    if brief.tempo_bpm is not None:
        begin, end = brief.tempo_bpm, brief.tempo_to_bpm
        if end is None and trend is not None and words.tempo_bpm is not None:
            end = _in_range(round(begin * trend))
            notes.because("tempo", f"{begin:g} to {end:g} quarter notes a minute: your words ask it to get {_way(trend)}.")
        elif end is not None:
            told = f"{begin:g} to {end:g} quarter notes a minute: you asked for it; the first bar is in the one, the last in the other."
            notes.asked("tempo", f"{begin:g} to {end:g}", f"{seen.value:g}", told)
        else:
            notes.asked("tempo", f"{begin:g}", f"{seen.value:g}")
        return GradualTempo(begin, begin if end is None else end)
    steered = steer_tempo(seen.value, words, style)
    if trend is not None:
        begin = _in_range(round(steered.bpm / sqrt(trend)))
        end = _in_range(round(begin * trend))
        text = f"{begin:g} to {end:g} quarter notes a minute: the picture suggests {seen.value:g}{steered.text}"
        notes.because("tempo", f"{text}, and your words ask it to get {_way(trend)}.", seen.because, seen.strengths)
        return GradualTempo(begin, end)
    fit = fit_loop_tempo if brief.loop else fit_tempo
    tempo = fit(brief.seconds, steered.bpm, meter, steered.limits)
    text = f"{tempo:.4g} quarter notes a minute: the picture suggests {seen.value:g}{steered.text}"
    notes.because("tempo", f"{text}, and whole phrases have to fill {brief.seconds:g} s.", seen.because, seen.strengths)
    return GradualTempo(tempo, tempo)


def _way(trend: float) -> str:
    return "faster" if trend > 1 else "slower"


def _in_range(bpm: float) -> float:
    return min(TEMPO_RANGE_BPM[1], max(TEMPO_RANGE_BPM[0], float(bpm)))


def _suggested(scene: Scene) -> Key:
    seen = scene.attributes
    return Key.readable(parse_pitch_class(seen.key.value), seen.mode.value)


def _key(scene: Scene, brief: Brief, words: WordsReading, valence: float, style: Style, notes: DecisionLog) -> Key:
    seen = scene.attributes
    if brief.key is not None:
        notes.asked("key", brief.key, _suggested(scene).name)
        return Key.parse(brief.key)
    mode: str = seen.mode.value
    if words.mode is not None:
        notes.because("mode", f"{words.mode}: your words ask for it.")
        return Key.readable(parse_pitch_class(seen.key.value), words.mode)
    steered = steer_mode(mode, words, style)
    if steered is not None:
        mode, why = steered
        notes.because("mode", why)
    elif mode not in style.modes:
        usable = nearest_mode(mode, style.modes)
        notes.because(
            "mode",
            f"{usable}: the picture suggests {mode}, and {style.name} speaks {', '.join(style.modes)}.",
            seen.mode.because,
            seen.mode.strengths,
        )
        mode = usable
    else:
        notes.because(
            "mode",
            f"{mode}, from how pleasant the picture looks (valence {valence:+.2f}).",
            seen.mode.because,
            seen.mode.strengths,
        )
    key = Key.readable(parse_pitch_class(seen.key.value), mode)
    notes.because(
        "key",
        f"The tonic {pitch_class_name(key.tonic)} stands for the picture's leading colour on the circle of fifths.",
        seen.key.because,
        seen.key.strengths,
    )
    return key
