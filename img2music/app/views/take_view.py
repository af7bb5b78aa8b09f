"""A take as the page lists and explains it, and the caption that tells the music in words to people who can't hear it or see the picture.

All is read from the piece: its frame, what was promised and what the files say, what was kept, where wishes disagreed.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from img2music.app.views.plan_view import with_accidentals_of_key
from img2music.report.course import key_course, meter_course, tempo_course, tempo_range_words
from img2music.report.page.takes_table import kept_lines
from img2music.report.scene_text import scene_sentences
from img2music.report.text_format import as_sentence, beat_words, format_clock, join_words

if TYPE_CHECKING:
    from img2music.app.session.takes import MadeTake, TakeMedia
    from img2music.piece import Piece
    from img2music.plan import CompositionPlan

__all__ = ["caption", "media_view", "take_view"]

_SOFT, _FULL = 0.35, 0.65
"""Energies below and above which a section is called soft and full: our choice."""
_RISES = 0.12
"""Less difference of energy is no change that people hear."""


def take_view(take: MadeTake, current: MadeTake | None = None) -> dict[str, Any]:
    """A take for a list of takes and for the table of promises.

    Returns:
        ``number``, ``parent``, ``current`` (whether it is shown), ``title``, ``words`` (what was changed), ``caption``, ``frame``
        {key, meter, tempo, style, players, seconds, clock, seed}, ``choices`` (those of the controls),
        ``promises`` [{promise, by, asked, found, kept: true, false or null}], ``kept`` [text], ``notes`` [text], ``fallbacks`` [text].
    """
    piece, plan, manifest = take.piece, take.piece.plan, take.piece.manifest
    return {
        "number": take.number,
        "parent": take.parent,
        "current": current is not None and current.number == take.number,
        "title": plan.title,
        "words": as_sentence(take.words),
        "caption": caption(piece),
        "frame": {
            "key": str(key_course(plan, with_accidentals_of_key)),
            "meter": str(meter_course(plan)),
            "tempo": beat_words(plan),
            "style": plan.style.replace("-", " "),
            "players": list(_players(plan)),
            "seconds": round(piece.performance.seconds, 3),
            "clock": format_clock(piece.performance.seconds),
            "seed": plan.seed,
        },
        "choices": {**asdict(take.choices), "instruments": list(take.choices.instruments)},
        "promises": [
            {
                "promise": row.promise,
                "by": row.by,
                "asked": row.asked,
                "found": row.found,
                "kept": row.passed,
                "unclear": row.passed is None and bool(row.confidence),
            }
            for row in manifest.compliance
        ],
        "kept": [] if manifest.kept is None else [as_sentence(line) for line in kept_lines(manifest.kept, plan.seed)],
        "notes": [as_sentence(note) for note in manifest.conflicts],
        "fallbacks": [f"{one.stage}: {one.used} instead of {one.asked}. {as_sentence(one.why)}" for one in manifest.fallbacks],
    }


def media_view(media: TakeMedia) -> dict[str, Any]:
    """The sound of a take; the page turns the paths, which are ours, into addresses.

    Returns:
        ``mix`` (path), ``mime``, ``seconds``, ``peaks`` [0..1], ``stems`` [{part, name, path, level_db}].
    """
    return {
        "mix": str(media.mix),
        "mime": media.mime,
        "seconds": round(media.seconds, 3),
        "peaks": list(media.peaks),
        "stems": [
            {"part": stem.part, "name": stem.name, "path": str(stem.path), "level_db": stem.level_db} for stem in media.stems
        ],
    }


def caption(piece: Piece) -> str:
    """What the music does and why, in two or three sentences: for who can't hear it, and for who can't see the picture.

    "A calm piece of 1:00 in D minor, andante (♩ = 84) in 3/4, in the style of waltz: violin plays the tune with piano and cello. It begins
    softly, is fullest from 0:31 to 0:47 and ends softly. Why: the picture was read as: a sea at low sun; pleasant (+.42) ..."
    """
    plan = piece.plan
    players = _players(plan)
    lead = plan.lead
    what = "loop" if plan.loop else "piece"
    tune = f"{lead.instrument} plays the tune" if lead is not None else f"for {join_words(players)}"
    others = tuple(name for name in players if lead is None or name != lead.instrument)
    beside = f" with {join_words(others)}" if lead is not None and others else ""
    tempo = tempo_course(plan)
    moving = f", {tempo.then}" if tempo.then else ""
    first = (
        f"A {what} of {format_clock(piece.performance.seconds)} in {key_course(plan, with_accidentals_of_key)}, "
        f"{tempo_range_words(plan)} ({beat_words(plan)}{moving}) in {meter_course(plan)}, in the style of {plan.style.replace('-', ' ')}: "
        f"{tune}{beside}"
    )
    sentences = [first, _energy_words(plan), _why(piece)]
    return " ".join(as_sentence(sentence) for sentence in sentences if sentence)


def _why(piece: Piece) -> str:
    """What the picture was read as, and what was asked for; empty where neither is known."""
    told = []
    if piece.scene is not None:
        seen = scene_sentences(piece.scene)[0].partition("; so ")[0].rstrip(".")
        told.append(f"the picture was read as: {seen[:1].lower()}{seen[1:]}")
    asked = [reason.choice for reason in piece.plan.reasons if not reason.because and "you asked for it" in reason.text]
    if asked:
        told.append(f"you asked for the {join_words(tuple(dict.fromkeys(asked)))}")
    return f"Why: {'; and '.join(told)}" if told else ""


def _energy_words(plan: CompositionPlan) -> str:
    """How loud and full it is, one after the other."""
    energies = plan.bar_energies
    lowest, highest = min(energies), max(energies)
    if highest - lowest < _RISES:
        return f"It stays {_loudness(sum(energies) / len(energies))} throughout"
    at = [bar for bar, energy in enumerate(energies) if energy >= highest - _RISES / 2]
    run = next((place for place in range(1, len(at)) if at[place] != at[place - 1] + 1), len(at))
    begin, end = at[0], at[run - 1] + 1
    bars = plan.meter_map
    when = [format_clock(round(plan.tempo_map.seconds_at(bars.bar_onset(bar)))) for bar in (begin, end)]
    told = [f"It begins {_loudness(energies[0])}"]
    if begin > 0:
        told.append(f"is fullest from {when[0]}" + (f" to {when[1]}" if end < plan.bars else " to the end"))
    else:
        told[0] += f" and is fullest there, until {when[1]}"
    if end < plan.bars:
        told.append(f"ends {_loudness(energies[-1])}")
    return join_words(tuple(told))


def _loudness(energy: float) -> str:
    return "softly" if energy < _SOFT else "loud and full" if energy > _FULL else "at a middle strength"


def _players(plan: CompositionPlan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.instrument for part in plan.parts))
