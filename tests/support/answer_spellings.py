"""One answer in many spellings: what models do to an answer without meaning another one.

Four tables, which can be laid over each other in this order: how fields are written (`FIELDS`, on the tree), how the tree becomes text
(`TEXTS`), what it is wrapped in (`WRAPPINGS`, text of JSON to text of JSON), and what stands around it (`SURROUNDINGS`).
"""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

from img2music.models import schema_of
from img2music.planners.llm.plan_schema import PlanAnswer
from tests.support.model_answers import plan_answer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FIELDS", "SCENE_FIELDS", "SURROUNDINGS", "TEXTS", "WRAPPINGS"]

Tree = dict[str, Any]


def _set(path: str, value: Any) -> Callable[[Tree], Tree]:
    """Puts a value at a place such as "sections.0.energy"."""

    def change(tree: Tree) -> Tree:
        made: Any = copy.deepcopy(tree)
        node = made
        *steps, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
        for step in steps:
            node = node[step]
        node[last] = value
        return made  # type: ignore[no-any-return]

    return change


def _all(name: str, spell: Callable[[Any], Any]) -> Callable[[Tree], Tree]:
    """Spells every value of the fields called `name`."""

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: spell(value) if key == name else walk(value) for key, value in node.items()}
        return [walk(item) for item in node] if isinstance(node, list) else node

    return walk


def _names(spell: Callable[[str], str]) -> Callable[[Tree], Tree]:
    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {spell(key): walk(value) for key, value in node.items()}
        return [walk(item) for item in node] if isinstance(node, list) else node

    return walk


_LENGTHS = {1: "quarter", 0.5: "eighth", 2: "half"}
_BRITISH = {1: "crotchet", 0.5: "quaver", 2: "minim"}
_PARTS = {1: "1/4", 0.5: "1/8", 2: "1/2"}
_ORDINALS = {1: "quarter note", 0.5: "8th", 2: "half note"}
_ROMAN = str.maketrans({"I": "Ⅰ", "V": "Ⅴ", "i": "ⅰ", "v": "ⅴ"})
_WIDE = {ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)}

