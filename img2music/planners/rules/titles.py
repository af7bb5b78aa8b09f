"""A title and a sentence for a piece, made from what was seen. Plain, true, and the same for the same picture and seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.rng import generator

if TYPE_CHECKING:
    from img2music.scene import Scene
    from img2music.style import Style

__all__ = ["make_idea", "make_title"]

# By the quadrant of valence and arousal: (pleasant, aroused).
_FORMS = {
    (True, True): ("Dance in {colour}", "{colour} Parade", "Running through {colour}", "{colour}, Wide Awake"),
    (True, False): ("{colour} Morning", "Song for {colour}", "A Quiet {colour}", "{colour} at Rest"),
    (False, True): ("{colour} Storm", "Chase in {colour}", "{colour} under Pressure", "The {colour} Engine"),
    (False, False): ("{colour} Nocturne", "Letter in {colour}", "{colour}, Far Away", "Elegy in {colour}"),
}
_SMALL = {"a", "and", "at", "for", "in", "of", "the", "through", "under"}


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
