"""What the view `plan` draws of a plan: every choice with its control and its reason, the form, the chords, the band, the text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from img2music.app.components.page_texts import page_text
from img2music.app.views.plan_view import plan_view
from img2music.io.documents import dump_json
from img2music.io.engraving.piano_roll import PART_COLOURS
from img2music.io.style_files import load_style, style_names
from img2music.report.text_format import format_clock, with_accidentals
from img2music.theory import METERS, instrument
from img2music.theory.keys import MODES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.app.session.choices import Choices
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

__all__ = ["key_options", "material_tones", "part_colours", "plan_value", "style_options"]

_TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_NO_LETTER = ("intro", "outro")
_REASONS = {"meter": "metre", "seconds": "form"}
"""Names of reasons where the control is called otherwise."""


def plan_value(plan: CompositionPlan, scene: Scene | None, choices: Choices) -> dict[str, Any]:
    """What the view `plan` draws: `plan_view` with controls beside.

    Args:
        plan: the current take's plan.
        scene: what was seen: reasons cite its cues.
        choices: what was asked for: those choices are marked, and can be given back to the picture.
    """
    view, colours, tones = plan_view(plan, scene), part_colours(plan), material_tones(plan)
    return {
        "title": view["title"],
        "idea": view["idea"],
        "bars": view["bars"],
        "choices": list(_choices(plan, view["reasons"], choices)),
        "sections": [_section(section, tones.get(section["material"], "m")) for section in view["sections"]],
        "parts": [{**part, "colour": colours[part["id"]], "options": _families(part)} for part in view["parts"]],
        "conflicts": view["conflicts"],
        "text": dump_json(plan),
    }


def material_tones(plan: CompositionPlan) -> dict[str, str]:
    """CSS class of a material's colour; intro and outro have none of their own."""
    letters = dict.fromkeys(section.material for section in plan.sections if section.role not in _NO_LETTER)
    return {letter: f"m{place % 4}" for place, letter in enumerate(letters)}


def part_colours(plan: CompositionPlan) -> dict[str, str]:
    """A colour for each part's id."""
    return {part.id: PART_COLOURS[place % len(PART_COLOURS)] for place, part in enumerate(plan.parts)}


def _choices(plan: CompositionPlan, told: list[dict[str, Any]], choices: Choices) -> Iterator[dict[str, Any]]:
    key = plan.parsed_key
    tonic = key.name.split()[0]
    players = ", ".join(dict.fromkeys(part.instrument for part in plan.parts))
    tempi, lengths, fuller = {"low": 40, "high": 208}, {"low": 10, "high": 240, "step": 5}, {"low": -1, "high": 1, "step": 0.1}
    rows: list[tuple[str, bool, dict[str, Any]]] = [
        ("tempo", choices.tempo is not None, {"value": round(plan.tempo_bpm), "range": tempi, "unit": page_text("plan.bpm")}),
        ("key", bool(choices.key), {"value": tonic, "options": key_options(tonic)}),
        ("mode", bool(choices.mode or choices.key), {"value": key.mode, "options": list(MODES)}),
        ("meter", bool(choices.meter), {"value": plan.meter, "options": list(METERS)}),
        ("style", bool(choices.style), {"value": plan.style, "options": style_options()}),
        ("seconds", choices.seconds is not None, {"value": round(plan.seconds), "range": lengths, "unit": page_text("plan.seconds")}),
        ("density", choices.density is not None, {"value": choices.density or 0, "range": fuller, "unit": page_text("plan.density_unit")}),
        ("instruments", bool(choices.instruments), {"value": players, "longest": 400}),
        ("words", bool(choices.words), {"value": choices.words, "longest": 2000, "hint": page_text("wishes.words_hint")}),
        ("seed", choices.seed is not None, {"value": choices.seed or 0, "figure": {"low": 0, "high": 2**31 - 1}}),
    ]  # fmt: skip
    reasons = {reason["choice"]: reason for reason in told}
    for name, asked, control in rows:
        reason = reasons.get(_REASONS.get(name, name), {"text": page_text(f"plan.no_reason.{name}"), "because": []})
        words = {"label": page_text(f"plan.names.{name}"), "reason": reason["text"], "because": reason["because"]}
        yield {"name": name, "asked": asked, **words, **control}


def _option(value: str, label: str) -> dict[str, str]:
    return {"value": value, "label": label}


def key_options(tonic: str = "") -> list[dict[str, str]]:
    """Tonics as a menu offers them; that one too, however it is spelt."""
    tonics = dict.fromkeys([*_TONICS, tonic] if tonic else _TONICS)
    return [_option(one, with_accidentals(one)) for one in tonics]


@cache
def style_options() -> list[dict[str, str]]:
    """Styles as a menu offers them."""
    return [_option(name, name.replace("-", " ")) for name in style_names() if load_style(name)]


def _section(section: dict[str, Any], tone: str) -> dict[str, Any]:
    bars, role = section["bars"], section["role"]
    words = page_text("plan.section", role=page_text(f"plan.roles.{role}"), bars=len(bars))
    energy = sum(section["energies"]) / len(bars)
    return {
        **section,
        "tone": tone,
        "words": f"{words} · {section['moves']}" if section["moves"] else words,
        "energy": round(energy, 3),
        "clock": format_clock(section["from"]),
    }


def _families(part: dict[str, Any]) -> list[dict[str, Any]]:
    """Who may take a part, by families."""
    families: dict[str, list[str]] = {}
    for name in (part["instrument"], *part["instead"]):
        families.setdefault(instrument(name).family, []).append(name)
    return [{"label": family, "names": names} for family, names in families.items()]
