"""A plan as short lines: one decision a line, so that two plans can be laid side by side line by line.

Nothing of the plan's numbers is lost that a listener would miss; order is that of the plan. Text from a model or a file may be in
it: whoever shows it escapes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.evaluation.diversity import ANSWERED_ATTRIBUTES
from img2music.evaluation.workbench.cell_record import CitedChoice, PieceExtract
from img2music.io.abc.export_abc import write_abc
from img2music.perceivers.vlm.scene_fusion import AROUSAL_CUE

if TYPE_CHECKING:
    from img2music.piece import Piece
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

__all__ = ["extract_piece", "plan_lines", "scene_lines", "score_lines"]

_MOST_LINES = 400
_LONGEST = 400


def plan_lines(plan: CompositionPlan) -> list[str]:
    """A plan: frame, motif, sections with a line a phrase, parts."""
    lines = [
        f"title: {plan.title}",
        f"idea: {plan.idea}",
        f"style: {plan.style}",
        f"key: {plan.key}",
        f"metre: {plan.meter}",
        f"tempo: {plan.tempo_bpm:.4g}",
        f"valence: {plan.valence:+.2f}",
        f"arousal: {plan.arousal:+.2f}",
        f"density: {plan.density:.2f}",
        f"motif steps: {' '.join(map(str, plan.motif.steps))}",
        f"motif rhythm: {' '.join(f'{length:g}' for length in plan.motif.rhythm)}",
    ]
    for section in plan.sections:
        lines.append(
            f"section {section.name} ({section.role}, {section.material}): {section.bars} bars, energy {section.energy:.2f}"
        )
        begin = 0
        for length in section.phrase_bars:
            lines.append(f"  {section.name}: | {' | '.join(section.harmony[begin : begin + length])} |")
            begin += length
    lines += [f"part {part.name}: {part.instrument}, {part.role}" + f" {part.pattern}".rstrip() for part in plan.parts]
    return lines


def scene_lines(scene: Scene) -> list[str]:
    """What was suggested for music, one attribute a line, with the cues behind it."""
    lines = []
    for name in ANSWERED_ATTRIBUTES:
        attribute = getattr(scene.attributes, name)
        lines.append(f"{name}: {_said(attribute.value)}" + (f"  <- {', '.join(attribute.because)}" if attribute.because else ""))
    return lines


def score_lines(piece: Piece) -> list[str]:
    """The notes as ABC, without what is the same in every file."""
    return [line for line in write_abc(piece.score).splitlines() if not line.startswith("%")]


def extract_piece(piece: Piece, purpose: str, *, cites: bool) -> PieceExtract:
    """A piece as far as a page shows it; `cites` says that the reasons in it are the model's, and not those of the rules."""
    plan, scene = piece.plan, piece.scene
    if purpose == "see" and scene is not None:
        lines = [*scene_lines(scene), *plan_lines(plan)]
    else:
        lines = score_lines(piece) if purpose == "abc" else plan_lines(plan)
    return PieceExtract(
        title=plan.title[:2000],
        idea=plan.idea[:2000],
        key=plan.key,
        meter=plan.meter,
        tempo_bpm=plan.tempo_bpm,
        style=plan.style[:300],
        bars=plan.bars,
        seconds=plan.seconds,
        instruments=tuple(dict.fromkeys(part.instrument for part in plan.parts)),
        text=tuple(line[:_LONGEST] for line in lines[:_MOST_LINES]),
        cited=_cited(piece, purpose) if cites else (),
    )


def _cited(piece: Piece, purpose: str) -> tuple[CitedChoice, ...]:
    if purpose == "see" and piece.scene is not None:
        attributes = piece.scene.attributes
        found = [
            (name, _said(getattr(attributes, name).value), _own(getattr(attributes, name).because))
            for name in ANSWERED_ATTRIBUTES
        ]
    elif purpose == "plan":
        found = [(reason.choice, reason.text, reason.because) for reason in piece.plan.reasons]
    else:
        return ()
    return tuple(
        CitedChoice(choice=choice[:300], value=value[:300], because=tuple(name[:300] for name in because[:50]))
        for choice, value, because in found[:100]
        if because
    )


def _own(because: tuple[str, ...]) -> tuple[str, ...]:
    """What an answer cites; that the scene's arousal is also the eye's is not the answer's doing."""
    return tuple(name for name in because if name != AROUSAL_CUE)


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
