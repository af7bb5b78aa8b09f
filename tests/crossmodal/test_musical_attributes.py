"""From what the eye measured to feeling and to musical attributes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from img2music.crossmodal import genre_rules, genre_tables
from img2music.crossmodal.affect import FEELINGS, MEANS, read_affect, spread_affect
from img2music.crossmodal.cue_evidence import TYPICAL, CueEvidence
from img2music.crossmodal.musical_attributes import CIRCUMPLEX, LOOKS, MODE_RULES, mood_words, suggest_attributes
from img2music.io.pictures import open_picture
from img2music.io.style_files import load_style, style_names
from img2music.perceivers.image.recognition import image_classes
from img2music.perceivers.image.thumbnail import make_thumbnail
from img2music.resources import data_folder
from img2music.scene import Box, Swatch
from img2music.theory import METERS, Key, instrument
from tests.support.made_pictures import (
    Pixels,
    as_picture,
    evidence_with,
    example_scenes,
    noise,
    plain_colour,
    ramp,
    see_pixels,
    typical_evidence,
)

# ---------------------------------------------------------------- affect


def affect_of(rgb: Pixels) -> tuple[float, float]:
    attributes = see_pixels(rgb).attributes
    return attributes.valence.value, attributes.arousal.value


def test_bright_and_warm_is_happier_than_dark_and_cold() -> None:
    bright, dark = ramp((255, 210, 90), (250, 150, 60)), ramp((20, 30, 45), (10, 12, 20))
    assert affect_of(bright)[0] > affect_of(dark)[0] + 0.4
    assert affect_of(plain_colour((255, 200, 60)))[0] > affect_of(plain_colour((30, 35, 50)))[0] + 0.2


def test_a_soft_gradient_is_calmer_than_noise() -> None:
    calm = affect_of(ramp((190, 200, 215), (205, 215, 225)))[1]
    assert calm < affect_of(noise())[1] - 0.2
    grey = noise()[..., :1].repeat(3, axis=2)
    assert calm < affect_of(grey)[1]


def test_affect_is_the_sum_of_its_cues() -> None:
    valence, arousal = read_affect(typical_evidence())
    assert (valence.value, arousal.value) == MEANS, "an ordinary photograph feels as photographs do"
    assert read_affect(typical_evidence(colour_mood=1))[0].value > valence.value + 0.02
    assert read_affect(typical_evidence(saturation=1))[1].value > arousal.value
    assert read_affect(typical_evidence(brightness=1))[1].value < arousal.value
    assert read_affect(typical_evidence(contrast=2, masses=1))[1].because == ("contrast", "masses")
    assert read_affect(typical_evidence(brightness=-2))[1].because == ("brightness",)
    for name, value, axis in (("feels_valence", 0.3, 0), ("feels_arousal", -0.3, 1)):
        moved = read_affect(evidence_with(**{name: value}))
        assert moved[axis].value == pytest.approx(MEANS[axis] + value, abs=1e-3)
        assert moved[axis].because == (name,)
        assert moved[1 - axis].value == MEANS[1 - axis]
    assert read_affect(evidence_with(sees_sea=0.9))[0].value > valence.value + 0.2
    assert read_affect(evidence_with(sees_weapon=0.9))[0].value < valence.value - 0.3
    assert (
        read_affect(evidence_with(smiles=-0.9, face_size=0.5))[0].value
        < valence.value - 0.1
        < read_affect(evidence_with(smiles=0.9))[0].value
    )
    assert read_affect(evidence_with(sees_sea=0.9))[0].strengths == {"sees_sea": 1.0}


def test_confidence_falls_with_the_spread() -> None:
    confidences = [read_affect(evidence_with(feels_spread=spread))[0].confidence for spread in (0.2, 0.33, 0.36, 0.5)]
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[0] == 0.6, "never surer than the eye was on subjects it did not know"
    assert confidences[-1] == 0


def test_music_uses_the_scale_that_ratings_do_not() -> None:
    for end in (-1.0, 0.0, 1.0):
        assert spread_affect(end, end) == pytest.approx((end, end))
    values = np.linspace(-1, 1, 41)
    for axis in (0, 1):
        heard_values = [spread_affect(float(value), float(value))[axis] for value in values]
        assert heard_values == sorted(heard_values)
    assert spread_affect(0.39, 0.27) == pytest.approx((0.581, 0.511), abs=0.001), (
        "a deviation of people's ratings is half of music's scale"
    )


def test_every_group_that_the_eye_names_has_a_feeling() -> None:
    assert set(image_classes().groups) <= set(FEELINGS)


def test_empty_pictures_are_read_with_less_confidence() -> None:
    photograph = example_scenes()["temple.jpg"].attributes
    for rgb in (plain_colour((200, 40, 40)), plain_colour((0, 0, 0), 1, 1), noise(200, 200), plain_colour((9, 9, 9), 1, 700)):
        attributes = see_pixels(rgb).attributes
        for name in ("valence", "arousal", "mode", "key", "genre"):
            assert getattr(attributes, name).confidence < 0.6 * getattr(photograph, name).confidence
        assert abs(attributes.valence.value) <= 0.5
        assert abs(attributes.arousal.value) <= 0.5
    assert 0.3 <= photograph.valence.confidence <= 0.6


def test_content_is_high_for_photographs_only() -> None:
    names = ("temple.jpg", "cat.jpg", "galaxies.jpg", "grass.jpg")
    assert (
        min(make_thumbnail(open_picture(Path(str(data_folder("demo/examples").joinpath(name))))).content for name in names) > 0.8
    )
    assert make_thumbnail(as_picture(plain_colour((1, 2, 3)))).content == 0
    assert make_thumbnail(as_picture(noise())).content < 0.15


# ---------------------------------------------------------------- attributes


@pytest.mark.parametrize(
    ("valence", "arousal", "words"),
    [
        (0.9, 0.1, {"happy", "glad"}),
        (-0.8, -0.4, {"sad", "gloomy"}),
        (0.7, -0.6, {"calm", "relaxed"}),
        (-0.4, 0.7, {"angry", "dramatic", "tense"}),
    ],
)
def test_mood_words(valence: float, arousal: float, words: set[str]) -> None:
    assert set(mood_words(valence, arousal)) <= words
    assert len(mood_words(valence, arousal)) == 2
    assert mood_words(valence, arousal, most=5)[:2] == mood_words(valence, arousal)
    assert all(math.hypot(*place) <= 1.15 for place in CIRCUMPLEX.values())


def test_happier_pictures_get_happier_modes() -> None:
    shares = []
    for mood in np.linspace(-4, 4, 33):
        evidence = with_colour(evidence_with(feels_valence=float(mood) / 4))
        shares.append(MODE_RULES[suggest_attributes(evidence, *read_affect(evidence)).mode.value].happier)
    assert shares == sorted(shares)
    assert shares[0] <= 0.34
    assert shares[-1] == 0.83
    # Temperley & Tan 2013: from the happiest to the saddest of the six.
    assert sorted(MODE_RULES, key=lambda mode: -MODE_RULES[mode].happier) == [
        "major",
        "mixolydian",
        "lydian",
        "dorian",
        "minor",
        "phrygian",
    ]


def test_aroused_pictures_get_faster() -> None:
    tempos = []
    for step in np.linspace(-3, 3, 13):
        evidence = with_colour(evidence_with(feels_arousal=float(step) / 4))
        tempos.append(suggest_attributes(evidence, *read_affect(evidence)).tempo_bpm.value)
    assert tempos == sorted(tempos)
    assert tempos[0] < 75
    assert tempos[-1] > 130


def with_colour(evidence: CueEvidence, hue_degrees: float = 250.0, chroma: float = 0.1) -> CueEvidence:
    whole = Box(x=0, y=0, width=1, height=1)
    evidence.colours = (
        Swatch(
            name="colour_1", hex="#2a5c99", words="", lightness=0.5, chroma=chroma, hue_degrees=hue_degrees, share=1, box=whole
        ),
    )
    return evidence


@pytest.mark.parametrize("hue_degrees", range(0, 360, 10))
def test_keys_stay_readable(hue_degrees: int) -> None:
    evidence = with_colour(typical_evidence(), float(hue_degrees))
    attributes = suggest_attributes(evidence, *read_affect(evidence))
    signature = Key.parse(f"{attributes.key.value} {attributes.mode.value}").signature
    assert abs(signature) <= 4
    assert attributes.key.because == ("colour_1",)
    if hue_degrees < 74 or hue_degrees >= 320:
        assert signature > 0, "red and orange have sharps"
    if 96 <= hue_degrees < 320:
        assert signature < 0, "green and blue have flats"


def test_a_grey_picture_takes_its_key_from_its_lightness() -> None:
    signatures = []
    for lightness in (-3, -1, 0, 1, 3):
        evidence = with_colour(typical_evidence(lightness=lightness), chroma=0.001)
        attributes = suggest_attributes(evidence, *read_affect(evidence))
        assert attributes.key.because == ("lightness", "colour_1")
        signatures.append(Key.parse(f"{attributes.key.value} {attributes.mode.value}").signature)
    assert signatures == sorted(signatures)
    assert len(set(signatures)) >= 4


def test_tables_name_only_what_exists() -> None:
    assert set(genre_tables.GENRES) == set(genre_tables.PLAYERS) == set(genre_tables.GENRE_METERS)
    assert set(genre_tables.GENRES) == set(style_names())
    assert set(genre_tables.METERS) <= set(METERS)
    signs = [row[2] for row in genre_tables.GENRES.values()] + [row[1] for row in genre_tables.METERS.values()]
    signs += [*genre_tables.TIMBRES.values(), *(row.signs for row in MODE_RULES.values())]
    assert {name for row in signs for name in row} | {name for name, _, _ in LOOKS} <= set(TYPICAL)
    seated = {name for seats in genre_tables.PLAYERS.values() for seat in seats for name in seat}
    assert all(instrument(name).name == name for name in seated | set(genre_tables.TIMBRES))
    assert set(genre_tables.TIMBRES) <= seated
    for name, seats in genre_tables.PLAYERS.items():
        style = load_style(name)
        assert set(genre_tables.GENRE_METERS[name]) <= set(style.meters)
        assert genre_tables.GENRE_METERS[name][0] == style.meters[0]
        assert {player for seat in seats for player in seat} <= {player for part in style.parts for player in part.instruments}
        assert 1 <= len(seats) <= 4


def test_a_genre_at_home_is_chosen() -> None:
    evidence = typical_evidence()
    for name, (valence, arousal, signs) in genre_tables.GENRES.items():
        ideal = typical_evidence(**{cue: 3.0 if weight > 0 else -3.0 for cue, weight in signs.items()})
        assert genre_rules.choose_genre(ideal, valence, arousal)[0] == name
        assert set(genre_rules.choose_genre(ideal, valence, arousal)[1]) <= set(signs)
    # Where no cue speaks, the feeling and the habit decide.
    assert genre_rules.choose_genre(evidence, 0.1, -0.9)[0] in {"ambient", "lullaby"}
    assert genre_rules.choose_genre(evidence, -0.3, 0.9)[0] in {"rock", "epic", "cinematic", "flamenco"}
