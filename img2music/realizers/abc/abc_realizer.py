"""The ABC realizer: a language model writes the notes of a plan as ABC, which is read, checked and mended.

What the plan promises is never the model's to decide: key, metre, tempo, bars, parts and chords are the plan's, whatever the answer
says. Faults that a model can mend are quoted back; small ones, and those that are left, are mended by rule and told in the record.
Voices that the answer leaves out are the composer's, written round the model's tune. `read_tune` does the same without a model, so a
piece can be made again from the ABC text. The reader is our own (`io.abc.import_abc`), so no optional package is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from img2music.errors import BackendError
from img2music.io.abc.abc_fields import format_key_field
from img2music.io.abc.import_abc import read_abc
from img2music.io.escape import one_line
from img2music.models.parsing.json_answer import AnswerError
from img2music.realizers.abc.assign_voices import assign_voices
from img2music.realizers.abc.complete_tune import complete_score
from img2music.realizers.abc.extract_tune import LONGEST, extract_tune
from img2music.realizers.abc.repair_bars import TEMPO_NEAR
from img2music.realizers.abc.repair_voice import repair_voice, wrong_key_fault
from img2music.realizers.abc.tune_prompt import template_values
from img2music.realizers.composer import Composer
from img2music.realizers.drums.drum_kit import DRUMS
from img2music.theory import Key, instrument

if TYPE_CHECKING:
    from img2music.io.abc.import_abc import AbcTune, AbcVoice
    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.abc.repair_bars import RepairedVoice
    from img2music.realizers.timeline import NoteEvent
    from img2music.score import Score

__all__ = ["AbcRealizer", "read_tune"]

MOST_BARS = 400
"""Of one answer: more is beyond what models write in one go (our choice)."""
_MOST_WRONG = 1 / 3  # of the bars of a voice; more are quoted back
_LONGEST_MEND = 400  # names of parts may be long
_PERCUSSION = frozenset(key for key, _ in DRUMS.values())


@dataclass(frozen=True, slots=True)
class _TuneAttempt:
    """What one answer is worth."""

    text: str
    score: Score
    mends: tuple[str, ...]
    faults: tuple[str, ...]
    """What a model should put right; () where mending is enough."""
    wrong: int


def read_tune(text: str, plan: CompositionPlan) -> tuple[Score, tuple[str, ...]]:
    """The score that ABC text gives for `plan`, and what had to be mended, in sentences.

    Args:
        text: a tune, perhaps with prose and fences around it, as a model wrote it.
        plan: what the score keeps, whatever the text says.

    Raises:
        BackendError: there is no tune in it.
    """
    try:
        attempt = _read(text, plan, Composer()(plan))
    except AnswerError as error:
        raise BackendError(f"no usable tune in the ABC text ({error}); give another text, or use the composer") from None
    return attempt.score, attempt.mends


class AbcRealizer:
    """Lets a model write the notes; see the module's docstring."""

    def __init__(self, *, model: str, prompt: str = "abc/voices", time_limit_seconds: float = 600.0) -> None:
        """`model` is a line such as "openai:gpt-4o-mini", `prompt` a template's name or its file; the limit is for all questions.

        Raises:
            UsageError: no such model or prompt, or a time limit that is none.
        """
        from img2music.models import Client
        from img2music.models.model_spec import check_time_limit
        from img2music.templates import load_prompt

        self._limit = check_time_limit(time_limit_seconds)
        self._template = load_prompt(prompt, "abc")
        self._client = Client(model)

    def __call__(self, plan: CompositionPlan, /) -> Score:
        """The score of `plan` as the model writes it, mended where needed.

        Raises:
            BackendError: the model gave nothing usable.
            UsageError: the plan names a style or a pattern that does not exist.
        """
        from img2music.models.repair_loop import converse
        from img2music.provenance import record_model_use

        _check_size(plan)
        composed = Composer()(plan)
        reply = converse(
            self._client,
            self._template,
            template_values(plan),
            stage="realizer",
            schema=None,
            check=lambda text: _read(text, plan, composed),
            faults_of=lambda attempt: attempt.faults,
            weight_of=lambda attempt: attempt.wrong,
            until=monotonic() + self._limit,
            seed=plan.seed_for("melody"),
        )
        found = reply.value
        if found is None:
            raise reply.unusable("tune", "ask another model, or use the realizer 'composer'")
        record_model_use(reply.use.with_outcome(accepted=True, mended=found.mends, answer=found.text))
        return found.score


def _check_size(plan: CompositionPlan) -> None:
    if plan.bars > MOST_BARS:
        raise BackendError(
            f"{plan.bars} bars are too many for one answer of a model; ask for a shorter piece, or use the composer"
        )
    if all(instrument(part.instrument).kit for part in plan.parts):
        raise BackendError("only drums play, and models write tunes; add an instrument, or use the realizer 'composer'")


