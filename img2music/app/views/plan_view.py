"""A plan as the page draws it: sections with their bars and chords in seconds, the energy, who plays and who could instead, every choice with why.

Conventions: seconds from the start of the sound; bars count from 1, over the piece (``bar``) and in their section (``in_section``); energies
0..1; levels in dB. Chords stand as a plan writes them (``numerals``) and as players read them (``symbols``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.app.views.picture_view import cited_cues
from img2music.report.course import hit_words, key_course, meter_course, section_words, tempo_course, tempo_range_words
from img2music.report.planner_phrases import changed_choice
from img2music.report.text_format import as_sentence, beat_words, format_clock, with_accidentals
from img2music.theory import instrument, parse_bar
from img2music.theory.instruments import instrument_names

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan, PartPlan, Reason, Section
    from img2music.scene import Scene

__all__ = ["JOBS", "plan_view", "players_instead"]

JOBS = {
    "melody": "plays the tune",
    "counter": "answers the tune",
    "chords": "plays the chords",
    "arpeggio": "plays broken chords",
    "pad": "holds the chords",
    "bass": "plays the bass",
    "drums": "keeps the beat",
}
_CHORD_VOICES = 3
"""Who plays chords needs so many notes at once."""
_BASS_TOP = 48
"""Who plays the bass reaches below this MIDI pitch."""


def plan_view(plan: CompositionPlan, scene: Scene | None = None) -> dict[str, Any]:
    """A plan; `scene` names the cues of its reasons.

    Returns:
        ``title``, ``idea``, ``style``, ``key``, ``meter``, ``tempo`` {bpm, words, beat, course}, ``seconds``, ``clock``, ``bars`` (number),
        ``loop``, ``seed``;
        ``sections`` [{name, role, material, from, to, first_bar, energy, energies, moves, bars [{bar, in_section, from, to, numerals, symbols,
        energy, begins_phrase}]}];
        ``energy`` [[seconds, energy]] as steps;
        ``parts`` [{id, name, hand, instrument, role, job, pattern, from_energy, level_db, pan, octave, plays_in [name of a section],
        instead [name of an instrument]}];
        ``reasons`` [{choice, text, because [{name, label, share}], source, stale or None}];
        ``hits`` [{bar, seconds, action, text}]; ``conflicts`` [text].
    """
    sections = [_section(plan, place, section) for place, section in enumerate(plan.sections)]
    tempo = tempo_course(plan)
    return {
        "title": plan.title,
        "idea": plan.idea,
        "style": plan.style,
        "key": str(key_course(plan, with_accidentals_of_key)),
        "meter": str(meter_course(plan)),
        "tempo": {
            "bpm": round(plan.tempo_map.bpm, 2),
            "words": tempo_range_words(plan),
            "beat": beat_words(plan),
            "course": str(tempo),
        },
        "seconds": round(plan.seconds, 3),
        "clock": format_clock(plan.seconds),
        "bars": plan.bars,
        "loop": plan.loop,
        "seed": plan.seed,
        "sections": sections,
        "energy": [[bar["from"], bar["energy"]] for section in sections for bar in section["bars"]],
        "parts": [_part(plan, part) for part in plan.parts],
        "reasons": [_reason(plan, reason, scene) for reason in plan.reasons],
        "hits": [
            {
                "bar": hit.bar,
                "seconds": round(plan.tempo_map.seconds_at(plan.meter_map.onset(hit.bar - 1, hit.place_quarters)), 3),
                "action": hit.action,
                "text": as_sentence(hit_words(plan, hit)),
            }
            for hit in plan.hits
        ],
        "conflicts": [as_sentence(conflict) for conflict in plan.conflicts],
    }


def players_instead(part: PartPlan) -> list[str]:
    """Who could play a part: those of its instrument's family first, in the order of the instruments' table; drum kits for drums."""
    now = instrument(part.instrument)
    found = []
    for name in instrument_names():
        player = instrument(name)
        chords = part.role in {"chords", "pad"} and player.voices < _CHORD_VOICES
        low = part.role == "bass" and player.low > _BASS_TOP
        if name != now.name and bool(player.kit) == bool(now.kit) and not (chords or low):
            found.append(player)
    return [player.name for player in sorted(found, key=lambda player: player.family != now.family)]


def with_accidentals_of_key(key: str) -> str:
    """A key with real signs: "Bb minor" is "B♭ minor"."""
    tonic, _, mode = key.partition(" ")
    return f"{with_accidentals(tonic)} {mode}"


def _section(plan: CompositionPlan, place: int, section: Section) -> dict[str, Any]:
    first, key, energies = plan.first_bars[place], plan.key_of(section), section.bar_energies
    begins = {sum(section.phrase_bars[:number]) for number in range(len(section.phrase_bars))}
    bars = [
        {
            "bar": first + number + 1,
            "in_section": number + 1,
            "from": _seconds(plan, first + number),
            "to": _seconds(plan, first + number + 1),
            "numerals": harmony,
            "symbols": [with_accidentals(chord.symbol) for chord in parse_bar(harmony, key)],
            "energy": energies[number],
            "begins_phrase": number in begins,
        }
        for number, harmony in enumerate(section.harmony)
    ]
    return {
        "name": section.name,
        "role": section.role,
        "material": section.material,
        "from": bars[0]["from"],
        "to": bars[-1]["to"],
        "first_bar": first + 1,
        "energy": section.energy,
        "energies": list(energies),
        "moves": section_words(plan, section),
        "bars": bars,
    }


def _seconds(plan: CompositionPlan, bar: int) -> float:
    return round(plan.tempo_map.seconds_at(plan.meter_map.bar_onset(bar)), 3)


def _part(plan: CompositionPlan, part: PartPlan) -> dict[str, Any]:
    told = part.model_dump(
        include={"id", "name", "hand", "instrument", "role", "pattern", "from_energy", "level_db", "pan", "octave"}
    )
    plays = [
        section.name
        for section in plan.sections
        if part.id not in section.silent and max(section.bar_energies) >= part.from_energy
    ]
    return {**told, "job": JOBS[part.role], "plays_in": plays, "instead": players_instead(part)}


def _reason(plan: CompositionPlan, reason: Reason, scene: Scene | None) -> dict[str, Any]:
    return {
        "choice": reason.choice,
        "text": as_sentence(reason.text),
        "because": cited_cues(scene, reason.because, reason.strengths),
        "source": reason.source,
        "stale": changed_choice(reason, plan),
    }
