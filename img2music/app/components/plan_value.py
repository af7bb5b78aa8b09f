"""What the view `plan` draws of a plan: every choice with its control and its reason, the form, the chords, the band, the text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from img2music.app.components.page_texts import page_text
from img2music.io.documents import dump_json
from img2music.io.engraving.piano_roll import PART_COLOURS
from img2music.io.style_files import load_style, style_names
from img2music.report.course import section_words
from img2music.report.scene_text import cited_name
from img2music.report.text_format import as_sentence, format_clock, format_number, with_accidentals
from img2music.theory import METERS, instrument, instrument_names
from img2music.theory.keys import MODES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.app.session.choices import Choices
    from img2music.plan import CompositionPlan, Reason
    from img2music.scene import Scene

__all__ = ["material_tones", "part_colours", "plan_value"]

_TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_NO_LETTER = ("intro", "outro")
_REASONS = {"meter": "metre", "seconds": "form"}
"""Names of reasons where the control is called otherwise."""


def plan_value(plan: CompositionPlan, scene: Scene | None, choices: Choices) -> dict[str, Any]:
    """What the view `plan` draws.

    Args:
        plan: the current take's plan.
        scene: what was seen: reasons cite its cues.
        choices: what was asked for: those choices are marked, and can be given back to the picture.
    """
    return {
        "title": plan.title,
        "idea": plan.idea,
        "bars": plan.bars,
        "choices": list(_choices(plan, scene, choices)),
        "sections": _sections(plan),
        "parts": _parts(plan),
        "conflicts": [as_sentence(text) for text in plan.conflicts],
        "text": dump_json(plan),
    }


def material_tones(plan: CompositionPlan) -> dict[str, str]:
    """CSS class of a material's colour; intro and outro have none of their own."""
    letters = dict.fromkeys(section.material for section in plan.sections if section.role not in _NO_LETTER)
    return {letter: f"m{place % 4}" for place, letter in enumerate(letters)}


def part_colours(plan: CompositionPlan) -> dict[str, str]:
    """A colour for each part's id."""
    return {part.id: PART_COLOURS[place % len(PART_COLOURS)] for place, part in enumerate(plan.parts)}


def _choices(plan: CompositionPlan, scene: Scene | None, choices: Choices) -> Iterator[dict[str, Any]]:
    key = plan.parsed_key
    tonic = key.name.split()[0]
    tonics = list(dict.fromkeys([*_TONICS, tonic]))
    players = ", ".join(dict.fromkeys(part.instrument for part in plan.parts))
    tempi, lengths, fuller = {"low": 40, "high": 208}, {"low": 10, "high": 240, "step": 5}, {"low": -1, "high": 1, "step": 0.1}
    rows: list[tuple[str, bool, dict[str, Any]]] = [
        ("tempo", choices.tempo is not None, {"value": round(plan.tempo_bpm), "range": tempi, "unit": page_text("plan.bpm")}),
        ("key", bool(choices.key), {"value": tonic, "options": [_option(one, with_accidentals(one)) for one in tonics]}),
        ("mode", bool(choices.mode or choices.key), {"value": key.mode, "options": list(MODES)}),
        ("meter", bool(choices.meter), {"value": plan.meter, "options": list(METERS)}),
        ("style", bool(choices.style), {"value": plan.style, "options": _styles()}),
        ("seconds", choices.seconds is not None, {"value": round(plan.seconds), "range": lengths, "unit": page_text("plan.seconds")}),
        ("density", choices.density is not None, {"value": choices.density or 0, "range": fuller, "unit": page_text("plan.density_unit")}),
        ("instruments", bool(choices.instruments), {"value": players, "longest": 400}),
        ("words", bool(choices.words), {"value": choices.words, "longest": 2000, "hint": page_text("wishes.words_hint")}),
        ("seed", choices.seed is not None, {"value": choices.seed or 0, "figure": {"low": 0, "high": 2**31 - 1}}),
    ]  # fmt: skip
    reasons = {reason.choice: reason for reason in plan.reasons}
    for name, asked, control in rows:
        reason = reasons.get(_REASONS.get(name, name))
        yield {"name": name, "label": page_text(f"plan.names.{name}"), "asked": asked, **_why(reason, scene, name), **control}


def _why(reason: Reason | None, scene: Scene | None, name: str) -> dict[str, Any]:
    if reason is None:
        return {"reason": page_text(f"plan.no_reason.{name}"), "because": []}
    cited = [
        {"name": one, "label": cited_name(scene, one) if scene is not None else one, "share": reason.strengths.get(one, 0)}
        for one in reason.because
    ]
    return {"reason": as_sentence(reason.text), "because": cited}


def _option(value: str, label: str) -> dict[str, str]:
    return {"value": value, "label": label}


@cache
def _styles() -> list[dict[str, str]]:
    return [_option(name, name.replace("-", " ")) for name in style_names() if load_style(name)]


def _sections(plan: CompositionPlan) -> list[dict[str, Any]]:
    tones, chords, rows = material_tones(plan), plan.chords(), []
    for section, first in zip(plan.sections, plan.first_bars, strict=True):
        begin = plan.tempo_map.seconds_at(plan.meter_map.bar_onset(first))
        own = section_words(plan, section)
        words = page_text("plan.section", role=page_text(f"plan.roles.{section.role}"), bars=section.bars)
        rows.append(
            {
                "name": section.name,
                "words": f"{words} · {own}" if own else words,
                "tone": tones.get(section.material, "m"),
                "bars": section.bars,
                "first_bar": first,
                "energy": round(sum(section.bar_energies) / section.bars, 3),
                "curve": list(section.energy_curve or ()),
                "from": format_clock(begin),
                "key": section.key or "",
                "harmony": list(section.harmony),
                "symbols": [
                    with_accidentals("  ".join(chord.symbol for chord in bar)) for bar in chords[first : first + section.bars]
                ],
            }
        )
    return rows


def _parts(plan: CompositionPlan) -> list[dict[str, Any]]:
    colours = part_colours(plan)
    return [
        {
            "id": part.id,
            "name": part.name,
            "instrument": part.instrument,
            "words": page_text(f"plan.part_roles.{part.role}"),
            "level_db": round(part.level_db),
            "level_words": format_number(part.level_db),
            "colour": colours[part.id],
            "options": _players(instrument(part.instrument).kit),
        }
        for part in plan.parts
    ]


@cache
def _players(kit: bool) -> list[dict[str, Any]]:
    """Who may take a part, by families."""
    families: dict[str, list[str]] = {}
    for name in instrument_names():
        player = instrument(name)
        if player.kit == kit:
            families.setdefault(player.family, []).append(name)
    return [{"label": family, "names": names} for family, names in families.items()]
