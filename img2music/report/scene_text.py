"""A scene in sentences for people: what it shows, how it looks, and what that leads to; and how its cues and qualities are called.

Everything is quoted from the scene; what is absent or unclear is left out, except that an eye which is not sure says so. Scenes of
other eyes and written by hand may lack any cue. Knows nothing of terminals and of HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.crossmodal.cue_evidence import TYPICAL, CueEvidence
from img2music.report.course import key_course, tempo_course
from img2music.report.cue_words import cue_figure, cue_name, cue_text, find_cue, thing_words
from img2music.report.text_format import arousal_words, as_sentence, format_number, join_words, style_words, valence_words

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

__all__ = [
    "FELT",
    "LEFT_OUT",
    "WIDE",
    "attribute_label",
    "cited_name",
    "cue_value",
    "felt_words",
    "scene_sentences",
    "short_figure",
]

FELT, WIDE = "feels_", "likely_"
"""How the names of cues begin that say what people may feel, and how likely something is."""
_UNSURE = {"", "unclear", "not sure"}
# Numbers that the rows beside them say better in words; `see --json` has them all.
LEFT_OUT = {
    "brightness",
    "chroma",
    "edges_horizontal",
    "edges_vertical",
    "edges_diagonal",
    "horizon_strength",
    "smiles",
    "face_size",
}

_FEW_PEOPLE, _PEOPLE = 0.25, 0.6  # how likely people are where they are called unlikely, and likely: our choice
_STANDS_OUT = 1.0  # standard deviations from an ordinary photograph
_MOST_LOOKS = 3
# Cues that say nearly the same: only the one that stands out most is told.
_ALIKE = {
    "dark_share": "lightness",
    "saturation": "colour",
    "colourfulness": "colour",
    "colour_mood": "colour",
    "tones": "contrast",
    "masses": "contrast",
    "texture": "edge_density",
    "open_space": "edge_density",
}

_QUALITIES = {
    "valence": "how pleasant",
    "arousal": "how stirring",
    "tempo_bpm": "tempo",
    "meter": "metre",
    "genre": "style",
    "density": "how full",
    "height": "how high",
    "contour": "line of the tune",
}
_HOURS = {"day": "by day", "low sun": "at low sun", "dusk": "at dusk", "night": "at night"}
_WEATHERS = {
    "clear": "under a clear sky",
    "cloudy": "under clouds",
    "fog": "in fog",
    "storm": "under a stormy sky",
    "snow": "in snow",
}
_KINDS = {
    "drawing": "a drawing",
    "painting": "a painting",
    "silhouette": "a silhouette",
    "screenshot": "a screen",
    "text": "a page of text",
}


def scene_sentences(scene: Scene, plan: CompositionPlan | None = None) -> tuple[str, ...]:
    """What is seen and what it leads to, then what stands out in how it looks, then what weighed most.

    Args:
        scene: what was seen; any cue may be missing.
        plan: the composition made of it, whose key, tempo, style and players are then told instead of those suggested.

    Returns:
        One to three sentences, the first like "A sea at low sun; pleasant (+.42) and calm (-.31); so D mixolydian at 72,
        celtic, flute and harp."
    """
    told = scene.attributes
    leads = f"{_opening(scene)}; {_feeling(scene)}; "
    if plan is None:
        tempo = _tempo(told.tempo_bpm.value)
        leads += "so " + _frame(f"{told.key.value} {told.mode.value}", tempo, told.genre.value, told.instruments.value)
    else:
        players = tuple(dict.fromkeys(part.instrument for part in plan.parts))
        asked = [reason.choice for reason in plan.reasons if not reason.because and "you asked for it" in reason.text]
        leads += "so " + _frame(str(key_course(plan)), str(tempo_course(plan, shown=_tempo)), plan.style, players)
        if asked:
            leads += f" ({join_words(tuple(dict.fromkeys(asked)))} as you asked)"
    return tuple(as_sentence(text) for text in (leads, _stands_out(scene), _weighed(scene) if plan is None else "") if text)


def cue_value(scene: Scene, name: str) -> object:
    """What a cue says; None where the scene lacks it."""
    cue = scene.cue(name)
    return None if cue is None else cue.value


def _word(scene: Scene, name: str) -> str:
    """The word of a cue; "" where it is missing, not a word, or says that it is not clear."""
    value = cue_value(scene, name)
    return value if isinstance(value, str) and value not in _UNSURE else ""


def short_figure(value: float, sign: str = "") -> str:
    """A figure as printed in running text: ".82", "-.3", "+1"."""
    text = f"{round(value, 2) + 0.0:{sign}.2f}"
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text


def _opening(scene: Scene) -> str:
    """What is seen: "a silhouette of a person at dusk, one face"."""
    subject, kind = _word(scene, "subject"), _word(scene, "picture_kind")
    seen = thing_words(subject) if subject else ""
    around = [_HOURS.get(_word(scene, "time_of_day"), ""), _WEATHERS.get(_word(scene, "weather"), "")]
    if seen == "snow" or kind == "plain":
        around.pop()
    if kind == "plain":
        opening = "hardly anything to see"
    elif kind in _KINDS:
        opening = _KINDS[kind] + (f" of {seen}" if seen and kind not in {"screenshot", "text"} else "")
    elif seen:
        opening = seen
    elif scene.cue("subject") is not None:
        opening = "not sure what it shows"
    else:
        opening = f"a picture in {scene.colours[0].words}" if scene.colours else "a picture"
    placed = " ".join(word for word in around if word)
    unnamed = opening == "not sure what it shows"
    opening += f"{', something' if unnamed else ''} {placed}" if placed else ""
    people = _people(scene) if kind not in {"plain", "text", "screenshot"} and subject != "person" else ""
    return opening + (f", {people}" if people else "")


def _people(scene: Scene) -> str:
    faces, likely = scene.number("faces", 0), scene.number("people", -1)
    cue = scene.cue("faces")
    if faces >= 1 and cue is not None:
        return cue.text
    return "" if likely < 0 else "people unlikely" if likely < _FEW_PEOPLE else "people likely" if likely >= _PEOPLE else ""


def _feeling(scene: Scene) -> str:
    """Valence and arousal in words: "pleasant (+.42) and rather calm (-.2)"."""
    return felt_words(scene.attributes.valence.value, scene.attributes.arousal.value)


def felt_words(valence: float, arousal: float) -> str:
    """Valence and arousal (-1..1 each) in words with their figures: "pleasant (+.42) and rather calm (-.2)"."""
    felt, stirred = f"({short_figure(valence, '+')})", f"({short_figure(arousal, '+')})"
    return f"{valence_words(valence)} {felt} and {arousal_words(arousal)} {stirred}"


def _tempo(bpm: float) -> str:
    return format_number(round(bpm, 1))


def _frame(key: str, tempo: str, style: str, players: tuple[str, ...]) -> str:
    words = f"{key} at {tempo}, {style_words(style)}"
    return f"{words}, {join_words(players)}" if players else words


def _stands_out(scene: Scene) -> str:
    """The looks that differ most from an ordinary photograph's."""
    evidence = CueEvidence.of(scene)
    far = sorted(
        (cue for cue in scene.cues if cue.name in TYPICAL and cue.name not in LEFT_OUT and isinstance(cue.value, float)),
        key=lambda cue: -abs(evidence.z(cue.name)),
    )
    said: dict[str, str] = {}
    for cue in far:
        family = _ALIKE.get(cue.name, cue.name)
        if abs(evidence.z(cue.name)) >= _STANDS_OUT and family not in said:
            said[family] = f"{cue_text(cue).partition(', ')[0]} ({cue_name(cue.name)} {cue_figure(cue)})"
    return f"what stands out: {join_words(tuple(said.values())[:_MOST_LOOKS])}" if said else ""


