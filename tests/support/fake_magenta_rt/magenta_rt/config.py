from __future__ import annotations

from types import SimpleNamespace

MUSICCOCA = SimpleNamespace(key="mulan_tokens_25hz")
PIANOROLL_WITH_ONSETS = SimpleNamespace(key="pianoroll_with_onsets_tokens")
DRUM_PIANOROLL = SimpleNamespace(key="drum_pianoroll_tokens")
