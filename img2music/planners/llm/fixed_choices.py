"""What the user has asked for, so that it is not the model's to choose.

A brief may settle a thing by an option (a key) or by plain words ("a waltz"); both count the same. What is settled stands in the draft
that the rules made, so a model's other choice is a fault and the draft's stands. Conventions: seconds. Knows nothing of models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.io.style_files import load_style
from img2music.words import read_words, settle_words

if TYPE_CHECKING:
    from img2music.brief import Brief

__all__ = ["FixedChoices", "brief_lines"]


@dataclass(frozen=True, slots=True)
class FixedChoices:
    """What is not the model's to choose, because the user asked for it."""

    style: bool
    """Whether the kind of music is settled; likewise for the next ones."""
    key: bool
    meter: bool
    tempo: bool
    band: bool
    """Whether the instruments are named."""
    without: tuple[str, ...]
    """Roles, families and instruments that are to be left out."""
    loop: bool
    """Whether the piece has no ending and leads back to its first bar."""
    seconds: float
    """Length of the piece."""
    keys: tuple[str, ...] = ()
    """The keys that were asked for, in their order."""
    tempo_to_bpm: float | None = None
    """The tempo of the last bar, where the user asked for one that moves there."""

    @classmethod
    def by(cls, brief: Brief) -> FixedChoices:
        """What `brief` settles, its plain words included where they name a key, a metre or a style."""
        brief = settle_words(brief)
        words = read_words(brief.words, brief.glosses)
        return cls(
            style=brief.style is not None or words.style is not None,
            key=brief.key is not None,
            meter=brief.meter is not None or words.meter is not None,
            tempo=brief.tempo_bpm is not None,
            band=bool(brief.instruments),
            without=words.without,
            loop=brief.loop,
            seconds=brief.seconds,
            keys=brief.keys,
            tempo_to_bpm=brief.tempo_to_bpm,
        )


def brief_lines(brief: Brief) -> str:
    """The options of a brief as a model is told them, one wish a line."""
    wishes = {
        "length": f"{brief.seconds:g} seconds"
        + (", a loop: it has no ending, the last bar leads back to the first" if brief.loop else ""),
        "tempo": _tempo_words(brief),
        "key": ", then ".join(brief.keys) or None,
        "metre": brief.meter,
        "style": brief.style if brief.style is None else load_style(brief.style).name,
        "instruments": ", ".join(brief.instruments) or None,
    }
    return "\n".join(f"{name}: {wish}" for name, wish in wishes.items() if wish is not None)


def _tempo_words(brief: Brief) -> str | None:
    if brief.tempo_bpm is None:
        return None
    if brief.tempo_to_bpm is None:
        return f"{brief.tempo_bpm:g} quarter notes a minute"
    return f"from {brief.tempo_bpm:g} in the first bar gradually to {brief.tempo_to_bpm:g} quarter notes a minute in the last"
