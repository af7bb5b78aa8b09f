"""The names of the patterns, by role, and of the drums: what a style file or a plan may write.

Only the names and what they mean stand here, where styles and plans can be checked against them; the notes are made in
`realizers`. A pattern plays in every metre; where it belongs to one, it is carried over beat by beat.
"""

from __future__ import annotations

from img2music.errors import unknown_name

__all__ = ["DRUM_NAMES", "PATTERNS", "check_drum", "check_pattern"]

_STRIDE = "root (and fifth) on the strong beats, the chord above on the others"
_HABANERA = "long, short, and two even strokes: the root, then the chord"

PATTERNS: dict[str, dict[str, str]] = {
    "chords": {
        "block": "held chords, two or more a bar as the energy rises",
        "boogie": "root and fifth, root and sixth in turn: a blues guitar",
        "boom-chick": "root, chord, fifth, chord: a country guitar",
        "bossa": "the two-bar guitar figure of bossa nova",
        "chorale": "a chord on every beat",
        "comp": "jazz comping: Charleston and its displacements",
        "four": "a short chord on every beat: a swing band's rhythm guitar",
        "gallop": "an eighth and two sixteenths on every beat",
        "habanera": _HABANERA,
        "hymn": "chords in half bars, in beats where the energy is up",
        "jig": "long and short in every beat of a compound metre; down and up in a simple one",
        "lazy": "two long chords a bar, the second late",
        "march": "short chords after the beats",
        "offbeat": "chords between the beats",
        "power": "root and fifth in driving eighths",
        "pulse": "repeated chords in beats or eighths",
        "rasgueado": "strums that roll into the beat: a flamenco guitar",
        "scratch": "clipped sixteenths between the beats: a funk guitar",
        "skank": "very short chords between the beats: a reggae guitar",
        "stabs": "a few hard, short chords: a horn section",
        "stride": _STRIDE,
        "strum": "down on the beats, up between them as the energy rises",
        "tango": "marcato on every beat, the sincopa at the ends of phrases",
        "tremolo": "a chord repeated as fast as the energy asks",
        "waltz": "chords after the first beat",
    },
    "arpeggio": {
        "alberti": "low, high, middle, high",
        "broken": "up and down the chord",
        "chip": "three-note cycles in sixteenths: chords on a machine that has one voice",
        "habanera": _HABANERA,
        "harp": "a sweep upwards that is left to ring",
        "interlock": "a cell of three or five against the metre",
        "montuno": "the syncopated two-bar figure of a Cuban piano",
        "octaves": "leaps of an octave in eighths: a sequencer",
        "ostinato": "repeated notes of a film score's strings",
        "sixteenths": "a fast ladder through the chord",
        "sparse": "three notes a bar that ring into each other",
        "stride": _STRIDE,
        "travis": "a thumb that alternates on the beats, fingers between them",
        "wide": "a pianist's left hand: the root, then the chord above it",
    },
    "pad": {
        "breathe": "held chords that leave the end of a phrase free",
        "drone": "tonic and fifth, whatever the chords do",
        "swell": "chords held and struck again in the middle of the bar as the energy rises",
        "sustain": "held chords",
    },
    "bass": {
        "boogie": "up and down the chord with its sixth, in beats or eighths",
        "bossa": "root, and its fifth before the middle of the bar",
        "drone": "the tonic, whatever the chords do",
        "funk": "the root on one, syncopated sixteenths and octaves after it",
        "gallop": "an eighth and two sixteenths on every beat",
        "habanera": "long, short, and two even strokes",
        "lazy": "the root, again late, and the fifth",
        "melodic": "long roots that walk by step into the next chord",
        "octave": "root and octave in eighths",
        "offbeat": "roots between the beats",
        "pedal": "one long root a chord",
        "pulse": "repeated roots in beats or eighths",
        "reggae": "no first beat; root, third and fifth after it",
        "root": "one long root a chord",
        "root-fifth": "root, then fifth",
        "running": "eighths by step and chord: a baroque bass",
        "tango": "root and fifth on the beats, leading notes into the next chord",
        "tumbao": "fifth and root ahead of the beat: a Cuban bass",
        "walking": "a note a beat, a half or whole step into the next root",
        "waltz": "root on one, the fifth in every second bar of a chord",
    },
    "melody": {},
    "counter": {},
    "drums": {
        "gong": "one stroke where a section begins: no drummer, a player beside one",
        "maracas": "shaken in eighths: no drummer, a player beside one",
    },
}


def check_pattern(role: str, name: str) -> str:
    """`name`, if `role` has such a pattern; an empty name lets the composer choose.

    Raises:
        UsageError: no such pattern; the message names the nearest one.
    """
    table = PATTERNS[role]
    if name and not table:
        raise unknown_name(f"pattern for the role {role!r}, which takes none:", name, ["nothing"])
    if name and name not in table:
        raise unknown_name(f"{role} pattern", name, table)
    return name


DRUM_NAMES = (
    "bass drum", "kick", "rim", "snare", "clap", "closed hat", "pedal hat", "floor tom", "low tom", "open hat", "mid tom", "crash",
    "high tom", "ride", "ride bell", "tambourine", "cowbell", "concert cymbal", "shaker", "claves", "chinese cymbal",
)  # fmt: skip
"""What the rhythm strings of a style's `drums` may name; keys and places on the staff stand with the drummer."""


def check_drum(name: str) -> str:
    """`name`, if a kit has such a drum.

    Raises:
        UsageError: no such drum; the message names the nearest one.
    """
    if name not in DRUM_NAMES:
        raise unknown_name("drum", name, DRUM_NAMES)
    return name
