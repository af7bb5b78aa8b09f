"""Report pages made from pieces by hand, and a reader for them."""

from __future__ import annotations

from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

from img2music.brief import Brief
from img2music.io.engraving.piano_roll import pianoroll_svg
from img2music.manifest import Fallback, Manifest, Take
from img2music.measurement import ComplianceRow
from img2music.performance import TICKS_PER_QUARTER, Performance, PlayedNote, PlayedPart
from img2music.piece import Piece
from img2music.pipeline.presets import load_pipeline_config
from img2music.plan import CompositionPlan
from img2music.report import report_html
from img2music.scene import Scene
from img2music.score import Note, Part, Score, ScoreSection
from img2music.theory import instrument

JPEG = b"\xff\xd8\xff\xe0 not decoded here \xff\xd9"
PAGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 400"><style>text{fill:#000}</style><text id="a">100 %</text></svg>'
)
VOID = {"meta", "link", "img", "input", "br", "hr"}
HOSTILE = "</title></style></script><script>alert('x')</script><img src=x onerror=\"alert(1)\">&amp;\x00\u202e"


def report_scene(text: str = "") -> Scene:
    """A low sun over water; `text` goes wherever a scene takes free text."""
    curve = (0.2, 0.25, 0.4, 0.7, 0.9, 0.6, 0.5, 0.3)
    swatches = [
        ("colour_1", "#e08a3c", "burnt orange", 0.71, 0.14, 62.0, 0.44, (0.0, 0.0, 1.0, 0.5)),
        ("colour_2", "#1f3a5f", "deep blue", 0.34, 0.07, 255.0, 0.33, (0.0, 0.55, 1.0, 0.45)),
        ("colour_3", "#f6e7c1", "pale yellow", 0.93, 0.05, 88.0, 0.05, (0.4, 0.38, 0.2, 0.15)),
    ]
    cues: list[dict[str, Any]] = [
        {"name": "warmth", "value": 0.82, "unit": "-1..1", "text": "warm"},
        {"name": "lightness", "value": 0.41, "unit": "0..1", "text": "rather dark", "box": (0.4, 0.38, 0.2, 0.15)},
        {"name": "tones", "value": 4.1, "unit": "bits, 0..5", "text": "about 17 of 32 steps in use"},
        {"name": "tilt", "value": 3.4, "unit": "degrees", "text": "almost level"},
        {"name": "edge_direction", "value": "horizontal", "unit": "word", "text": "lines lie level"},
        {"name": "horizon", "value": 0.52, "unit": "0..1 from the top", "text": "a clear horizon", "box": (0.0, 0.5, 1.0, 0.04)},
        {"name": "skyline", "value": curve, "unit": "0..1 height, left to right", "text": "a hump", "box": (0.0, 0.1, 1.0, 0.7)},
        {"name": "brightness_profile", "value": curve[::-1], "unit": "0..1, left to right", "text": "lighter in the middle"},
    ]
    sides = ("x", "y", "width", "height")
    for cue in cues:
        cue["text"] += text
        cue["box"] = dict(zip(sides, cue["box"], strict=True)) if "box" in cue else None
    names = ("name", "hex", "words", "lightness", "chroma", "hue_degrees", "share")
    colours = [
        dict(zip(names, row[:7], strict=True)) | {"words": row[2] + text, "box": dict(zip(sides, row[7], strict=True))}
        for row in swatches
    ]
    suggested: dict[str, tuple[object, tuple[str, ...]]] = {
        "valence": (0.35, ("warmth",)),
        "arousal": (-0.4, ("lightness", "tones")),
        "mood": (("calm", "warm" + text), ("warmth", "colour_1")),
        "tempo_bpm": (72.0, ("tones",)),
        "key": ("Bb", ("colour_1",)),
        "mode": ("mixolydian", ("warmth",)),
        "meter": ("3/4", ("edge_direction",)),
        "genre": ("waltz" + text, ("horizon",)),
        "instruments": (("violin", "piano"), ("lightness",)),
    }
    attributes = {name: {"value": value, "because": because, "confidence": 0.3} for name, (value, because) in suggested.items()}
    picture = {
        "file": f"low sun{text}.jpg",
        "sha256": "ab" * 32,
        "width": 1200,
        "height": 800,
        "format": "JPEG",
        "notes": ("turned" + text,),
    }
    return Scene.model_validate({"picture": picture, "cues": cues, "colours": colours, "attributes": attributes})


