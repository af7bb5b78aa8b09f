"""What the view `sound` draws: who plays the current take and what was heard in it, and what else could play the same notes.

What a sound needs, where its weights come from and what their licence allows is said before it is asked for; what can't play here has its remedy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.app.components.page_texts import page_text
from img2music.app.session.sounds.sound_wish import SOUNDFONT, departs_from_score, offered_sounds, other_weights, sound_fault
from img2music.errors import Img2MusicError
from img2music.measurement import sure_words
from img2music.pipeline.presets import load_pipeline_config, pipeline_names
from img2music.pipeline.stage_facts import stage_facts
from img2music.registry import find_entry
from img2music.registry.commercial_use import commercial_use_of
from img2music.registry.sound_models import find_sound_model
from img2music.renderers.neural.weights_facts import weights_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.app.session.takes import MadeTake
    from img2music.app.session.visit import Visit
    from img2music.measurement import ComplianceRow
    from img2music.pipeline_config import StageConfig
    from img2music.provenance import SoundTake, SoundUse
    from img2music.renderers.neural.weights_facts import WeightsFacts

__all__ = ["heard_rows", "sound_value", "sounds_offered"]

_SELL = {True: "sound.sell_yes", False: "sound.sell_no", None: "sound.sell_unknown"}


def sound_value(visit: Visit) -> dict[str, Any]:
    """What the view draws; {} before there is a take.

    Returns:
        ``playing`` (`_playing`), ``sounds`` (`sounds_offered`), ``own_models`` (whether weights of one's own may be named), and ``wish`` {name,
        weights, seed}, what was asked to play the current take.
    """
    take = visit.current
    if take is None:
        return {}
    wish = take.sound
    name = (wish.name if wish else _own_sound(take)) or ""
    return {
        "playing": _playing(take),
        "sounds": sounds_offered(),
        "own_models": visit.limits.own_models,
        "wish": {"name": name, "weights": wish.weights if wish else "", "seed": wish.seed if wish else 0},
    }


def sounds_offered() -> list[dict[str, Any]]:
    """Every sound: {name, usable, remedy, departs (whether it may depart from the score), variants}, the soundfont first.

    Variants are its weights, those of the pipeline first: {weights (empty of those), label, usable, said [text], sell (whether what it makes may
    be sold: true, false or null)}.
    """
    return [_offered(name, stage) for name, stage in offered_sounds().items()]


def heard_rows(rows: Sequence[ComplianceRow]) -> list[list[str]]:
    """What was promised of a sound and what was heard in it, with how sure that is: [promise, words, state] a line.

    States are "kept", "broken", "unclear" (heard, and too unsure to count) and "unknown" (nothing heard).
    """
    told = []
    for row in rows:
        if row.read_from != ("audio",):
            continue
        words = page_text("sound.asked_found", asked=row.asked, found=row.found)
        if row.confidence is not None:
            words = page_text("sound.guess", heard=words, sure=sure_words(row.confidence))
        unclear = "unclear" if row.confidence else "unknown"
        told.append([row.promise, words, unclear if row.passed is None else "kept" if row.passed else "broken"])
    return told


def _offered(name: str, stage: StageConfig) -> dict[str, Any]:
    variants = [_variant(name, stage, "")]
    for model in other_weights(stage):
        changed = stage.model_copy(update={"options": {**stage.options, "weights": model.name}})
        variants.append(_variant(name, changed, model.name))
    usable = any(one["usable"] for one in variants)
    remedy = "" if usable else page_text("sound.remedy", name=name, remedy=variants[0]["remedy"])
    return {"name": name, "usable": usable, "remedy": remedy, "departs": departs_from_score(stage.use), "variants": variants}


def _variant(name: str, stage: StageConfig, weights: str) -> dict[str, Any]:
    fault, departs = sound_fault(stage, name), departs_from_score(stage.use)
    summary, needs = _about(name, stage)
    named = _weights_of(stage)
    licences = [(one.licence, one.commercial, one.conditions) for one in named]
    if departs and not named:
        licence = find_entry("renderer", stage.use).licence or ""
        licences = [(licence, commercial_use_of(licence), "")] if licence else []
    allowed = {commercial for _, commercial, _ in licences}
    return {
        "weights": weights,
        "label": weights or page_text("sound.own", weights=named[0].label if named else name),
        "usable": not fault,
        "remedy": fault,
        "said": [
            summary,
            page_text("sound.whole" if departs else "sound.exact"),
            *([page_text("sound.needs", needs=needs)] if needs else []),
            *map(_size, named),
            *(_licence_words(*one) for one in licences),
        ],
        "sell": False if False in allowed else None if None in allowed else True,
    }


def _weights_of(stage: StageConfig) -> list[WeightsFacts]:
    try:
        return [weights_facts(name) for name in stage_facts("renderer", stage).weights]
    except Img2MusicError:  # what is wrong is its remedy
        return []


def _size(weights: WeightsFacts) -> str:
    if weights.gigabytes is None:
        return page_text("sound.unsized", weights=weights.label)
    return page_text("sound.size", weights=weights.label, gigabytes=f"{weights.gigabytes:g}")


def _about(name: str, stage: StageConfig) -> tuple[str, str]:
    """What a sound is, and what it needs."""
    if name in pipeline_names():
        config = load_pipeline_config(name)
        return config.description, config.needs
    try:
        entry = find_entry("renderer", stage.use)
    except Img2MusicError:  # what is wrong is its remedy
        return name, ""
    return f"{entry.summary[:1].upper()}{entry.summary[1:]}." if entry.summary else name, entry.needs


def _licence_words(licence: str, commercial: bool | None, conditions: str) -> str:
    use = page_text("sound.sell_if", conditions=conditions) if commercial and conditions else page_text(_SELL[commercial])
    return f"{page_text('sound.licence', licence=licence)} {use}"


def _own_sound(take: MadeTake) -> str | None:
    """The sound on offer that plays a take whose pipeline played it; None where that is none of them."""
    renderer = take.piece.manifest.pipeline.stages.renderer.model_copy(update={"fallback": None})
    if take.renderer == SOUNDFONT:
        return SOUNDFONT
    name = take.piece.manifest.pipeline.name
    sounds = offered_sounds()
    return name if sounds.get(name) == renderer else next((one for one, stage in sounds.items() if stage == renderer), None)


def _playing(take: MadeTake) -> dict[str, Any]:
    """Who plays a take: ``lines`` [text], ``heard`` (`heard_rows`), ``told`` [text] of a model, ``sell`` as in `sounds_offered`."""
    use = next((one for one in reversed(take.piece.manifest.sounds) if one.renderer == take.renderer), None)
    if use is None:
        exact = page_text("sound.by_score", renderer=f"{take.renderer[:1].upper()}{take.renderer[1:]}")
        lines = [page_text("sound.not_heard")] if departs_from_score(take.renderer) else [exact]
        return {"lines": lines, "heard": [], "told": [], "sell": True, "departs": departs_from_score(take.renderer)}
    kept, model = next((one for one in use.takes if one.kept), None), find_sound_model(use.weights)
    made = page_text("sound.by_model", renderer=use.renderer, weights=use.weights, device=use.device, precision=use.precision)
    licence = _licence_words(use.licence, use.commercial, "" if model is None else model.conditions)
    return {
        "lines": [made, licence, *_marks(use, kept), *use.notes],
        "heard": heard_rows(take.piece.manifest.compliance),
        "told": [one for one in (use.text, *use.conditions) if one],
        "sell": use.commercial,
        "departs": True,
    }


def _marks(use: SoundUse, kept: SoundTake | None) -> list[str]:
    if kept is None or kept.mark is None:
        return [page_text("sound.not_heard")] if kept is None or not kept.heard else []
    best = [page_text("sound.best", count=len(use.takes))] if len(use.takes) > 1 else []
    return [page_text("sound.mark", percent=f"{100 * kept.mark:.0f}"), *best]
