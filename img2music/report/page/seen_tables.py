"""What was seen and what it suggests, as tables: every cue with its value, and each musical quality with what the piece took."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from img2music.report.course import Course, key_course, meter_course, tempo_course
from img2music.report.cue_words import cue_figure, cue_name, cue_text
from img2music.report.page.citations import spark
from img2music.report.page.html import Html, el
from img2music.report.page.report_tables import format_key, html_table, unfounded_names
from img2music.report.scene_text import attribute_label, short_figure
from img2music.report.text_format import arousal_words, as_sentence, format_number, style_words, valence_words, with_accidentals
from img2music.scene import MusicalAttributes, Swatch

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.report.page.citations import CueIndex
    from img2music.report.page.html import Child
    from img2music.scene import Attribute, Cue, Scene

__all__ = ["cues_table", "suggestions_table"]

_RANGE = re.compile(r"(-?\d{1,6}(?:\.\d{1,6})?)\.\.(-?\d{1,6}(?:\.\d{1,6})?)")
_LINES = {
    "own": "the picture's own",
    "arch": "an arch",
    "fall": "falling",
    "rise": "rising",
    "still": "level",
    "valley": "a valley",
    "zigzag": "to and fro",
}


def suggestions_table(scene: Scene, plan: CompositionPlan, evidence: CueIndex) -> Html:
    """What the picture suggests, how sure that is, and what the plan took."""
    seen = scene.attributes
    key, tempo, meter = key_course(plan, format_key), tempo_course(plan), meter_course(plan)
    tonic, _, mode = key.begins.partition(" ")
    taken: dict[str, str] = {
        "valence": _suggested("valence", plan.valence),
        "arousal": _suggested("arousal", plan.arousal),
        "tempo_bpm": str(tempo),
        "key": str(Course(tonic, key.then)),
        "mode": mode,
        "meter": str(meter),
        "genre": style_words(plan.style),
        "instruments": ", ".join(dict.fromkeys(part.instrument for part in plan.parts)),
    }
    rows: list[list[Child]] = []
    for name in MusicalAttributes.model_fields:
        attribute: Attribute[Any] = getattr(seen, name)
        rows.append(
            [
                attribute_label(name).capitalize(),
                _suggested(name, attribute.value),
                taken.get(name, "–"),
                [_meter(attribute.confidence), el("small", f"{attribute.confidence:.0%}")],
                [evidence.chips(attribute.because), unfounded_names(attribute.unfounded), _beside(scene, name, attribute)],
            ]
        )
    return html_table("suggestions", ("Quality", "Picture suggests", "Piece has", "How sure", "From"), rows)


def _beside(scene: Scene, name: str, attribute: Attribute[Any]) -> Html | None:
    """What the eye alone suggests, where the model's word stands."""
    if attribute.source != "model" or scene.measured is None:
        return None
    alone = getattr(scene.measured, name).value
    said = "the eye alone says the same" if alone == attribute.value else f"the eye alone: {_suggested(name, alone)}"
    return el("small", f" the model says so; {said}", class_="quiet")


def _suggested(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, float):
        return _suggested_number(name, value)
    if name == "genre":
        return style_words(str(value))
    return with_accidentals(str(value)) if name == "key" else _LINES.get(str(value), str(value))


def _suggested_number(name: str, value: float) -> str:
    if name in {"valence", "arousal"}:
        words = valence_words(value) if name == "valence" else arousal_words(value)
        return f"{words} ({short_figure(value, '+')})"
    if name == "density":
        return "as usual" if abs(value) < 0.05 else "fuller than usual" if value > 0 else "thinner than usual"
    if name == "height":
        return (
            "as usual"
            if abs(value) < 0.5
            else f"{abs(value):.0f} semitone{'s' * (round(abs(value)) != 1)} {'higher' if value > 0 else 'lower'}"
        )
    return format_number(round(value, 1))


def _meter(value: float, low: float = 0.0, high: float = 1.0) -> Html:
    """A number on its range, as a bar from zero (or from the range's beginning)."""
    place = 100 * (min(high, max(low, value)) - low) / (high - low)
    zero = 100 * (0 - low) / (high - low) if low < 0 < high else 0.0
    bar = el(
        "rect", class_="on", x=f"{min(place, zero):.1f}", y="0", width=f"{max(1.5, abs(place - zero)):.1f}", height="6", rx="2"
    )
    track = el("rect", class_="off", x="0", y="0", width="100", height="6", rx="2")
    return el(
        "svg", track, bar, class_="meter", viewBox="0 0 100 6", preserveAspectRatio="none", aria_hidden="true", focusable="false"
    )


def cues_table(evidence: CueIndex) -> Html:
    """Everything that was seen: colours, then the other cues."""
    rows: list[list[Child]] = []
    for place, item in enumerate(evidence.items):
        mark, badge = evidence.mark(place), evidence.badge(place)
        label = el("a", badge, **evidence.pointers(place) | {"href": f"#mark-{mark}"}) if badge is not None else None
        if isinstance(item, Swatch):
            value: Child = [el("i", class_=f"dot c{place}"), el("code", item.hex)]
            text = f"{item.words}, {item.share:.0%} of the picture"
            rows.append([[cue_name(item.name), label], value, as_sentence(text)])
        else:
            rows.append([[cue_name(item.name), label], _value(item), as_sentence(cue_text(item))])
    return html_table("cues", ("What", "How much", "In words"), rows, [f"cue-{place}" for place in range(len(evidence.items))])


def _value(cue: Cue) -> Child:
    if isinstance(cue.value, tuple):
        return [spark(cue.value), el("span", "a curve", class_="unseen")]
    reach = _RANGE.search(cue.unit)
    if isinstance(cue.value, float) and reach and float(reach[1]) < float(reach[2]):
        return [_meter(cue.value, float(reach[1]), float(reach[2])), el("span", cue_figure(cue))]
    return cue_figure(cue)
