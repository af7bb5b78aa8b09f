"""What plain words in a brief do: one small table, readable from top to bottom.

Each word moves valence and arousal (both in [-1, 1]), multiplies the tempo, or names a mode, metre, style or instrument;
"no drums" and "without strings" keep a role or an instrument out. Positions in the plane of valence and arousal follow
the circumplex (Russell, *J. Pers. Soc. Psychol.* 39, 1980); tempo factors are our choice. Words are data: whatever
is not in the table is ignored, and said to be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from img2music.errors import UsageError
from img2music.io.styles import load_style, style_names
from img2music.theory import METERS, MODES, Key, instrument

__all__ = ["Steering", "read_words"]

_TABLE: dict[str, dict[str, float]] = {
    # word: shift of valence, of arousal, factor of tempo
    "happy": {"valence": 0.7, "arousal": 0.3}, "joyful": {"valence": 0.8, "arousal": 0.4}, "cheerful": {"valence": 0.7, "arousal": 0.3},
    "bright": {"valence": 0.5, "arousal": 0.2}, "playful": {"valence": 0.6, "arousal": 0.4}, "hopeful": {"valence": 0.5},
    "warm": {"valence": 0.4, "arousal": -0.1}, "romantic": {"valence": 0.4, "arousal": -0.2}, "sweet": {"valence": 0.5, "arousal": -0.2},
    "triumphant": {"valence": 0.6, "arousal": 0.7}, "heroic": {"valence": 0.4, "arousal": 0.7}, "funny": {"valence": 0.6, "arousal": 0.4},
    "calm": {"valence": 0.2, "arousal": -0.6}, "peaceful": {"valence": 0.4, "arousal": -0.7}, "gentle": {"valence": 0.3, "arousal": -0.5},
    "quiet": {"arousal": -0.6}, "soft": {"arousal": -0.5}, "dreamy": {"valence": 0.2, "arousal": -0.5}, "sleepy": {"arousal": -0.9},
    "relaxed": {"valence": 0.3, "arousal": -0.5}, "relaxing": {"valence": 0.3, "arousal": -0.6}, "serene": {"valence": 0.4, "arousal": -0.7},
    "sad": {"valence": -0.7, "arousal": -0.3}, "melancholic": {"valence": -0.5, "arousal": -0.3}, "melancholy": {"valence": -0.5, "arousal": -0.3},
    "lonely": {"valence": -0.5, "arousal": -0.4}, "nostalgic": {"valence": -0.2, "arousal": -0.3}, "wistful": {"valence": -0.3, "arousal": -0.3},
    "dark": {"valence": -0.6}, "gloomy": {"valence": -0.7, "arousal": -0.3}, "mysterious": {"valence": -0.3, "arousal": -0.1},
    "tense": {"valence": -0.5, "arousal": 0.5}, "scary": {"valence": -0.8, "arousal": 0.5}, "angry": {"valence": -0.7, "arousal": 0.8},
    "dramatic": {"valence": -0.2, "arousal": 0.6}, "epic": {"arousal": 0.7}, "wild": {"arousal": 0.8},
    "exciting": {"valence": 0.4, "arousal": 0.8},
    "energetic": {"valence": 0.3, "arousal": 0.8}, "lively": {"valence": 0.3, "arousal": 0.6}, "powerful": {"arousal": 0.7},
    "intense": {"arousal": 0.7},
    "night": {"valence": -0.2, "arousal": -0.4}, "morning": {"valence": 0.4}, "summer": {"valence": 0.4, "arousal": 0.2},
    "winter": {"valence": -0.1, "arousal": -0.3}, "storm": {"valence": -0.5, "arousal": 0.7}, "rain": {"valence": -0.2, "arousal": -0.3},
    "slow": {"tempo": 0.75, "arousal": -0.2}, "slower": {"tempo": 0.85}, "fast": {"tempo": 1.35, "arousal": 0.3}, "faster": {"tempo": 1.18},
    "quick": {"tempo": 1.25, "arousal": 0.2},
}  # fmt: skip

# Roles and families that "no ..." and "without ..." understand beside instruments.
_GROUPS = {
    "drums": "drums", "percussion": "drums", "beat": "drums", "beats": "drums", "bass": "bass", "melody": "melody", "chords": "chords",
    "pad": "pad", "pads": "pad", "arpeggio": "arpeggio", "arpeggios": "arpeggio", "strings": "strings", "brass": "brass",
    "winds": "winds", "voices": "voices", "synths": "synth", "keys": "keys",
}  # fmt: skip
_KEY = re.compile(rf"\b(in )?([A-Ga-g])(#|b|[ -]sharp|[ -]flat|)[ -]({'|'.join(MODES)})\b", re.IGNORECASE)
_FILLERS = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "but",
        "by",
        "for",
        "from",
        "in",
        "it",
        "like",
        "music",
        "of",
        "on",
        "or",
        "piece",
        "please",
        "some",
        "song",
        "sound",
        "the",
        "to",
        "tune",
        "very",
        "with",
        "feeling",
        "mood",
        "style",
    ]
)


@dataclass(frozen=True, slots=True)
class Steering:
    """What the words ask for."""

    valence: float = 0.0
    arousal: float = 0.0
    tempo_factor: float = 1.0
    mode: str | None = None
    key: str | None = None
    meter: str | None = None
    style: str | None = None
    instruments: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Roles, families or instruments to keep out."""
    understood: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    """Those of the understood words that name a feeling."""
    ignored: tuple[str, ...] = field(default=())


