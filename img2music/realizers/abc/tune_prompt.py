"""What a model is told of a plan that it is to write in ABC: the values of a template's variables.

Names and ideas come from pictures, users and models, so they stand only in `voices` and `idea`, which templates wrap as data; the
head, the chords, the motif and the number of bars hold nothing but what music theory wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.io.abc.abc_fields import format_key_field, format_pitch
from img2music.realizers.composer import dynamic_mark
from img2music.realizers.drums.drum_kit import DRUMS
from img2music.theory import instrument, spell
from img2music.theory.meter_map import bars_quarters

if TYPE_CHECKING:
    from fractions import Fraction

    from img2music.plan import CompositionPlan, PartPlan

__all__ = ["template_values"]

_JOBS = {
    "melody": "the melody, which leads",
    "counter": "a second tune that moves where the melody holds or rests",
    "chords": "chords in a steady rhythm",
    "arpeggio": "the chords broken into single notes",
    "pad": "soft held chords",
    "bass": "the bass line, mostly the roots of the chords",
    "drums": "the drums",
}
_SINGING = {"melody", "bass"}
_LOUDNESS = {"pp": "very soft", "p": "soft", "mp": "rather soft", "mf": "rather strong", "f": "strong", "ff": "very strong"}
_TOLD_DRUMS = ("kick", "snare", "closed hat", "open hat", "crash", "ride")
_SHARPS = (0, 7, 2, 9, 4, -1, 6, 1, 8, 3, 10, 5)
"""Places on the line of fifths of C, C#, D ...: percussion keys and ranges are told with sharps."""
_LONGEST_NAME = 60


def template_values(plan: CompositionPlan) -> dict[str, str]:
    """The variables that a template for ABC may use, filled in from `plan`."""
    return {
        "header": _header(plan),
        "voices": "\n".join(_voice(number, part, plan) for number, part in enumerate(plan.parts, 1)),
        "chords": _chords(plan),
        "idea": f"{plan.title}\n{plan.idea}\nKind of music: {plan.style}".strip(),
        "motif": _motif(plan),
        "bars": _lengths(plan),
    }


def _header(plan: CompositionPlan) -> str:
    """The head of what holds at the beginning."""
    meter, tempo, key = plan.meter_map.meter, round(plan.tempo_map.bpm), plan.key_map.key
    return f"X:1\nT:Tune\nM:{meter.name}\nL:1/8\nQ:1/4={tempo}\nK:{format_key_field(key)}"


def _lengths(plan: CompositionPlan) -> str:
    """How many bars there are and how long each is."""
    stretches = plan.meter_map.points
    if len(stretches) == 1:
        return f"{plan.bars} bars, each exactly {bars_quarters(2, stretches[0].meter)} eighths long"
    ends = [point.first_bar for point in stretches[1:]] + [plan.bars]
    lengths = (
        f"{_bars(point.first_bar, end - point.first_bar).lower()} of {bars_quarters(2, point.meter)} eighths each"
        for point, end in zip(stretches, ends, strict=True)
    )
    return f"{plan.bars} bars: {', '.join(lengths)}"


def _bars(first: int, count: int) -> str:
    return f"Bars {first + 1}-{first + count}" if count > 1 else f"Bar {first + 1}"


def _changes(plan: CompositionPlan, number: int) -> str:
    """The fields that a section begins with, where they are others than before it: "[M:3/4][K:F]"."""
    if number == 0:
        return ""
    section, before = plan.sections[number], plan.sections[number - 1]
    first = plan.meter_map.bar_onset(plan.first_bars[number])
    fields = []
    if plan.meter_of(section) != plan.meter_of(before):
        fields.append(f"[M:{plan.meter_of(section).name}]")
    if plan.key_of(section) != plan.key_of(before):
        fields.append(f"[K:{format_key_field(plan.key_of(section))}]")
    tempo = round(plan.tempo_map.bpm_at(first))
    if tempo != round(plan.tempo_map.bpm_at(plan.meter_map.bar_onset(plan.first_bars[number - 1]))) or before.tempo_changes:
        fields.append(f"[Q:1/4={tempo}]")
    return "".join(fields)


