"""The sections of a plan: form, energy, harmony, and where they move, keys and tempi.

Conventions as in `plan`. Knows nothing of who plays and of notes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from img2music.plan import Section
from img2music.planners.form import count_bars, layout_more_sections, layout_sections, section_energies
from img2music.planners.harmony.harmonize import HarmonySetting, harmonize_keys
from img2music.planners.rules.affect_mapping import adapt_vocabulary, map_affect
from img2music.planners.rules.gradual_tempo import fit_gradual_tempo, section_tempi
from img2music.planners.rules.loop_form import (
    count_loop_bars,
    layout_loop,
    loop_energies,
    odd_loop_length,
    short_loop_harmony,
)
from img2music.planners.rules.plan_wording import SOURCE_PHRASES
from img2music.planners.rules.tonal_plan import LEAST_BARS_A_KEY, assign_keys, check_room, tonal_plan_words
from img2music.rng import generator
from img2music.theory.meter_map import MeterMap, bars_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.brief import Brief
    from img2music.planners.form import SectionLayout
    from img2music.planners.harmony.style_rows import BarNumerals
    from img2music.planners.rules.gradual_tempo import GradualTempo
    from img2music.planners.rules.key_and_tempo import AskedKey
    from img2music.planners.rules.plan_wording import DecisionLog
    from img2music.scene import Scene
    from img2music.style import Style
    from img2music.theory import Key, Meter

__all__ = ["plan_sections"]


def plan_sections(
    scene: Scene,
    brief: Brief,
    tempo: GradualTempo,
    meter: Meter,
    keys: Sequence[AskedKey],
    style: Style,
    affect: tuple[float, float],
    notes: DecisionLog,
) -> tuple[Section, ...]:
    """The sections in order.

    Args:
        scene: for the light from left to right, which the energy follows.
        brief: what is asked, its words settled.
        tempo: the piece's, or from which to which.
        meter: the piece's.
        keys: the piece's, in their order; the first is that of the plan.
        style: brings form and harmony.
        affect: valence and arousal, -1..1.
        notes: where reasons and conflicts are written.

    Raises:
        BriefError: more keys are asked for than the bars have room for.
    """
    valence, arousal = affect
    profile = scene.curve("brightness_profile")
    temper = map_affect(valence, arousal, style).temper
    layouts, tempo, keys = _layouts(brief, tempo, meter, keys, style, notes)
    bars = sum(layout.bars for layout in layouts)
    if brief.loop:
        energies = loop_energies(layouts, temper, profile)
        notes.conflicts += odd_loop_length(brief.seconds, bars, tempo.begin_bpm, meter)
    else:
        energies = section_energies(layouts, temper, profile, loud_end=style.ending == "hit")
    places = assign_keys(layouts, [asked.share for asked in keys])
    section_keys = [keys[place].key for place in places]
    bar_seconds = bars_seconds(1, meter, max(tempo.begin_bpm, tempo.end_bpm))
    harmony = harmonize_keys(
        layouts,
        [HarmonySetting(key, len(meter.beats), bar_seconds) for key in section_keys],
        style.model_copy(update={"vocabulary": adapt_vocabulary(style.vocabulary, valence, arousal)}),
        generator(brief.seed_for("harmony"), "harmony"),
        brightness=valence,
        loop=brief.loop,
    )
    short = short_loop_harmony(bars, section_keys[0].mode) if brief.loop else None
    if short is not None:
        harmony = (short,)
    _tell(layouts, section_keys, harmony, style, notes, loop=brief.loop, has_profile=bool(profile))
    return tuple(
        Section(
            name=layout.name,
            material=layout.material,
            role=layout.role,
            energy=energy,
            harmony=rows,
            phrase_bars=layout.phrase_bars,
            key=None if key == section_keys[0] else key.name,
            tempo_bpm=moves.tempo_bpm,
            tempo_changes=moves.tempo_changes,
        )
        for layout, energy, rows, key, moves in zip(
            layouts, energies, harmony, section_keys, section_tempi(layouts, MeterMap.constant(meter), tempo), strict=True
        )
    )


def _layouts(
    brief: Brief, tempo: GradualTempo, meter: Meter, keys: Sequence[AskedKey], style: Style, notes: DecisionLog
) -> tuple[tuple[SectionLayout, ...], GradualTempo, Sequence[AskedKey]]:
    """The form that fills the length, with room for all keys; the glide of the tempo that goes with it."""
    count = count_loop_bars if brief.loop else count_bars
    bars = count(brief.seconds, tempo.middle_bpm, meter)
    if bars < LEAST_BARS_A_KEY * len(keys) and not all(asked.must for asked in keys):
        given_up = ", ".join(asked.key.name for asked in keys if not asked.must)
        notes.conflicts.append(
            f"your words ask for {given_up} at the end, for which {brief.seconds:g} s are too short; it stays in {keys[0].key.name}"
        )
        keys = [asked for asked in keys if asked.must]
    if len(keys) == 1:
        layout = layout_loop if brief.loop else partial(layout_sections, form=style.form)
    else:
        check_room(bars, [asked.key for asked in keys], brief.seconds)
        more = partial(layout_more_sections, form=style.form)
        layout = partial(layout_loop if brief.loop else more, least=len(keys))
    if not tempo.moves:
        return layout(bars), tempo, keys
    least = LEAST_BARS_A_KEY * len(keys) if len(keys) > 1 else 1
    return (*fit_gradual_tempo(brief.seconds, tempo, meter, layout, least_bars=least), keys)


def _tell(
    layouts: Sequence[SectionLayout],
    keys: Sequence[Key],
    harmony: Sequence[BarNumerals],
    style: Style,
    notes: DecisionLog,
    *,
    loop: bool,
    has_profile: bool,
) -> None:
    """The reasons for form and harmony."""
    bars = sum(layout.bars for layout in layouts)
    moves = len(set(keys)) > 1
    letters = " ".join(layout.name for layout in layouts)
    climb = " Energy climbs to three quarters of the piece and follows the light from left to right."
    if loop:
        climb = " Energy swells once a pass and follows the light; there is no ending, the next pass is the return."
    has_arc = len(layouts) > 2 and has_profile
    where = f" {tonal_plan_words(layouts, keys)}." if moves else ""
    notes.because(
        "form",
        f"{bars} {'bar' if bars == 1 else 'bars'}: {letters}.{where}{climb if has_arc or loop else ''}",
        ("brightness_profile",) if has_arc else (),
    )
    following = [*keys[1:], keys[0] if loop else keys[-1]]
    leads = [
        f"{bars[-1].split()[-1]} leads to {after.name}"
        for bars, key, after in zip(harmony, keys, following, strict=True)
        if key != after
    ]
    joined = ", ".join(leads)
    notes.because(
        "harmony",
        f"Progressions of {' and '.join(dict.fromkeys(key.mode for key in keys))} as {SOURCE_PHRASES[style.vocabulary.source]} use them, "
        f"coloured as {style.name} speaks; a theme opens and is answered, the last bar "
        f"{'leads back to the first' if loop else 'is the tonic'}.{f' {joined}.' if leads else ''}",
    )