def _weighed(scene: Scene) -> str:
    """The strongest cue behind style, key and tempo, where the scene says how strong."""
    said = []
    for name in ("genre", "tempo_bpm", "key"):
        strengths = getattr(scene.attributes, name).strengths
        if strengths:
            cited = max(strengths, key=lambda cue: strengths[cue])
            said.append(f"the {attribute_label(name)}, {_reason(scene, cited)} ({strengths[cited]:.0%})")
    return f"what weighed most: for {'; for '.join(said)}" if said else ""


def _reason(scene: Scene, name: str) -> str:
    """A cue or a colour as a sentence gives it for a reason: "that it sees a pet", "its edge density", "its deep blue"."""
    if name.startswith("sees_"):
        return f"that it sees {thing_words(name.removeprefix('sees_'))}"
    if name.startswith("instrument_"):
        return f"that it sees {thing_words(name.removeprefix('instrument_'))}"
    if name.startswith(WIDE):
        return f"how likely {name.removeprefix(WIDE)} are"
    if name.startswith(FELT):
        return "a feeling that no cue has a name for"
    named = cited_name(scene, name)
    return named if named.startswith(("how ", "where ")) else f"its {named}"


def cited_name(scene: Scene, name: str) -> str:
    """A cue or a colour as a reason: "sees sea", "deep blue"."""
    _, swatch = find_cue(scene, name)
    return cue_name(name) if swatch is None else swatch.words


def attribute_label(name: str) -> str:
    """A musical quality's name for people: "genre" is "style"."""
    return _QUALITIES.get(name, cue_name(name))