def report_plan(text: str = "") -> CompositionPlan:
    """Sixteen bars of waltz in five sections; `text` goes wherever a plan takes free text."""
    theme, contrast_bars = ("I", "VII", "IV", "I"), ("bVI", "ii7", "V7/V", "v6 I")
    sections = [
        {"name": "intro", "material": "intro", "role": "intro", "energy": 0.2, "harmony": ("I", "IV"), "phrase_bars": (2,)},
        {"name": "A1" + text, "material": "A", "role": "theme", "energy": 0.4, "harmony": theme, "phrase_bars": (4,)},
        {"name": "B", "material": "B", "role": "contrast", "energy": 0.75, "harmony": contrast_bars, "phrase_bars": (2, 2)},
        {"name": "A2", "material": "A", "role": "return", "energy": 0.6, "harmony": theme, "phrase_bars": (4,)},
        {"name": "outro", "material": "outro", "role": "outro", "energy": 0.3, "harmony": ("VII", "I"), "phrase_bars": (2,)},
    ]
    parts = [
        {"name": "Violin" + text, "instrument": "violin", "role": "melody"},
        {"name": "Piano", "instrument": "piano", "role": "chords", "pattern": "waltz", "pan": -0.3, "level_db": -4},
        {"name": "Brushes", "instrument": "brush drums", "role": "drums", "from_energy": 0.7},
    ]
    reasons = [
        {"choice": "mode" + text, "text": "mixolydian, for a warm picture", "because": ("warmth", "colour_1")},
        {"choice": "motif", "text": "Its steps follow the skyline." + text, "because": ("skyline",)},
        {"choice": "form", "text": "Energy follows the light.", "because": ("brightness_profile", "gone_cue" + text)},
        {"choice": "tempo", "text": "72: you asked for it."},
    ]
    return CompositionPlan.model_validate(
        {
            "title": "Low Sun" + text,
            "idea": "A warm waltz over water" + text,
            "style": "waltz" + text,
            "key": "Bb mixolydian",
            "meter": "3/4",
            "tempo_bpm": 72,
            "seconds": 42,
            "valence": 0.35,
            "arousal": -0.4,
            "density": 0.3,
            "motif": {"steps": (0, 2, 4, 3), "rhythm": (1, 0.5, 0.5, 1)},
            "contour": (0.1, 0.5, 1.0, 0.4),
            "sections": sections,
            "parts": parts,
            "reasons": reasons,
            "conflicts": ("you asked for tempo 72; the picture suggested 90" + text,),
            "seed": 7,
        }
    )


def report_piece(text: str = "", *, with_scene: bool = True) -> Piece:
    """A small but whole piece; `text` goes wherever free text may stand."""
    plan = report_plan(text)
    key, quarter = plan.parsed_key, TICKS_PER_QUARTER
    lines: dict[str, list[tuple[Fraction, Fraction, int, int]]] = {part.name: [] for part in plan.parts}
    for bar in range(plan.bars):
        start = Fraction(3 * bar)
        lines[plan.parts[0].name] += [(start + beat, Fraction(1), key.degree(bar + beat, 4), 72) for beat in range(3)]
        lines["Piano"].append((start, Fraction(3), key.degree(0, 2), 56))
        lines["Brushes"] += [(start, Fraction(1, 2), 38, 40)] if 6 <= bar < 10 else []
    score = Score.steady(
        plan.title,
        key,
        plan.parsed_meter,
        plan.tempo_bpm,
        plan.bars,
        tuple(
            Part(
                part.name,
                instrument(part.instrument),
                part.role,
                tuple(Note(*n[:3], key.spell(n[2]), n[3]) for n in lines[part.name]),
            )
            for part in plan.parts
        ),
        sections=tuple(ScoreSection(s.name, 0, s.bars, s.energy, "mp" + text) for s in plan.sections),
    )
    performance = Performance.steady(
        plan.title,
        key,
        plan.parsed_meter,
        plan.tempo_bpm,
        plan.seconds,
        tuple(
            PlayedPart(
                name, 0, channel, tuple(PlayedNote(int(n[0] * quarter), int(n[1] * quarter), n[2], n[3]) for n in notes), ()
            )
            for channel, (name, notes) in zip((0, 1, 9), lines.items(), strict=True)
        ),
        markers=((0, "intro"), (6 * quarter, "A1" + text)),
    )
    scene = report_scene(text) if with_scene else None
    brief = Brief(seconds=42, tempo_bpm=72, words=("calm, at night" + text)[:400], seed=7)
    row: Any = ComplianceRow
    manifest = Manifest(
        versions={"img2music": "0.1.0", "verovio" + text: "6.4.1" + text},
        picture=None if scene is None else scene.picture,
        brief=brief,
        pipeline=load_pipeline_config("offline"),
        stages={"renderer": "soundfont" + text},
        seed=7,
        takes=(Take(seed=7, kept=True, mark=0.8125), Take(seed=8, kept=False, mark=0.5)),
        fallbacks=(Fallback(stage="renderer", asked="fluidsynth", used="soundfont", why="fluidsynth is not on the path" + text),),
        conflicts=plan.conflicts,
        compliance=(
            row("tempo", "brief", "72", "72" + text, ("MIDI",), True),
            row("length", "plan", "42.0" + text, "45.5", ("audio",), False),
            row("key", "plan", "B♭ mixolydian", "no pitch sounds" + text, ("MIDI",), None),
        ),
        audio=None,
        scene=scene,
        plan=plan,
        files={"plan.json": "0" * 64, "score.mid": "0" * 64},
        timing={"planner": 12.3456},
    )
    return Piece(brief, scene, plan, score, performance, None, manifest, preview_jpeg=JPEG)


def report_page(piece: Piece, **changes: Any) -> str:
    """The page of a piece with every input, but for the changes."""
    inputs: dict[str, Any] = {
        "pages": (PAGE, PAGE),
        "pianoroll": pianoroll_svg(piece.performance),
        "audio_name": "audio.wav",
    }
    return report_html(piece, **inputs | changes)


class PageReader(HTMLParser):
    """Reads a page strictly: every tag closed in order; keeps tags, attributes and the text outside style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.raw: dict[str, str] = {}
        self.feed(page)
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"style", "script"}:
            self.raw[self.open[-1]] = data
        else:
            self.words.append(data)

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [attributes[name] for _, attributes in self.tags if name in attributes]
