"""What the page's controls offer: everything that can be chosen, from the registry and the tables, and why some of it can't be chosen here yet.

What is not installed is listed too, greyed, with the one sentence that says how to get it; what a pipeline would send somewhere is said
before it is chosen.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from img2music.app.session.files.downloads import DOWNLOADS, available
from img2music.app.session.limits import Limits
from img2music.brief import DEFAULT_SECONDS, SECONDS_RANGE, TEMPO_RANGE_BPM
from img2music.errors import Img2MusicError
from img2music.io.style_files import load_style, style_names
from img2music.pipeline.presets import load_pipeline_config, pipeline_names
from img2music.pipeline.recomposition.recompose import CRAFT_DEPENDENCIES, with_dependencies
from img2music.pipeline.stage_facts import pipeline_facts
from img2music.theory import METERS, instrument
from img2music.theory.instruments import instrument_names, other_names
from img2music.theory.keys import MODES

__all__ = ["TONICS", "choice_lists", "pipeline_rows"]

TONICS = ("C", "C#", "Db", "D", "D#", "Eb", "E", "F", "F#", "Gb", "G", "G#", "Ab", "A", "A#", "Bb", "B")
_MODE_WORDS = {
    "lydian": "brightest, floating",
    "major": "bright",
    "mixolydian": "bright, folk-like",
    "dorian": "dark, but warm",
    "minor": "dark",
    "phrygian": "darkest, Spanish",
}
_CRAFT_WORDS = {
    "form": "sections and phrases",
    "harmony": "the chords",
    "melody": "the tune",
    "counter": "the second voice",
    "chords": "who plays the chords",
    "bass": "the bass",
    "drums": "the drums",
    "performance": "how it is played",
}


def choice_lists(limits: Limits | None = None) -> dict[str, Any]:
    """All lists.

    Returns:
        ``pipelines`` (see `pipeline_rows`); ``styles`` [{name, label, summary, tempo [low, high], meters, modes, valence, arousal}];
        ``instruments`` [{name, family, kit, voices, low, high, also}]; ``tonics`` [text]; ``modes`` [{name, words}]; ``meters`` [text];
        ``crafts`` [{name, words, with}], what can be kept and what is kept with it;
        ``downloads`` [{what, available, remedy}];
        ``ranges``: {seconds, tempo, density, valence, arousal, level_db, pan, semitones: [low, high]}, ``default_seconds``, ``most_words``.
    """
    bounds = limits or Limits()
    return {
        "pipelines": pipeline_rows(),
        **_fixed_lists(),
        "downloads": [{"what": what, "available": not available(what), "remedy": available(what)} for what in DOWNLOADS],
        "ranges": {
            "seconds": [SECONDS_RANGE[0], min(bounds.seconds, SECONDS_RANGE[1])],
            "tempo": list(TEMPO_RANGE_BPM),
            "density": [-1, 1],
            "valence": [-1, 1],
            "arousal": [-1, 1],
            "level_db": [-40, 12],
            "pan": [-1, 1],
            "semitones": [-24, 24],
        },
        "default_seconds": DEFAULT_SECONDS,
        "most_words": bounds.words,
    }


def pipeline_rows() -> list[dict[str, Any]]:
    """Every pipeline that comes with the program, the offline one first.

    Returns:
        [{name, description, needs, sends, licence, repeats (whether it makes the same bytes again), asks_model, available, remedy}]; what
        sends nothing has ``sends`` empty, what can work here ``remedy`` empty.
    """
    rows = []
    for name in sorted(pipeline_names(), key=lambda name: name != "offline"):
        config = load_pipeline_config(name)
        try:
            stages = pipeline_facts(config)
            faults = [stage.fault for stage in stages if stage.fault and not stage.steps_in]
            varying = any(not stage.deterministic and not stage.steps_in for stage in stages)
        except Img2MusicError as error:
            faults, varying = [str(error)], True
        asks = any("model" in getattr(config.stages, kind).options for kind in type(config.stages).model_fields)
        rows.append(
            {
                "name": name,
                "description": config.description,
                "needs": config.needs,
                "sends": "" if config.leaves_machine == "nothing" else config.leaves_machine,
                "licence": config.licence,
                "repeats": not varying,
                "asks_model": asks,
                "available": not faults,
                "remedy": faults[0] if faults else "",
            }
        )
    return rows


@cache
def _fixed_lists() -> dict[str, Any]:
    """What does not change while the program runs."""
    styles = [load_style(name) for name in style_names()]
    players = [instrument(name) for name in instrument_names()]
    return {
        "styles": [
            {
                "name": style.name,
                "label": style.name.replace("-", " "),
                "summary": style.summary,
                "tempo": list(style.tempo_bpm),
                "meters": list(style.meters),
                "modes": list(style.modes),
                "valence": style.affect.valence,
                "arousal": style.affect.arousal,
            }
            for style in styles
        ],
        "instruments": [
            {
                "name": player.name,
                "family": player.family,
                "kit": player.kit,
                "voices": player.voices,
                "low": player.low,
                "high": player.high,
                "also": list(other_names(player.name)),
            }
            for player in players
        ],
        "tonics": list(TONICS),
        "modes": [{"name": name, "words": _MODE_WORDS[name]} for name in MODES],
        "meters": list(METERS),
        "crafts": [
            {"name": craft, "words": _CRAFT_WORDS[craft], "with": [one for one in with_dependencies([craft]) if one != craft]}
            for craft in CRAFT_DEPENDENCIES
        ],
    }
