"""The tables: reasons, what was seen, what it suggests, the parts, the promises.

Every table turns into one block a row on a narrow screen; `data-label` then names its cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.measurement import sure_words
from img2music.report.course import hit_words
from img2music.report.cue_words import cue_name
from img2music.report.page.html import Html, el
from img2music.report.plain_words import plain_finding, plain_reason
from img2music.report.planner_phrases import changed_choice
from img2music.report.scene_text import felt_words
from img2music.report.text_format import (
    as_sentence,
    join_words,
    with_accidentals,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.measurement import ComplianceRow, Tonality
    from img2music.piece import Piece
    from img2music.plan import CompositionPlan, PartPlan, Reason
    from img2music.report.page.citations import CueIndex
    from img2music.report.page.html import Child
    from img2music.scene import Scene

__all__ = [
    "affect_plane",
    "compliance_table",
    "format_key",
    "hits_table",
    "html_table",
    "parts_table",
    "reasons_table",
    "unfounded_names",
]

_JOBS = {
    "melody": "plays the tune",
    "counter": "answers the tune",
    "chords": "plays the chords",
    "arpeggio": "plays broken chords",
    "pad": "holds the chords",
    "bass": "plays the bass",
    "drums": "keeps the beat",
}


def html_table(name: str, heads: Sequence[str], rows: Sequence[Sequence[Child]], ids: Sequence[str | None] = ()) -> Html:
    """A table whose first column names its rows."""
    head = el("thead", el("tr", [el("th", title, scope="col") for title in heads]))
    body = []
    for place, row in enumerate(rows):
        cells = [el("th", row[0], scope="row")]
        cells += [el("td", cell, data_label=title) for title, cell in zip(heads[1:], row[1:], strict=True)]
        body.append(el("tr", cells, id=ids[place] if place < len(ids) else None))
    return el("table", head, el("tbody", body), class_=name)


def reasons_table(plan: CompositionPlan, evidence: CueIndex) -> Html:
    """Choice, sentence, and the cues that speak for it."""
    rows: list[list[Child]] = [
        [
            _capital(reason.choice),
            [
                as_sentence(plain_reason(reason)),
                el("small", " (the model's reason)", class_="quiet") if reason.source == "model" else None,
                el("small", f" The plan was edited and now says {edited}.", class_="bad")
                if (edited := changed_choice(reason, plan))
                else None,
            ],
            [
                evidence.chips(reason.because) if reason.because else _no_cue(reason),
                unfounded_names(reason.unfounded),
            ],
        ]
        for reason in plan.reasons
    ]
    return html_table("reasons", ("Choice", "Why", "What speaks for it"), rows)


def hits_table(plan: CompositionPlan, evidence: CueIndex) -> Html:
    """The moments that the music marks, and the cues behind them."""
    rows: list[list[Child]] = [
        [
            _capital(hit_words(plan, hit)),
            f"{hit.strength:.0%}",
            evidence.chips(hit.because) if hit.because else el("span", "nothing in the picture", class_="quiet"),
        ]
        for hit in plan.hits
    ]
    return html_table("hits", ("Moment", "Strength", "What speaks for it"), rows)


def format_key(key: str) -> str:
    """A key with real accidentals: "Bb minor" is "B♭ minor"."""
    tonic, _, mode = key.partition(" ")
    return f"{with_accidentals(tonic)} {mode}"


def _no_cue(reason: Reason) -> Html:
    asked = "you asked" in reason.text or reason.text.lower().startswith("your words") or ": your words" in reason.text
    return el("span", "your wish" if asked else "nothing in the picture", class_="quiet")


def unfounded_names(names: Sequence[str]) -> Html | None:
    """What was cited and was not seen; None where all was."""
    return el("small", f" names {', '.join(map(cue_name, names))}, which was not seen ", class_="bad") if names else None


def affect_plane(plan: CompositionPlan, scene: Scene | None) -> Html:
    """Valence to the right, arousal upwards (Russell 1980): a ring for the picture, a dot for the piece."""
    label = f"The piece is {felt_words(plan.valence, plan.arousal)}"
    shapes = [
        el("title", label),
        el("circle", cx="85", cy="50", r="40", class_="axis"),
        el("path", d="M45 50H125M85 10V90", class_="axis"),
        el("text", "pleasant", x="128", y="52.5"),
        el("text", "unpleasant", x="42", y="52.5", text_anchor="end"),
        el("text", "excited", x="85", y="6", text_anchor="middle"),
        el("text", "calm", x="85", y="98.5", text_anchor="middle"),
    ]
    if scene is not None:
        x, y = scene.attributes.valence.value, scene.attributes.arousal.value
        shapes.append(el("circle", cx=f"{85 + 40 * x:.1f}", cy=f"{50 - 40 * y:.1f}", r="5.5", class_="ring"))
    shapes.append(el("circle", cx=f"{85 + 40 * plan.valence:.1f}", cy=f"{50 - 40 * plan.arousal:.1f}", r="3.2", class_="here"))
    return el("svg", shapes, class_="plane", viewBox="0 0 170 100", role="img")


def parts_table(piece: Piece) -> Html:
    """Who plays, in which job and range, in which sections."""
    written = {part.id: part.notes for part in piece.score.parts}
    rows: list[list[Child]] = []
    for part in piece.plan.parts:
        notes = written.get(part.id, ())
        reach = "–"
        if notes and part.role != "drums":
            low, high = min(notes, key=lambda note: note.pitch), max(notes, key=lambda note: note.pitch)
            reach = f"{with_accidentals(low.spelling.name)} – {with_accidentals(high.spelling.name)}"
        name: Child = part.name if part.name.lower() == part.instrument else [part.name, el("small", f" {part.instrument}")]
        job = _JOBS[part.role] + (f" ({part.pattern})" if part.pattern else "")
        rows.append([name, job, _presence(piece.plan, part), str(len(notes)), reach, _place(part)])
    return html_table("parts", ("Part", "Job", "Plays in", "Notes", "Range", "Position"), rows)


def _presence(plan: CompositionPlan, part: PartPlan) -> Child:
    """The sections loud enough for the part; a part rests in those below its energy."""
    playing = tuple(
        section.name
        for section in plan.sections
        if max(section.bar_energies) >= part.from_energy and part.id not in section.silent
    )
    if len(playing) == len(plan.sections):
        return "all sections"
    return [join_words(playing) or "none", el("small", f" from energy {part.from_energy:.0%} up", class_="quiet")]


def _place(part: PartPlan) -> str:
    side = "centre" if abs(part.pan) < 0.05 else f"{abs(part.pan):.0%} {'left' if part.pan < 0 else 'right'}"
    return f"{side}, {part.level_db:+.0f} dB" if round(part.level_db) else side


def compliance_table(rows: Sequence[ComplianceRow]) -> Html | None:
    """What was promised, asked and found; None where nothing was measured."""
    lines: list[list[Child]] = []
    for row in rows:
        kept = (
            el("span", "not clear" if row.confidence else "not measured", class_="quiet")
            if row.passed is None
            else el("span", "✓ kept" if row.passed else "✗ not kept", class_="good" if row.passed else "bad")
        )
        asked: Child = [plain_finding(row.asked), el("small", " by you" if row.by == "brief" else " by the plan", class_="quiet")]
        where = el("small", f" in {join_words(tuple(row.read_from))}", class_="quiet")
        found: Child = [plain_finding(row.found), where, _by_section(row.tonality)]
        guess = None if row.confidence is None else el("small", f" a guess, {sure_words(row.confidence)}", class_="quiet")
        lines.append([_capital(row.promise), asked, found, [kept, guess]])
    return html_table("compliance", ("Promise", "Asked", "Found", "Kept"), lines) if lines else None


def _by_section(tonality: Tonality | None) -> Html | None:
    """How much of each section lies in the key; None where that was not measured, or there is only one."""
    if tonality is None or len(tonality.sections) < 2:
        return None
    shares = [f"{one.name} {one.diatonic:.0%}" for one in tonality.sections if one.diatonic is not None]
    return el("small", f" Notes in the scale, by section: {', '.join(shares)}.", class_="quiet") if shares else None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