def read_words(text: str) -> Steering:
    """What `text` asks for. Unknown words are collected in `ignored`; nothing here can fail."""
    keys = [_named_key(*match) for match in _KEY.findall(text)]
    named_key = next((key for key in keys if key), None)
    tokens = re.findall(r"[a-z0-9/#-]+", (_KEY.sub(" ", text) if named_key else text).lower())
    valence = arousal = 0.0
    factor = 1.0
    named: dict[str, str] = {}
    instruments: list[str] = []
    without: list[str] = []
    understood: list[str] = []
    ignored: list[str] = []
    index = 0
    while index < len(tokens):
        if tokens[index] in {"no", "without", "not"} and index + 1 < len(tokens):
            length, group = _group(tokens, index + 1)
            words = " ".join(tokens[index : index + 1 + max(1, length)])
            if group:
                without.append(group)
            (understood if group else ignored).append(words)
            index += 1 + max(1, length)
            continue
        word = tokens[index]
        length = 1
        if word in _TABLE:
            valence += _TABLE[word].get("valence", 0.0)
            arousal += _TABLE[word].get("arousal", 0.0)
            factor *= _TABLE[word].get("tempo", 1.0)
            understood.append(word)
            _name_style(word, named)  # "epic" and "lullaby" are moods and may be styles too
        elif word in MODES or word in METERS:
            named["mode" if word in MODES else "meter"] = word
            understood.append(word)
        else:
            length, found = _instrument(tokens, index)
            if found:
                instruments.append(found)
                understood.append(found)
            elif _name_style(word, named) or (index + 1 < len(tokens) and _name_style(f"{word}-{tokens[index + 1]}", named)):
                understood.append(named["style"])
            elif word not in _FILLERS:
                ignored.append(word)
        index += length
    return Steering(
        valence=valence,
        arousal=arousal,
        tempo_factor=factor,
        mode=named.get("mode"),
        key=named_key,
        meter=named.get("meter"),
        style=named.get("style"),
        instruments=tuple(dict.fromkeys(instruments)),
        without=tuple(without),
        understood=(*([named_key] if named_key else []), *understood),
        moods=tuple(word for word in understood if word in _TABLE and "tempo" not in _TABLE[word]),
        ignored=tuple(ignored),
    )


def _named_key(preposition: str, tonic: str, accidental: str, mode: str) -> str | None:
    """A key as people say it: "in D major", "E flat minor"; a lone "a minor" is an article and a mode."""
    if tonic == "a" and not preposition:
        return None
    sign = {"sharp": "#", "flat": "b"}.get(accidental.strip(" -").lower(), accidental.strip())
    try:
        return Key.parse(f"{tonic.upper()}{sign} {mode.lower()}").name
    except UsageError:
        return None


def _instrument(tokens: list[str], index: int) -> tuple[int, str | None]:
    """The longest instrument name that begins at `index`, in up to two words; (1, None) if there is none."""
    for length in (2, 1):
        words = tokens[index : index + length]
        for name in (" ".join(words), " ".join(words).removesuffix("s")):
            if len(words) == length:
                try:
                    return length, instrument(name).name
                except UsageError:
                    continue
    return 1, None


def _group(tokens: list[str], index: int) -> tuple[int, str | None]:
    if tokens[index] in _GROUPS:
        return 1, _GROUPS[tokens[index]]
    return _instrument(tokens, index)


def _name_style(word: str, named: dict[str, str]) -> bool:
    if word in style_names():
        named["style"] = word
        return True
    for name in style_names():
        if word in load_style(name).words:
            named.setdefault("style", name)
            return True
    return False