def _seat(part: PartPlan, plan: CompositionPlan) -> str:
    """Where a part rests or has the tune because its sections say so."""
    lead = plan.lead
    rests, leads = [], []
    for first, section in zip(plan.first_bars, plan.sections, strict=True):
        carrier = section.tune_by or (lead.id if lead is not None else None)
        alone = section.texture == "solo" and carrier != part.id
        if part.id in section.silent or alone or (part is lead and carrier != part.id):
            rests.append(_bars(first, section.bars).lower())
        elif section.tune_by == part.id and part is not lead:
            leads.append(_bars(first, section.bars).lower())
    said = [f"; has the tune in {', '.join(leads)}"] if leads else []
    return "".join([*said, f"; rests in {', '.join(rests)}"] if rests else said)


def _voice(number: int, part: PartPlan, plan: CompositionPlan) -> str:
    return _line(number, part) + _seat(part, plan)


def _line(number: int, part: PartPlan) -> str:
    player = instrument(part.instrument)
    begin = f"V:{number} {' '.join(part.id.split())[:_LONGEST_NAME]} ({player.name}): {_JOBS[part.role]}"
    if player.kit:
        keys = ", ".join(f'{name} "{_percussion(DRUMS[name][0])}"' for name in _TOLD_DRUMS)
        return f'{begin}; each written exactly as between the quotation marks: {keys}; kick and hat together "[{_percussion(36)}{_percussion(42)}]"'
    low, high, centre = (
        format_pitch(spell(pitch, _SHARPS[pitch % 12])) for pitch in (player.low, player.high, player.tessitura_centre)
    )
    best = f' (best around "{centre}")' if part.role in _SINGING else ""
    return f'{begin}; from "{low}" to "{high}"{best}{"; one note at a time" if player.voices == 1 else ""}'


def _percussion(key: int) -> str:
    """A percussion key with its accidental, naturals too, because the tune's key does not mean drums."""
    text = format_pitch(spell(key, _SHARPS[key % 12]))
    return text if text[0] == "^" else f"={text}"


def _chords(plan: CompositionPlan) -> str:
    """A line a section: its bars, its role, how strong it is, what changes where it begins, its chords bar by bar."""
    chords = plan.chords()
    lines = []
    for number, (bar, section) in enumerate(zip(plan.first_bars, plan.sections, strict=True)):
        words = " | ".join(" ".join(chord.symbol for chord in chords[bar + index]) for index in range(section.bars))
        begins, ends = section.bar_energies[0], section.bar_energies[-1]
        loud = _LOUDNESS[dynamic_mark(begins)]
        if dynamic_mark(begins) != dynamic_mark(ends):
            loud = f"from {loud} to {_LOUDNESS[dynamic_mark(ends)]}"
        changes = _changes(plan, number)
        where = f"{_bars(bar, section.bars)}, {section.role}, {loud}"
        lines.append(f"{where}{f', begins with {changes}' if changes else ''}: | {words} |")
    return "\n".join(lines)


def _motif(plan: CompositionPlan) -> str:
    """The motif from the tonic that lies nearest to the centre of its instrument's tessitura, all notes of the scale."""
    lead = next((part for part in plan.parts if part.role == "melody"), plan.parts[0])
    key, centre = plan.key_map.key, instrument(lead.instrument).tessitura_centre
    octave = min(range(2, 7), key=lambda octave: abs(key.degree(0, octave) - centre))
    words = []
    for step, duration in zip(plan.motif.steps, plan.motif.durations, strict=True):
        pitch = key.degree(step, octave)
        # The key says the accidental, so the letter alone is enough.
        letter = format_pitch(spell(pitch, key.scale[step % 7])).lstrip("^_")
        words.append(letter + _length(duration * 2))
    return " ".join(words)


def _length(eighths: Fraction) -> str:
    if eighths.numerator == 1:
        return "" if eighths == 1 else f"/{eighths.denominator}"
    return str(eighths)