FIELDS: dict[str, Callable[[Tree], Tree]] = {
    **{f"key {key}": _set("key", key) for key in (
        "d dorian", "D Dorian", "D DORIAN", "D-dorian", "D_dorian", "D dor", "d dorisch", "key of D dorian", "D dorian mode", "Ｄ dorian",
        "ré dorian", "D – dorian", "D (natural) dorian",
    )},
    **{f"style {style}": _set("style", style) for style in ("Folk", "FOLK", "folk music", "folk (acoustic)", " folk ")},
    **{f"meter {meter}": _set("meter", meter) for meter in ("4/4 time", "4 / 4", "４/４", "common time", "4⁄4", "4/4 (simple)")},
    **{f"tempo {tempo}": _set("tempo_bpm", tempo) for tempo in (
        "132", "132 bpm", "132 BPM", 132.0, 132.4, "130-134", "130–134", "♩ = 132", "~132", "about 132 bpm", "１３２", [132],
        "132 beats per minute", "Allegro (132 bpm)", "132,0", "half = 66", "bpm: 132",
    )},
    **{f"density {density}": _set("density", density) for density in (
        40, "40", "40%", "40 %", "0,4", "0.4", ".4", "40 percent", "0.3-0.5", "2/5", "4/10", "４０％", [0.4], "4 out of 10",
    )},
    "energy %": _all("energy", lambda value: f"{value:.0%}"),
    "energy 40": _all("energy", lambda value: round(value * 100)),
    "energy strings": _all("energy", str),
    "energy comma": _all("energy", lambda value: str(value).replace(".", ",")),
    "energy lists": _all("energy", lambda value: [value]),
    "from_energy %": _all("from_energy", lambda value: f"{value * 100:g} %"),
    "from_energy null": lambda tree: _set("parts.1.from_energy", None)(_set("parts.0.from_energy", None)(tree)),
    "roles capital": _all("role", str.title),
    "roles upper": _all("role", str.upper),
    "roles lists": _all("role", lambda value: [value]),
    "roles other": lambda tree: _set("parts.2.role", "Bass line")(_set("parts.0.role", "Lead")(tree)),
    "roles arpeggios": _set("parts.1.role", "Arpeggios"),
    "section roles other": lambda tree: _set("sections.2.role", "Recapitulation")(_set("sections.0.role", "Main Theme")(tree)),
    "players capital": _all("instrument", str.title),
    "players underscores": _all("instrument", lambda name: name.replace(" ", "_")),
    "players solo": _all("instrument", lambda name: f"Solo {name}"),
    "players brackets": _all("instrument", lambda name: f"{name} (soft)"),
    "letters lower": _all("letter", str.lower),
    "letters long": _all("letter", lambda letter: f"Section {letter}"),
    "lengths names": _all("lengths", lambda values: [_LENGTHS[value] for value in values]),
    "lengths British": _all("lengths", lambda values: [_BRITISH[value] for value in values]),
    "lengths fractions": _all("lengths", lambda values: [_PARTS[value] for value in values]),
    "lengths ordinals": _all("lengths", lambda values: [_ORDINALS[value] for value in values]),
    "lengths strings": _all("lengths", lambda values: [str(value) for value in values]),
    "lengths one string": _all("lengths", lambda values: ", ".join(map(str, values))),
    "lengths capital": _all("lengths", lambda values: [_LENGTHS[value].title() for value in values]),
    "steps floats": _all("steps", lambda values: [float(value) for value in values]),
    "steps strings": _all("steps", lambda values: [f"+{value}" for value in values]),
    "steps one string": _all("steps", lambda values: " ".join(map(str, values))),
    "contour %": _all("contour", lambda values: [f"{value:.0%}" for value in values]),
    "contour hundredths": _all("contour", lambda values: [round(value * 100) for value in values]),
    "contour one string": _all("contour", lambda values: ", ".join(map(str, values))),
    "contour commas": _all("contour", lambda values: [str(value).replace(".", ",") for value in values]),
    "bars in Unicode": _all("bars", lambda bars: [bar.translate(_ROMAN) for bar in bars]),
    "bars one string": _all("bars", " | ".join),
    "bars commas": _all("bars", ", ".join),
    "bars dashes": _all("bars", " – ".join),
    "bars lists": _all("bars", lambda bars: [[bar] for bar in bars]),
    "because a string": _all("because", lambda names: names[0]),
    "reasons capital": _all("choice", str.title),
    "names capital": _names(str.title),
    "names camel": _names(lambda name: re.sub(r"_(.)", lambda match: match[1].upper(), name)),
    "names tempo": lambda tree: {("tempo" if name == "tempo_bpm" else name): value for name, value in tree.items()},
    "names time signature": lambda tree: {("time_signature" if name == "meter" else name): value for name, value in tree.items()},
    "title in a list": lambda tree: {**tree, "title": [tree["title"]]},
    "motif in a list": lambda tree: {**tree, "motif": [tree["motif"]]},
    "sections by name": lambda tree: {**tree, "sections": {section["name"]: section for section in tree["sections"]}},
    "digits wide": _set("tempo_bpm", "132".translate(_WIDE)),
}  # fmt: skip


def _commas(text: str) -> str:
    return re.sub(r"(?<=[\]}\"\d])(\s*)(?=[}\]])", r",\1", text)


def _bare_names(text: str) -> str:
    return re.sub(r'"([a-z_]+)":', r"\1:", text)