def _read(text: str, plan: CompositionPlan, composed: Score) -> _TuneAttempt:
    """An answer as a score.

    Raises:
        AnswerError: nothing in it is music, or far too little.
    """
    if not text.strip():
        raise AnswerError("the answer is empty; answer with one ABC tune")
    if len(text) > LONGEST:
        raise AnswerError(f"the answer has {len(text)} characters, which is too long; answer with one ABC tune and nothing else")
    found = extract_tune(text)
    tune = read_abc(found, meter=plan.meter_map.meter.name, key=plan.key_map.key)
    if not tune.voices:
        raise AnswerError("there is no ABC tune in the answer; answer with one ABC tune and nothing else")
    mends, foreign = _head(tune, plan)
    seats, told = assign_voices(tune.voices, plan)
    mends += told
    faults = [wrong_key_fault(foreign, plan)] if foreign else []
    given: dict[str, RepairedVoice] = {}
    for number, part in enumerate(plan.parts, 1):
        if part.id in seats:
            mended = _mended(seats[part.id], part, number, plan, foreign, found)
            if mended is None:
                mends.append(f"{part.name}: what was written is not for drums, so the composer's are taken.")
            elif mended.events:
                given[part.id] = mended
    _check_enough(given, plan)
    lead = plan.lead
    if lead is not None and lead.id not in given:
        faults.append(f"V:{plan.parts.index(lead) + 1}, {lead.id}, has no notes; write the melody")
    for mended in given.values():
        mends += mended.mends
        if mended.wrong > plan.bars * _MOST_WRONG:
            faults += mended.faults
    wrong = sum(mended.wrong for mended in given.values()) + (plan.bars if lead is not None and lead.id not in given else 0)
    score, told = complete_score(plan, composed, given)
    return _TuneAttempt(
        text.encode("utf-8", "replace").decode(),
        score,
        tuple(one_line(mend, _LONGEST_MEND) for mend in mends + told),
        tuple(faults),
        wrong,
    )


def _head(tune: AbcTune, plan: CompositionPlan) -> tuple[list[str], Key | None]:
    """What the head says otherwise than the plan; and the key the notes must be moved from, if any."""
    mends = []
    missing = [
        name
        for name, value in (("M", tune.meter), ("L", tune.unit_quarters), ("Q", tune.tempo_bpm), ("K", tune.key))
        if value is None
    ]
    if missing:
        mends.append(f"Missing or unreadable in the head: {', '.join(f'{name}:' for name in missing)} as in the plan.")
    meter, tempo_bpm = plan.meter_map.meter.name, plan.tempo_map.bpm
    if tune.meter not in {None, meter}:
        mends.append(f"The head says M:{tune.meter}; the plan's {meter} kept.")
    if tune.tempo_bpm is not None and abs(tune.tempo_bpm - tempo_bpm) > TEMPO_NEAR:
        mends.append(f"The head says {tune.tempo_bpm:g} quarters a minute; the plan's {tempo_bpm:g} kept.")
    key, wanted = tune.key, plan.key_map.key
    if key is None or key == wanted:
        return mends, None
    if key.signature == wanted.signature:
        mends.append(f"The head says K:{format_key_field(key)}, which has the accidentals of {wanted.name}; the notes kept.")
        return mends, None
    mends.append(f"The head says K:{format_key_field(key)}; the notes moved to {wanted.name}.")
    return mends, key


def _mended(
    voice: AbcVoice, part: PartPlan, number: int, plan: CompositionPlan, foreign: Key | None, found: str
) -> RepairedVoice | None:
    """A voice as its part plays it; None for drums that are none."""
    player = instrument(part.instrument)
    label = f"V:{number} ({part.id[:40]})"  # what a model is told, like its question
    if not player.kit:
        return repair_voice(voice, part, player, plan, key=foreign, label=label)
    # A key signature means no drums, so they are read without; a model that minded it is understood too.
    plain = "\n".join(row for row in found.splitlines() if not row.startswith("K:"))
    again = read_abc(plain, meter=plan.meter_map.meter.name, key=Key.parse("C major"))
    readings = (*(other for other in again.voices if other.label == voice.label), voice)
    mended = (repair_voice(reading, part, player, plan, label=label) for reading in readings)
    return next((one for one in mended if _are_drums(one.events)), None)


def _are_drums(events: list[NoteEvent]) -> bool:
    return all(pitch in _PERCUSSION for event in events for pitch in event.pitches)


def _check_enough(given: dict[str, RepairedVoice], plan: CompositionPlan) -> None:
    notes = sum(len(mended.events) for mended in given.values())
    if notes < max(1, plan.bars // 2):
        raise AnswerError(f"notes in the tune: {notes}, in {plan.bars} bars; write the whole tune")
