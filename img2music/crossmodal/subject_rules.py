"""What a subject sounds like: one rule for each group that the eye can recognise. To be read from top to bottom, and edited.

A rule says which styles, players and metres the subject speaks for and how strongly, and what it moves: density (-1 thinner .. 1 fuller),
height (semitones) and the shape that the tune's long line leans to. Everything counts times how sure the eye is. For metre and players a weight of
.6 outvotes most of what colours and form say; for a style it does so only once the eye is certain, and colours choose in the rule (`genre_rules`).

No study says that the sea is a barcarolle. Most rules are what composers have done for long enough that listeners expect it, or our choice;
the last column says which:

    Monelle      R. Monelle, *The Musical Topic: Hunt, Military and Pastoral*, Indiana University Press 2006
    Spence       C. Spence, *Attention, Perception & Psychophysics* 73, 2011: small, bright and high up go with high pitch
    Eitan        Z. Eitan & R. Granot, *Music Perception* 23, 2006: what rises and falls, moves and grows in music
    Huron        D. Huron, D. Kinney & K. Precoda, *Empirical Musicology Review* 1, 2006: low pitch is heard as threat
    Crisinel     A.-S. Crisinel & C. Spence, *Attention, Perception & Psychophysics* 72, 2010: sweet goes with high pitch and piano
    convention   a habit of composers, named where it has a name
    ours         our choice

What is not a subject (faces, hour, weather, kind of picture) is in `context_rules`. Knows nothing of pixels and of notes.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from img2music.scene import ContourName

__all__ = ["SUBJECTS", "WIDE_FAMILIES", "WIDE_TEMPERATURE", "CueRule", "Weights", "subject_group", "wide_family_styles"]

Weights = dict[str, float]


class CueRule(NamedTuple):
    """One rule: what a thing seen says for music."""

    styles: Weights
    players: Weights
    meters: Weights
    density: float
    height: float
    contour: ContourName
    source: str


SUBJECTS: dict[str, CueRule] = {
    # --- land and water
    "sea": CueRule({"romantic": 0.6, "ambient": 0.55, "celtic": 0.45, "cinematic": 0.4, "reggae": 0.25},
        {"harp": 0.4, "flute": 0.3, "horn": 0.2}, {"6/8": 0.35}, -0.1, 0, "wave",
        "convention: the rocking six-eight of the barcarolle; the rest ours"),
    "freshwater": CueRule({"romantic": 0.5, "classical": 0.45, "folk": 0.45, "ambient": 0.45, "solo-piano": 0.4},
        {"harp": 0.35, "flute": 0.3, "classical guitar": 0.2}, {"6/8": 0.25, "3/4": 0.1}, 0.15, 1, "wave",
        "convention: brooks run in broken chords; the rest ours"),
    "mountain": CueRule({"cinematic": 0.55, "celtic": 0.45, "romantic": 0.45, "epic": 0.4, "ambient": 0.35},
        {"horn": 0.4, "fiddle": 0.2, "brass": 0.2}, {}, -0.15, -1, "rise",
        "Spence: big goes with low; the horn is an alphorn's heir (convention)"),
    "forest": CueRule({"folk": 0.5, "romantic": 0.5, "celtic": 0.4, "chamber-strings": 0.35, "ambient": 0.35, "cinematic": 0.3},
        {"horn": 0.4, "oboe": 0.3, "flute": 0.15, "clarinet": 0.1}, {"6/8": 0.2}, 0, 0, "own",
        "Monelle: horn and six-eight of the hunt"),
    "field": CueRule({"folk": 0.55, "country": 0.5, "romantic": 0.35, "celtic": 0.35, "classical": 0.3},
        {"oboe": 0.25, "fiddle": 0.25, "recorder": 0.2, "flute": 0.2}, {"6/8": 0.2}, 0, 1, "own",
        "Monelle: shepherds' pipes in six-eight"),
    "desert": CueRule({"drone": 0.5, "ambient": 0.4, "flamenco": 0.35, "cinematic": 0.35, "country": 0.3, "blues": 0.25},
        {"oboe": 0.25, "classical guitar": 0.25, "harmonica": 0.2}, {}, -0.35, -1, "still", "ours"),
    "snow": CueRule({"ambient": 0.5, "lullaby": 0.45, "minimalism": 0.35, "choral": 0.35, "waltz": 0.3, "solo-piano": 0.3},
        {"celesta": 0.5, "music box": 0.3, "vibraphone": 0.2, "halo pad": 0.2}, {"3/4": 0.1}, -0.25, 3, "fall",
        "Spence: bright goes with high; Eitan: snow falls"),
    "volcano": CueRule({"epic": 0.6, "cinematic": 0.55, "drone": 0.4, "rock": 0.3},
        {"brass": 0.3, "trumpet": 0.2, "double bass": 0.3}, {}, 0.2, -3, "rise", "Spence: big goes with low; Huron"),
    # --- what grows
    "flower": CueRule({"waltz": 0.55, "classical": 0.5, "romantic": 0.4, "bossa": 0.35, "lullaby": 0.25},
        {"flute": 0.35, "violin": 0.15, "harp": 0.2}, {"3/4": 0.25}, 0, 2, "arch",
        "convention: Waltz of the Flowers; Spence: small and bright go with high"),
    "plant": CueRule({"folk": 0.4, "minimalism": 0.4, "bossa": 0.35, "classical": 0.3, "lo-fi": 0.3},
        {"flute": 0.2, "clarinet": 0.2, "classical guitar": 0.2}, {}, 0, 1, "own", "ours"),
    # --- to eat and to drink
    "food": CueRule({"bossa": 0.5, "swing": 0.4, "latin": 0.35, "pop": 0.35, "jazz-ballad": 0.3, "ragtime": 0.3},
        {"piano": 0.3, "clarinet": 0.15}, {}, 0.1, 2, "own", "Crisinel: piano and high pitch; the styles ours"),
    "drink": CueRule({"bossa": 0.5, "jazz-ballad": 0.5, "swing": 0.4, "lo-fi": 0.35, "blues": 0.3, "tango": 0.25},
        {"tenor saxophone": 0.25, "piano": 0.2, "muted trumpet": 0.1}, {}, -0.1, 0, "own", "ours: the music of bars"),
    "kitchen": CueRule({"bossa": 0.45, "swing": 0.4, "ragtime": 0.35, "latin": 0.3, "lo-fi": 0.25},
        {"piano": 0.2, "flute": 0.1}, {}, 0.15, 0, "own", "ours"),
    # --- animals
    "pet": CueRule({"ragtime": 0.5, "lo-fi": 0.4, "pop": 0.4, "lullaby": 0.4, "waltz": 0.35, "folk": 0.3, "solo-piano": 0.25},
        {"clarinet": 0.35, "music box": 0.2}, {}, 0.1, 2, "zigzag",
        "convention: a cat is a clarinet (Prokofiev 1936); Spence: small goes with high"),
    "farm_animal": CueRule({"country": 0.55, "folk": 0.5, "ragtime": 0.3, "blues": 0.25},
        {"banjo": 0.35, "fiddle": 0.3, "harmonica": 0.25}, {"2/4": 0.1}, 0.1, 0, "own", "ours: the music of farms"),
    "wild_animal": CueRule({"latin": 0.4, "funk": 0.4, "cinematic": 0.35, "reggae": 0.35, "folk": 0.3, "minimalism": 0.25},
        {"flute": 0.15, "marimba": 0.3, "horn": 0.15}, {}, 0, -2, "own", "Spence: big goes with low; the styles ours"),
    "predator": CueRule({"cinematic": 0.6, "drone": 0.4, "rock": 0.35, "epic": 0.3, "tango": 0.3, "blues": 0.25},
        {"double bass": 0.4, "cello": 0.3, "brass": 0.2}, {}, -0.1, -4, "rise", "Huron: low is heard as threat"),
    "bird": CueRule({"classical": 0.45, "baroque": 0.45, "folk": 0.4, "waltz": 0.35, "minimalism": 0.3, "celtic": 0.3, "ambient": 0.25},
        {"flute": 0.5, "recorder": 0.4}, {"6/8": 0.1}, 0.25, 4, "zigzag",
        "convention: birds are flutes (Vivaldi's Goldfinch, Prokofiev 1936); Spence"),
    "sealife": CueRule({"ambient": 0.55, "minimalism": 0.4, "reggae": 0.35, "romantic": 0.3, "bossa": 0.3},
        {"celesta": 0.35, "harp": 0.3, "vibraphone": 0.3}, {"6/8": 0.15}, 0, 0, "wave",
        "convention: Aquarium (Saint-Saëns 1886)"),
    "reptile": CueRule({"tango": 0.45, "drone": 0.45, "flamenco": 0.4, "blues": 0.3, "funk": 0.3},
        {"oboe": 0.25, "double bass": 0.2, "violin": 0.1}, {}, -0.15, -2, "still", "Huron; the styles ours"),
    "insect": CueRule({"minimalism": 0.6, "chiptune": 0.35, "baroque": 0.3, "chamber-strings": 0.2, "drone": 0.2},
        {"xylophone": 0.3, "marimba": 0.2, "violin": 0.2}, {"6/8": 0.05}, 0.4, 4, "zigzag",
        "Spence: small goes with high; convention: Flight of the Bumblebee"),
    # --- on the way
    "road_vehicle": CueRule({"rock": 0.5, "country": 0.45, "synthwave": 0.45, "funk": 0.35, "house": 0.3, "lo-fi": 0.2},
        {"overdriven guitar": 0.2, "electric guitar": 0.2, "harmonica": 0.15}, {"4/4": 0.15}, 0.2, -1, "own",
        "ours: songs of the road"),
    "train": CueRule({"blues": 0.55, "country": 0.5, "minimalism": 0.5, "swing": 0.3, "ragtime": 0.25},
        {"harmonica": 0.4, "banjo": 0.1, "piano": 0.1}, {"4/4": 0.1, "2/4": 0.1}, 0.3, -1, "still",
        "convention: the harmonica's train blues, Different Trains (Reich 1988)"),
    "aircraft": CueRule({"epic": 0.4, "synthwave": 0.4, "ambient": 0.4, "pop": 0.35, "cinematic": 0.35, "march": 0.3},
        {"trumpet": 0.2, "horn": 0.2, "saw lead": 0.15}, {}, 0, 2, "rise",
        "Eitan: what climbs rises; Spence: high up goes with high pitch"),
    "ship": CueRule({"celtic": 0.5, "folk": 0.45, "romantic": 0.4, "cinematic": 0.35, "march": 0.25, "reggae": 0.25},
        {"accordion": 0.35, "fiddle": 0.25, "horn": 0.2}, {"6/8": 0.35}, 0, -1, "wave", "convention: shanties and barcarolles"),
    "spacecraft": CueRule({"synthwave": 0.5, "ambient": 0.5, "epic": 0.45, "cinematic": 0.35, "drone": 0.25},
        {"space choir": 0.4, "sweep pad": 0.3, "choir": 0.2, "horn": 0.1}, {}, -0.1, 0, "rise",
        "convention: synthesizers and wordless choirs; Eitan"),
    # --- what people make and use
    "machine": CueRule({"minimalism": 0.5, "house": 0.45, "synthwave": 0.4, "funk": 0.3, "rock": 0.3, "drone": 0.25},
        {"square lead": 0.2, "marimba": 0.2}, {"4/4": 0.2}, 0.3, -2, "zigzag",
        "convention: machine music of the 1920s repeats; Spence: big goes with low"),
    "tool": CueRule({"blues": 0.35, "country": 0.35, "minimalism": 0.4, "rock": 0.3, "folk": 0.3, "funk": 0.2},
        {"banjo": 0.15, "xylophone": 0.2, "harmonica": 0.15}, {"2/4": 0.1}, 0.1, 0, "own", "ours: songs of work"),
    "weapon": CueRule({"cinematic": 0.55, "drone": 0.5, "epic": 0.4, "march": 0.3, "rock": 0.3},
        {"double bass": 0.35, "brass": 0.3, "cello": 0.2, "trumpet": 0.15}, {"4/4": 0.1}, -0.1, -4, "own",
        "Huron: low is heard as threat; Monelle: trumpet and march of soldiers"),
    "electronics": CueRule({"synthwave": 0.5, "house": 0.45, "chiptune": 0.45, "minimalism": 0.3, "lo-fi": 0.3},
        {"square lead": 0.2, "polysynth": 0.2, "saw lead": 0.15}, {"4/4": 0.15}, 0.2, 0, "zigzag", "ours"),
    "screen": CueRule({"chiptune": 0.5, "synthwave": 0.45, "house": 0.35, "lo-fi": 0.4},
        {"square lead": 0.25, "electric piano": 0.15}, {"4/4": 0.15}, 0.1, 1, "zigzag", "ours"),
    "container": CueRule({"minimalism": 0.3, "lo-fi": 0.3, "bossa": 0.25, "blues": 0.2},
        {"marimba": 0.2, "vibraphone": 0.1}, {}, 0, 0, "own", "ours"),
    "household": CueRule({"lo-fi": 0.35, "ragtime": 0.3, "swing": 0.25, "bossa": 0.25, "minimalism": 0.25},
        {"clarinet": 0.15, "electric piano": 0.1}, {}, 0, 0, "own", "ours"),
    "toy": CueRule({"chiptune": 0.5, "lullaby": 0.5, "ragtime": 0.4, "waltz": 0.35, "march": 0.3},
        {"music box": 0.5, "celesta": 0.2, "clarinet": 0.15}, {"2/4": 0.1, "6/8": 0.1}, 0.1, 4, "zigzag",
        "convention: music boxes and toy soldiers; Spence: small goes with high"),
    "jewellery": CueRule({"waltz": 0.4, "classical": 0.35, "baroque": 0.35, "lullaby": 0.25, "pop": 0.25},
        {"celesta": 0.4, "harpsichord": 0.2, "flute": 0.15, "violin": 0.15}, {"3/4": 0.15}, 0.1, 4, "arch",
        "Spence: small and bright go with high"),
    "clothing": CueRule({"pop": 0.4, "house": 0.4, "funk": 0.35, "bossa": 0.3, "tango": 0.25, "waltz": 0.25},
        {"voice": 0.1, "electric piano": 0.15}, {}, 0, 0, "own", "ours: the catwalk"),
    "light_fire": CueRule({"romantic": 0.35, "flamenco": 0.35, "choral": 0.35, "solo-piano": 0.35, "chamber-strings": 0.3, "drone": 0.3,
        "tango": 0.3}, {"cello": 0.25, "oboe": 0.15}, {"3/4": 0.05}, -0.15, 0, "rise", "Eitan: flames rise; the rest ours"),
    # --- where people live and work
    "building": CueRule({"minimalism": 0.4, "lo-fi": 0.4, "house": 0.3, "classical": 0.3, "chamber-strings": 0.3, "swing": 0.25},
        {"piano": 0.2, "vibraphone": 0.2}, {"4/4": 0.1}, 0.1, 0, "own", "ours"),
    "street": CueRule({"lo-fi": 0.45, "swing": 0.4, "house": 0.35, "funk": 0.35, "pop": 0.35, "jazz-ballad": 0.35, "blues": 0.3, "synthwave": 0.3},
        {"tenor saxophone": 0.25, "electric piano": 0.2, "trumpet": 0.1}, {"4/4": 0.15}, 0.2, 0, "own",
        "convention: jazz is the sound of cities in films"),
    "bridge": CueRule({"minimalism": 0.35, "cinematic": 0.3, "romantic": 0.3, "solo-piano": 0.3, "celtic": 0.25, "ambient": 0.25},
        {"harp": 0.2, "horn": 0.15}, {}, 0, 0, "arch", "ours"),
    "home": CueRule({"solo-piano": 0.4, "lo-fi": 0.4, "lullaby": 0.35, "folk": 0.3, "jazz-ballad": 0.25, "classical": 0.25},
        {"piano": 0.2, "classical guitar": 0.2}, {"3/4": 0.05}, -0.15, 0, "own", "ours"),
    "office": CueRule({"minimalism": 0.5, "lo-fi": 0.4, "house": 0.3, "bossa": 0.3},
        {"vibraphone": 0.2, "electric piano": 0.15}, {"4/4": 0.1}, 0.1, 0, "still", "ours"),
    "medical": CueRule({"ambient": 0.4, "minimalism": 0.4, "solo-piano": 0.35, "drone": 0.35, "chamber-strings": 0.3, "cinematic": 0.25},
        {"vibraphone": 0.25, "cello": 0.15}, {}, -0.2, 0, "still", "ours"),
    "prison": CueRule({"blues": 0.5, "drone": 0.45, "cinematic": 0.35, "solo-piano": 0.3, "minimalism": 0.25},
        {"harmonica": 0.35, "cello": 0.25, "double bass": 0.2}, {}, -0.2, -2, "still",
        "convention: songs of prisoners are blues"),
    "sacred_place": CueRule({"choral": 0.65, "baroque": 0.5, "drone": 0.35, "cinematic": 0.25, "epic": 0.2},
        {"organ": 0.5, "choir": 0.5}, {}, -0.2, 0, "arch", "convention: choir and organ of churches, drones of temples"),
    "ruin": CueRule({"drone": 0.5, "chamber-strings": 0.45, "celtic": 0.4, "cinematic": 0.35, "choral": 0.3, "romantic": 0.3, "solo-piano": 0.3},
        {"cello": 0.3, "oboe": 0.25, "dulcimer": 0.2}, {}, -0.3, -2, "fall", "Eitan: what falls down falls; the styles ours"),
    # --- people and what they do
    "person": CueRule({"pop": 0.4, "solo-piano": 0.35, "romantic": 0.3, "folk": 0.3, "chamber-strings": 0.3, "jazz-ballad": 0.3, "funk": 0.25},
        {"voice": 0.35, "violin": 0.15, "cello": 0.15}, {}, 0, 0, "own", "ours: people sing"),
    "celebration": CueRule({"latin": 0.5, "waltz": 0.45, "pop": 0.45, "swing": 0.4, "house": 0.35, "march": 0.35, "funk": 0.2},
        {"trumpet": 0.3, "accordion": 0.15}, {}, 0.3, 2, "rise", "convention: music of feasts is dances"),
    "sport": CueRule({"funk": 0.5, "rock": 0.5, "march": 0.4, "epic": 0.4, "house": 0.35, "latin": 0.3},
        {"trumpet": 0.2, "electric guitar": 0.2}, {"4/4": 0.15}, 0.35, 0, "zigzag", "ours; Eitan: what moves fast moves"),
    "instrument": CueRule({"classical": 0.35, "chamber-strings": 0.35, "jazz-ballad": 0.35, "folk": 0.3, "swing": 0.3, "baroque": 0.3, "rock": 0.25},
        {"violin": 0.15, "piano": 0.1}, {}, 0.1, 0, "own", "ours: music for musicians' sake"),
    "stage": CueRule({"swing": 0.45, "rock": 0.45, "pop": 0.4, "jazz-ballad": 0.35, "flamenco": 0.35, "tango": 0.3, "latin": 0.3},
        {"tenor saxophone": 0.2, "voice": 0.2}, {}, 0.2, 0, "own", "ours"),
    "art": CueRule({"romantic": 0.4, "baroque": 0.35, "classical": 0.35, "chamber-strings": 0.35, "waltz": 0.25},
        {"violin": 0.15, "oboe": 0.15}, {}, 0, 0, "own", "ours"),
    "text": CueRule({"minimalism": 0.4, "solo-piano": 0.4, "baroque": 0.3, "lo-fi": 0.25},
        {"piano": 0.3}, {}, 0, 0, "still", "ours"),
}  # fmt: skip

WIDE_FAMILIES: dict[str, tuple[float, tuple[str, ...]]] = {
    "nature": (0.076, ("sea", "freshwater", "ship", "desert", "mountain", "volcano", "snow", "forest", "field", "plant", "flower")),
    "animals": (0.335, ("pet", "farm_animal", "wild_animal", "predator", "bird", "sealife", "reptile", "insect")),
    "buildings": (0.052, ("building", "ruin", "sacred_place", "bridge", "street", "prison")),
    "vehicles": (0.062, ("road_vehicle", "train", "machine", "aircraft", "spacecraft")),
    "food": (0.069, ("food", "drink", "kitchen")),
    "things": (0.204, ("home", "household", "container", "tool", "office", "electronics", "screen", "text", "medical", "light_fire", "toy")),
    "people": (0.106, ("person", "clothing", "jewellery", "celebration", "sport")),
    "arts": (0.039, ("instrument", "stage", "art")),
    "weapons": (0.015, ("weapon",)),
}  # fmt: skip
"""Families so wide that the networks seldom take one for another: their usual share in photographs (the mean over the even half of OASIS at
`WIDE_TEMPERATURE`), and their groups. The cue is called `likely_` and the family's name."""
WIDE_TEMPERATURE = 2.0
"""By which the networks' scores are divided before they become shares, which steadies them; our choice on that half."""


@cache
def wide_family_styles() -> dict[str, Weights]:
    """What each wide family says for the styles: the mean of its groups' rules."""
    return {
        family: {
            style: sum(SUBJECTS[group].styles.get(style, 0.0) for group in groups) / len(groups)
            for style in sorted({style for group in groups for style in SUBJECTS[group].styles})
        }
        for family, (_, groups) in WIDE_FAMILIES.items()
    }


_PLAIN_WORDS = {"candle or fire": "light_fire", "sea animal": "sealife", "medicine": "medical"}
"""Plain words of the cue `subject` that are not the group's name with spaces."""


def subject_group(words: str) -> str | None:
    """The group that plain words name ("road vehicle", "candle or fire"); None where there is no such group."""
    plain = " ".join(words.lower().replace("_", " ").split())
    name = _PLAIN_WORDS.get(plain, plain.replace(" ", "_"))
    return name if name in SUBJECTS else None
