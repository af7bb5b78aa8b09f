"""What a plan says in words: its title and idea, its reasons, and where two wishes or a wish and the picture disagreed.

Plain, true, and the same for the same picture and seed; nothing here decides a note. Sentences speak to the user ("your words ...").
Knows nothing of how choices are made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from img2music.plan import Reason
from img2music.rng import generator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.scene import Scene
    from img2music.style import Style

__all__ = ["ROLE_PHRASES", "SOURCE_PHRASES", "DecisionLog", "describe_line", "make_idea", "make_title"]

SOURCE_PHRASES = {"chart": "songs of the charts", "standards": "the old standards", "chorales": "chorales"}
"""By `Vocabulary.source`: whose progressions."""

_SHAPES = {
    "arch": "lean to an arch", "wave": "rock as waves do", "rise": "rise", "fall": "sink", "still": "keep still", "zigzag": "skip",
}  # fmt: skip

ROLE_PHRASES = {
    "melody": "the tune", "counter": "a second voice", "chords": "chords", "arpeggio": "broken chords", "pad": "held chords", "bass": "the bass",
    "drums": "the beat",
}  # fmt: skip
"""By role: what a part plays."""
# By the quadrant of valence and arousal: (pleasant, aroused).
_FORMS = {
    (True, True): ("Dance in {colour}", "{colour} Parade", "Running through {colour}", "{colour}, Wide Awake"),
    (True, False): ("{colour} Morning", "Song for {colour}", "A Quiet {colour}", "{colour} at Rest"),
    (False, True): ("{colour} Storm", "Chase in {colour}", "{colour} under Pressure", "The {colour} Engine"),
    (False, False): ("{colour} Nocturne", "Letter in {colour}", "{colour}, Far Away", "Elegy in {colour}"),
}
_SMALL = {"a", "and", "at", "for", "in", "of", "the", "through", "under"}


@dataclass
class DecisionLog:
    """Collects reasons and conflicts while the plan grows."""

    reasons: list[Reason] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)

    def because(self, choice: str, text: str, cues: tuple[str, ...] = (), strengths: Mapping[str, float] | None = None) -> None:
        """Notes a reason; only strengths of cited cues are kept."""
        shares = {name: share for name, share in (strengths or {}).items() if name in cues}
        self.reasons.append(Reason(choice=choice, text=text, because=cues, strengths=shares))

    def asked(self, choice: str, wish: str, suggestion: str, text: str = "") -> None:
        """Notes that the user decided, in the words of `text` or as usual, and where the picture suggested something else."""
        self.because(choice, text or f"{wish}: you asked for it.")
        if wish != suggestion:
            self.conflicts.append(f"you asked for {choice} {wish}; the picture suggested {suggestion}; your wish was kept")


def describe_line(scene: Scene, cues: Mapping[str, float]) -> str:
    """Where the tune's long line comes from, as the end of a sentence; `cues` are those that it cites."""
    shape = scene.attributes.contour.value
    if not cues and shape == "own":
        return "make an arch, since the picture has no line of its own"
    if "skyline" in cues:
        where = "follow the skyline"
    elif "brightness_profile" in cues:
        where = "follow the light from left to right"
    else:
        return f"{_SHAPES[shape]}, as what is seen suggests"
    return where if shape == "own" else f"{where} and {_SHAPES[shape]}"


def make_title(scene: Scene, seed: int, valence: float, arousal: float) -> str:
    """A title of two to five words from the leading colour and the mood."""
    # The most colourful of the large colours names the piece; a grey world is named by its largest.
    colour = (
        max(scene.colours, key=lambda swatch: (swatch.share + 0.05) * (swatch.chroma + 0.03)).words if scene.colours else "grey"
    )
    forms = _FORMS[valence >= 0, arousal >= 0]
    chance = generator(seed, "title", colour, *scene.attributes.mood.value)
    words = forms[int(chance.integers(len(forms)))].format(colour=colour).split()
    return " ".join(word if index and word in _SMALL else word[0].upper() + word[1:] for index, word in enumerate(words))


def make_idea(moods: tuple[str, ...], style: Style, contour_cues: tuple[str, ...]) -> str:
    """One sentence for the head of the report; `moods` are the picture's, or those of the brief's words.

    Key and tempo are left to the page, so that the sentence stays true when a plan is edited.
    """
    mood = " and ".join(moods[:2]) or "plain"
    line = {"skyline": "whose tune follows the skyline", "brightness_profile": "whose tune follows the light"}
    tail = line.get(contour_cues[0], "whose tune moves as its subject does") if contour_cues else "on a gentle arch of a tune"
    return f"{_article(mood)} {mood} piece in the manner of {style.name.replace('-', ' ')}, {tail}."


def _article(word: str) -> str:
    return "An" if word[:1] in "aeiou" else "A"
