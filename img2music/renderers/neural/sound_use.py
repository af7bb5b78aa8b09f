"""What a neural renderer tells of its work: one record for each call, also of one that fails.

    with sound_record("musicgen", weights="facebook/musicgen-small", device=device) as told:
        told.words(text, prompt="sound/band")
        told.condition("chroma of the melody, 235 frames")
        ...
        index, told.takes = choose_take(sounds, seeds, performance, threshold=self.threshold)

The record goes to whoever collects (`img2music.provenance`) when the block ends, however it ends. Texts are cut to what a record holds.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from img2music.provenance import SoundUse, record_sound_use
from img2music.renderers.neural.weights import licence_of, weights_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from img2music.provenance import SoundTake
    from img2music.renderers.neural.device import Device

__all__ = ["SoundRecord", "sound_record"]

_LONGEST_SHORT, _LONGEST_LINE, _LONGEST_TEXT = 300, 2000, 10_000
_MOST_LINES, _MOST_TAKES = 60, 64
_MOST_VERSIONS, _LONGEST_VERSION = 8, 60


@dataclass(slots=True)
class SoundRecord:
    """What is told so far."""

    renderer: str
    weights: str
    """Name, or folder: of that the record holds the last part."""
    device: str = "not known"
    precision: str = "not known"
    licence: str | None = None
    """None asks `licence_of`."""
    commercial: bool | None = None
    """Only where `licence` is given."""
    prompt: str = ""
    text: str = ""
    conditions: list[str] = field(default_factory=list)
    takes: Sequence[SoundTake] = ()
    notes: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    def on(self, device: Device) -> None:
        """Where it is computed, once that is picked."""
        self.device, self.precision = device.label, device.precision

    def words(self, text: str, prompt: str = "") -> None:
        """What the model is told in words, and the template that they were made with."""
        self.text, self.prompt = text, prompt

    def condition(self, line: str) -> None:
        """What else it is told: "bpm 92"."""
        self.conditions.append(line)

    def note(self, line: str) -> None:
        """What had to be done otherwise than asked, and why."""
        self.notes.append(line)

    def made_with(self, versions: object) -> None:
        """What a program in an environment of its own says it is made of, by package; it may say anything."""
        if isinstance(versions, dict):
            told = {name: text for name, text in versions.items() if isinstance(name, str) and isinstance(text, str)}
            self.versions |= {_plain(name): _plain(text) for name, text in list(told.items())[:_MOST_VERSIONS]}

    def as_use(self) -> SoundUse:
        """The record as it stands."""
        licence, commercial = (self.licence, self.commercial) if self.licence is not None else licence_of(self.weights)
        return SoundUse(
            renderer=self.renderer[:_LONGEST_SHORT],
            weights=weights_label(self.weights)[:_LONGEST_LINE],
            licence=licence[:_LONGEST_SHORT],
            commercial=commercial,
            device=self.device[:_LONGEST_SHORT],
            precision=self.precision[:_LONGEST_SHORT],
            prompt=self.prompt[:_LONGEST_SHORT],
            text=self.text[:_LONGEST_TEXT],
            conditions=_lines(self.conditions),
            takes=tuple(self.takes)[:_MOST_TAKES],
            notes=_lines(self.notes),
            versions=dict(list(self.versions.items())[:_MOST_VERSIONS]),
        )


@contextmanager
def sound_record(
    renderer: str,
    *,
    weights: str,
    device: Device | None = None,
    licence: str | None = None,
    commercial: bool | None = None,
) -> Iterator[SoundRecord]:
    """A record that fills while the block runs and is noted when it ends, also by an error.

    Of takes that were all refused (`take_choice.TakesRefusedError`) the error brings what was heard.

    Args:
        renderer: its name in the registry.
        weights: a name or a folder.
        device: where it is computed; None until `SoundRecord.on` says so.
        licence: of weights that only the renderer knows; None takes what the table or their model card says.
        commercial: whether that licence allows commercial use.
    """
    record = SoundRecord(renderer, weights, licence=licence, commercial=commercial)
    if device is not None:
        record.on(device)
    try:
        yield record
    except Exception as error:
        record.takes = record.takes or getattr(error, "takes", ())
        raise
    finally:
        record_sound_use(record.as_use())


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:_LONGEST_VERSION]


def _lines(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(line[:_LONGEST_LINE] for line in lines[:_MOST_LINES])
