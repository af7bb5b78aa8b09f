"""Sounds whose tempo, metre and key are known, because they are made here."""

from __future__ import annotations

import numpy as np

from img2music.audio import Audio
from img2music.performance import Performance, PlayedNote, PlayedPart
from img2music.theory import Key, Meter

RATE = 32_000
COMMON = Meter(4, 4)
CHORDS = ((60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67))


def clicks(bpm: float, bar: int, seconds: float = 16.0, rate: int = RATE) -> Audio:
    """A short noise a beat; the first of a bar is longer, lower and louder."""
    chance = np.random.default_rng(1)
    sound = np.zeros((1, round(seconds * rate)), np.float32)
    step = 60.0 / bpm
    for beat in range(int(seconds / step)):
        begin = round(beat * step * rate)
        length = min(round(0.05 * rate), sound.shape[1] - begin)
        time = np.arange(length) / rate
        noise = chance.normal(0, 0.2, length) * np.exp(-time * 120)
        if beat % bar == 0:
            noise = noise + 0.6 * np.sin(2 * np.pi * 90 * time) * np.exp(-time * 40)
        sound[0, begin : begin + length] += noise.astype(np.float32)
    return Audio(sound, rate)


def song(key: str = "C", meter: Meter = COMMON, bpm: float = 110.0, bars: int = 16, seed: int = 0, shift: int = 0) -> Performance:
    """Bass, chords and a tune of chord notes."""
    chance = np.random.default_rng(seed)
    tonic = Key.parse(key).pitch_classes[0]
    third = -1 if Key.parse(key).is_minor else 0
    beats = len(meter.beats)
    tune, chords, bass = [], [], []
    for bar in range(bars):
        begin = bar * beats * 480
        chord = [pitch + tonic + (third if place == 1 else 0) for place, pitch in enumerate(CHORDS[(bar + shift) % 4])]
        bass.append(PlayedNote(begin, 460, chord[0] - 24, 100))
        for beat in range(beats):
            tune += [PlayedNote(begin + beat * 480, 300, int(chance.choice(chord)) + 12, 90)]
            if beat:
                chords += [PlayedNote(begin + beat * 480, 200, pitch, 60) for pitch in chord]
    parts = tuple(
        PlayedPart(name, program, channel, tuple(sorted(notes)), ())
        for channel, (name, program, notes) in enumerate((("tune", 73, tune), ("chords", 0, chords), ("bass", 32, bass)))
    )
    return Performance.steady("song", Key.parse(key), meter, bpm, bars * beats * 60 / bpm, parts)


def played(performance: Performance) -> Audio:
    """As the soundfont plays it."""
    from img2music.renderers.soundfont.soundfont_renderer import SoundfontRenderer

    return SoundfontRenderer()(performance).mix


def figures(bpm: float, beats: int, parts: int, tune: float, seconds: float = 24.0, rate: int = 22_050) -> Audio:
    """Plucked tones: a bass on each bar and its chord on each beat, both new from bar to bar, and a tune in parts of the beat.

    Args:
        bpm: of the beat, which has so many parts.
        beats: a bar.
        parts: 2 or 3.
        tune: how often a part of a beat has a note of it, 0..1.
    """
    chance = np.random.default_rng(3)
    step = 60.0 / bpm / parts
    sound = np.zeros(round((seconds + 2) * rate))

    def pluck(place: int, pitch: int, level: float, long: float) -> None:
        time = np.arange(round(3 * long * rate)) / rate
        hz = 440 * 2 ** ((pitch - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hz * part * time) / part for part in (1, 2, 3)) * np.exp(-time / long) * level
        begin = round(place * step * rate)
        sound[begin : begin + len(tone)] += tone[: len(sound) - begin]

    for place in range(int(seconds / step)):
        bar, inside = divmod(place, beats * parts)
        chord = CHORDS[bar % 4]
        if inside == 0:
            pluck(place, chord[0] - 24, 0.5, 0.4)
        elif inside % parts == 0:
            for pitch in chord:
                pluck(place, pitch, 0.12, 0.15)
        if inside % parts == 0 or chance.random() < tune:
            pluck(place, int(chance.choice(chord)) + 12, 0.2, 0.15)
    return Audio((0.5 * sound[None, : round(seconds * rate)]).astype(np.float32), rate)