TEXTS: dict[str, Callable[[Tree], str]] = {
    "plain": json.dumps,
    "indented": lambda tree: json.dumps(tree, indent=2),
    "not ASCII": lambda tree: json.dumps(tree, ensure_ascii=False),
    "trailing commas": lambda tree: _commas(json.dumps(tree, indent=1)),
    "// comments": lambda tree: re.sub(r",\n", ",  // so\n", json.dumps(tree, indent=1)),
    "# comments": lambda tree: re.sub(r",\n", ",  # it's so\n", json.dumps(tree, indent=1)),
    "/* comments */": lambda tree: re.sub(r",\n", ", /* {so} */\n", json.dumps(tree, indent=1)),
    "Python": repr,
    "Python indented": lambda tree: repr(tree).replace("{", "{\n"),
    "names without quotes": lambda tree: _bare_names(json.dumps(tree)),
    "typographic quotes": lambda tree: re.sub(r'"([^"\\]*)"', r"“\1”", json.dumps(tree, ensure_ascii=False)),
    "German quotes": lambda tree: re.sub(r'"([^"\\]*)"', r"„\1“", json.dumps(tree, ensure_ascii=False)),
    "guillemets": lambda tree: re.sub(r'"([^"\\]*)"', r"«\1»", json.dumps(tree, ensure_ascii=False)),
    "wide colons": lambda tree: re.sub(r'":', '"：', json.dumps(tree)),
    "no-break blanks": lambda tree: json.dumps(tree, indent=1).replace("\n ", "\n\u00a0"),
    "Windows lines": lambda tree: json.dumps(tree, indent=1).replace("\n", "\r\n"),
    "commas missing at line ends": lambda tree: json.dumps(tree, indent=1).replace('",\n', '"\n').replace("},\n", "}\n"),
    "last brace missing": lambda tree: json.dumps(tree)[:-1],
    "last brace missing in a fence": lambda tree: f"```json\n{json.dumps(tree)[:-1]}\n```",
    "a byte order mark": lambda tree: f"\ufeff{json.dumps(tree)}",
    "doubled commas": lambda tree: json.dumps(tree).replace('", "', '",, "'),
}


WRAPPINGS: dict[str, Callable[[str], str]] = {
    "none": str,
    "a list of one": lambda text: f"[{text}]",
    "plan": lambda text: f'{{"plan": {text}}}',
    "answer": lambda text: f'{{"answer": {text}}}',
    "arguments": lambda text: f'{{"name": "plan", "arguments": {text}}}',
    "arguments in a string": lambda text: json.dumps({"name": "plan", "arguments": text}),
    "a tool's call": lambda text: json.dumps(
        {"tool_calls": [{"type": "function", "function": {"name": "x", "arguments": text}}]}
    ),
    "a list under a name": lambda text: f'{{"plans": [{text}]}}',
    "two names deep": lambda text: f'{{"result": {{"composition": {text}, "status": "ok"}}}}',
    "a string": json.dumps,
    "a schema's name": lambda text: f'{{"plan/1": {text}}}',
}

_DRAFT = json.dumps(plan_answer(title="A Draft " * 6, key="C major", tempo_bpm=60, idea="A draft that is long. " * 12))
_SKELETON = json.dumps({
    "idea": "string", "reasons": [], "title": "<title>", "style": "...", "key": "string", "meter": "string", "tempo_bpm": "integer",
    "density": "number", "motif": {"type": "object"}, "contour": "array", "sections": [], "parts": [],
})  # fmt: skip
_SCHEMA = json.dumps(schema_of(PlanAnswer))

