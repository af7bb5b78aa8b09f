"""Weights of neural renderers that are known by name: how large they are, where they come from, and what their licence allows.

It is said before anything is fetched. Sizes are of the download, rounded up; licences are those that the makers' pages name (November 2026).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SOUND_MODELS", "SoundModel", "find_sound_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundModel:
    """One set of weights."""

    name: str
    """As the renderer's option `weights` names it: a name on the Hugging Face hub, or the maker's own."""
    renderer: str
    """Which renderer plays it, by its name in the registry."""
    summary: str
    """One line, without a full stop."""
    licence: str
    commercial: bool
    """Whether that licence allows commercial use, perhaps under conditions."""
    conditions: str = ""
    """Under which, in a few words; empty where there are none to mention."""
    gigabytes: float
    """To download."""
    sample_rate: int
    """In Hz."""
    longest_seconds: float | None
    """At once; None where there is no bound."""
    source: str = "Hugging Face hub"
    """Where it is fetched from."""
    gated: bool = False
    """Whether the hub gives it only to somebody who has accepted the terms there."""

    @property
    def pickled(self) -> bool:
        """Whether its makers publish it as pickles, which only their own program reads, in an environment of its own."""
        return self.renderer == "audiocraft"

    @property
    def facts(self) -> str:
        """Licence, size and source in one line: what is said before it is fetched."""
        use = "commercial use allowed" if self.commercial else "no commercial use"
        use += f" ({self.conditions})" if self.conditions else ""
        gate = ", after its terms are accepted there" if self.gated else ""
        return f"licence {self.licence}: {use}; {self.gigabytes:g} GB from {self.source}{gate}"


_NON_COMMERCIAL = "CC-BY-NC-4.0"
_STABILITY = "Stability AI Community"
_STABILITY_CONDITIONS = "below 1 million US dollars of yearly revenue, after registering"


def _musicgen(name: str, summary: str, gigabytes: float, renderer: str = "musicgen") -> SoundModel:
    return SoundModel(
        name=name,
        renderer=renderer,
        summary=summary,
        licence=_NON_COMMERCIAL,
        commercial=False,
        gigabytes=gigabytes,
        sample_rate=32_000,
        longest_seconds=30.0,
    )


# Stable Audio 3 is missing: its makers publish it in a format of their own (November 2026), which diffusers' script converts; the folder that it
# writes can be given as `weights`. Of ACE-Step 1.5 only the larger network is published in diffusers' format.
SOUND_MODELS: dict[str, SoundModel] = {
    model.name: model
    for model in (
        _musicgen("facebook/musicgen-small", "text to mono, 300 million parameters", 2.4),
        _musicgen("facebook/musicgen-medium", "text to mono, 1.5 billion parameters", 8.1),
        _musicgen("facebook/musicgen-large", "text to mono, 3.3 billion parameters", 14.0),
        _musicgen("facebook/musicgen-stereo-small", "text to stereo, 300 million parameters", 2.4),
        _musicgen("facebook/musicgen-stereo-medium", "text to stereo, 1.5 billion parameters", 8.2),
        _musicgen("facebook/musicgen-melody", "text and chroma to mono, 1.5 billion parameters", 6.3),
        _musicgen("facebook/musicgen-stereo-melody", "text and chroma to stereo, 1.5 billion parameters", 6.4),
        SoundModel(
            name="mrt2_small",
            renderer="magenta-rt",
            summary="every note, drums and a style to stereo, 230 million parameters",
            licence="CC-BY-4.0",
            commercial=True,
            conditions="name Magenta RealTime 2",
            gigabytes=4.0,
            sample_rate=48_000,
            longest_seconds=None,
            source="Hugging Face hub (google/magenta-realtime-2), by magenta-rt's own program",
        ),
        SoundModel(
            name="mrt2_base",
            renderer="magenta-rt",
            summary="every note, drums and a style to stereo, 2.4 billion parameters",
            licence="CC-BY-4.0",
            commercial=True,
            conditions="name Magenta RealTime 2",
            gigabytes=12.0,
            sample_rate=48_000,
            longest_seconds=None,
            source="Hugging Face hub (google/magenta-realtime-2), by magenta-rt's own program",
        ),
        SoundModel(
            name="ACE-Step/acestep-v15-xl-turbo-diffusers",
            renderer="diffusers",
            summary="tempo, key, metre, words and a rendering to cover, to stereo, in 8 steps, 5 billion parameters",
            licence="MIT",
            commercial=True,
            gigabytes=12.0,
            sample_rate=48_000,
            longest_seconds=600.0,
        ),
        SoundModel(
            name="ACE-Step/acestep-v15-xl-base-diffusers",
            renderer="diffusers",
            summary="the same in 50 steps with guidance, 5 billion parameters",
            licence="MIT",
            commercial=True,
            gigabytes=12.0,
            sample_rate=48_000,
            longest_seconds=600.0,
        ),
        SoundModel(
            name="stabilityai/stable-audio-open-1.0",
            renderer="diffusers",
            summary="words and a rendering to begin from, to stereo, 1 billion parameters",
            licence=_STABILITY,
            commercial=True,
            conditions=_STABILITY_CONDITIONS,
            gigabytes=5.4,
            sample_rate=44_100,
            longest_seconds=47.0,
            gated=True,
        ),
        SoundModel(
            name="facebook/jasco-chords-drums-melody-400M",
            renderer="audiocraft",
            summary="chords, drums and melody to mono, 400 million parameters",
            licence=_NON_COMMERCIAL,
            commercial=False,
            gigabytes=1.8,
            sample_rate=32_000,
            longest_seconds=10.0,
        ),
        _musicgen("facebook/musicgen-style", "text and a sounding style to mono, 1.5 billion parameters", 6.5, "audiocraft"),
    )
}
"""By name, in the order in which they are shown."""


def find_sound_model(name: str) -> SoundModel | None:
    """The weights of that name; None of a folder, or of others that nobody has said anything of."""
    return SOUND_MODELS.get(name)
