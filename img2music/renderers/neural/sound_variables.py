"""What can be said of a piece in words: the values of the variables of templates for sound.

Conventions: every value is on one line; an empty one says that it is not known. Values made of names, titles and ideas come from pictures, users and
models: the template makes them plain, or wraps them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.crossmodal.musical_attributes import mood_words
from img2music.crossmodal.verbalize import scene_gist
from img2music.io.style_files import style_names
from img2music.theory import instrument
from img2music.theory.instruments import instrument_names

if TYPE_CHECKING:
    from img2music.performance import Performance, PlayedPart
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene
    from img2music.section import Section
    from img2music.theory import Key

__all__ = ["sound_variables", "spoken_instruments"]

_MOST_INSTRUMENTS, _MOST_SECTIONS, _MOST_MOODS = 6, 6, 3
_SLOW, _FAST = 76.0, 120.0
"""Quarter notes a minute at which adagio ends and allegro begins, on most metronomes."""
_FAMILIES = (
    "piano", "mallets", "organ", "guitar", "bass", "strings", "ensemble", "brass",
    "reeds", "flutes", "synth lead", "synth pad", "synth effects", "world instruments", "percussion", "sound effects",
)  # fmt: skip
"""Of General MIDI, eight programs each, in words for the ear."""
_ROLES = {
    "intro": "intro",
    "theme": "main theme",
    "contrast": "contrasting part",
    "return": "return of the theme",
    "outro": "ending",
}
_STRENGTHS = ((0.25, "quiet"), (0.45, "gentle"), (0.65, "fuller"), (0.85, "strong"), (2.0, "powerful"))
_STYLE_WORDS = {
    "lo-fi": "lo-fi hip hop", "drone": "ambient drone", "latin": "latin dance", "romantic": "romantic classical", "swing": "swing jazz",
    "minimalism": "minimal music", "baroque": "baroque chamber", "bossa": "bossa nova", "epic": "epic orchestral",
    "chiptune": "8-bit chiptune", "celtic": "celtic folk", "chamber-strings": "chamber string", "cinematic": "cinematic orchestral",
}  # fmt: skip
"""How people who tag music call those of our styles whose own names are another thing or too short."""


def sound_variables(performance: Performance, plan: CompositionPlan | None, scene: Scene | None) -> dict[str, str]:
    """Every variable of the purpose "sound", filled in for a performance."""
    bpm = performance.tempo_bpm
    return {
        "style": _style(plan),
        "mood": _mood(plan, scene),
        "pace": "slow" if bpm < _SLOW else "moderate" if bpm < _FAST else "fast",
        "tempo": f"{bpm:.0f}",
        "key": _key_words(performance.key),
        "meter": performance.meter.name,
        "instruments": ", ".join(spoken_instruments(performance, plan)),
        "form": _form(plan.sections) if plan is not None else "",
        "length": f"{performance.seconds:.0f}",
        "title": performance.title,
        "idea": plan.idea if plan is not None else "",
        "gist": scene_gist(scene) if scene is not None else "",
    }


def spoken_instruments(performance: Performance, plan: CompositionPlan | None) -> tuple[str, ...]:
    """Who plays, each once: who has the tune first, then by how much each plays; half a dozen at most."""
    lead = plan.lead.id if plan is not None and plan.lead is not None else None
    playing = sorted(
        (part for part in performance.parts if part.notes), key=lambda part: (part.id != lead, -len(part.notes), part.id)
    )
    named = {part.id: part.instrument for part in plan.parts} if plan is not None else {}
    names = [_kit_name(part) or named.get(part.id) or _program_name(part.program) for part in playing]
    return tuple(dict.fromkeys(names))[:_MOST_INSTRUMENTS]


def _kit_name(part: PlayedPart) -> str:
    return "drums" if part.is_drums else ""


def _program_name(program: int) -> str:
    for name in instrument_names():
        player = instrument(name)
        if player.program == program and not player.kit:
            return name
    return _FAMILIES[program // 8 % len(_FAMILIES)]


def _key_words(key: Key) -> str:
    """A key without signs, which captions and tokenizers don't know: "F sharp minor"."""
    tonic, _, mode = key.name.partition(" ")
    sign = {"#": " sharp", "b": " flat"}.get(tonic[1:], "")
    return f"{tonic[0]}{sign} {mode}"


def _style(plan: CompositionPlan | None) -> str:
    """The plan's kind of music in words; nothing of one that is a file's path or unknown."""
    name = plan.style if plan is not None else ""
    return _STYLE_WORDS.get(name, name.replace("-", " ")) if name in style_names() else ""


def _mood(plan: CompositionPlan | None, scene: Scene | None) -> str:
    """The words of feeling nearest to what the plan means, then those of the scene."""
    words = mood_words(plan.valence, plan.arousal) if plan is not None else ()
    seen = scene.attributes.mood.value if scene is not None else ()
    return ", ".join(tuple(dict.fromkeys((*words, *seen)))[:_MOST_MOODS])


def _form(sections: tuple[Section, ...]) -> str:
    """The sections by role and strength: "Begins with a quiet intro, then a fuller main theme, and a gentle ending"."""
    told: list[str] = []
    for section in sections:
        energy = sum(section.bar_energies) / section.bars
        strength = next(word for most, word in _STRENGTHS if energy < most)
        words = f"a {strength} {_ROLES[section.role]}"
        if not told or told[-1] != words:
            told.append(words)
    first, *rest = [*told[: _MOST_SECTIONS - 1], told[-1]] if len(told) > _MOST_SECTIONS else told
    if not rest:
        return f"It is {first} throughout"
    return f"Begins with {first}, {''.join(f'then {one}, ' for one in rest[:-1])}and then {rest[-1]}"