SURROUNDINGS: dict[str, Callable[[str], str]] = {
    "nothing": str,
    "prose": lambda text: f"Sure! Here is the {{plan}}:\n\n{text}\n\nIt's yours; {{enjoy}} it.",
    "a fence": lambda text: f"```json\n{text}\n```",
    "a fence of Python": lambda text: f"Here:\n~~~python\nplan = {text}\n~~~\nDone.",
    "think": lambda text: f"<think>The user wants a plan, say {_DRAFT} - no.</think>\n{text}",
    "think opened by the template": lambda text: f"Let me see. {_DRAFT} is wrong.\n</think>\n\n{text}",
    "thinking": lambda text: f"<thinking>{_DRAFT}</thinking>{text}",
    "reasoning": lambda text: f"<Reasoning>\n{{'key': 'C'}} perhaps\n</Reasoning>\n{text}",
    "brackets": lambda text: f"[THINK]{_DRAFT}[/THINK]{text}",
    "channels": lambda text: (
        f"<|channel|>analysis<|message|>Draft: {_DRAFT}<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>{text}<|return|>"
    ),
    "thought after": lambda text: f"{text}\n<think>Was it right? {_DRAFT} would be worse.</think>",
    "a draft before": lambda text: f"First try:\n{_DRAFT}\nBetter:\n{text}",
    "the schema before": lambda text: f"The schema is {_SCHEMA}. So:\n{text}",
    "the schema after": lambda text: f"{text}\nThis keeps the schema: {_SCHEMA}",
    "a skeleton before": lambda text: f"In the form {_SKELETON}:\n{text}",
    "a skeleton after": lambda text: f"{text}\nwhich has the form {_SKELETON}",
    "small objects around": lambda text: f'{{}} {{"note": 1}}\n{text}\n{{"confidence": 0.9}} {{}}',
}


def _decide(name: str, value: Any) -> Callable[[Tree], Tree]:
    return _set(f"{name}.value", value)


SCENE_FIELDS: dict[str, Callable[[Tree], Tree]] = {
    **{f"key {key}": _decide("key", key) for key in ("E♭", "e flat", "Eb major", "Es-Dur", "E-flat", "D#", "mi bémol", "Ｅｂ", ["Eb"], "EB")},
    **{f"mode {mode}": _decide("mode", mode) for mode in ("Lydian", "LYDIAN", "lydian mode", "lyd", ["lydian"], "Eb lydian")},
    **{f"meter {meter}": _decide("meter", meter) for meter in ("3 / 4", "3/4 time", "３/４", "3/4 (waltz)")},
    **{f"genre {genre}": _decide("genre", genre) for genre in ("Ambient", "AMBIENT", "ambient music", ["ambient"], "dark ambient")},
    **{f"tempo {tempo}": _decide("tempo_bpm", tempo) for tempo in (66.0, "66", "66 bpm", "64-68", "♩ = 66", 66.4, [66], "６６", "~66")},
    **{f"valence {valence}": _decide("valence", valence) for valence in ("0.4", "0,4", "40 %", "+0.4", 40, [0.4], "40%")},
    **{f"arousal {arousal}": _decide("arousal", arousal) for arousal in ("-0.5", "−0.5", "-0,5", "-50%", -50)},
    **{f"mood {mood}": _decide("mood", mood) for mood in ("calm, wistful", ["Calm", "Wistful"], "calm and wistful", ["calm; wistful"])},
    **{f"players {players}": _decide("instruments", players) for players in (
        "harp, cello", ["Harp", "Cello (arco)"], "Harp and Cello", ["solo_harp", "Solo Cello"], "harp + cello", ["Harp / Cello"],
    )},
    "confidence strings": _all("confidence", str),
    "confidence %": _all("confidence", lambda value: f"{value:.0%}"),
    "confidence hundredths": _all("confidence", lambda value: round(value * 100)),
    "confidence comma": _all("confidence", lambda value: str(value).replace(".", ",")),
    "because strings": _all("because", ", ".join),
    "because capital": _all("because", lambda names: [name.replace("_", " ").title() for name in names]),
    "boxes strings": _all("box", lambda box: ", ".join(map(str, box))),
    "boxes %": _all("box", lambda box: [f"{side * 100:g}%" for side in box]),
    "boxes hundredths": _all("box", lambda box: [side * 100 for side in box]),
    "boxes by name": _all("box", lambda box: dict(zip(("x", "y", "width", "height"), box, strict=True))),
    "names capital": _names(str.title),
    "observations by name": lambda tree: {**tree, "observations": {item["name"]: item for item in tree["observations"]}},
    "decisions in lists": lambda tree: {name: value if name == "observations" else [value] for name, value in tree.items()},
    "decisions in a group": lambda tree: {
        "observations": tree["observations"],
        "decisions": {name: value for name, value in tree.items() if name != "observations"},
    },
}  # fmt: skip
