"""The bench of neural sound makes the same calls again, bare, and leaves the library as it was."""

from __future__ import annotations

from typing import Any

from evals.bench.neural.model_calls import again, remembered_calls


class Model:
    """A library's model that tells what it was asked."""

    asked: list[dict[str, Any]]

    def __init__(self) -> None:
        self.asked = []

    def generate(self, **named: Any) -> None:
        self.asked.append(named)
        if named.get("twice"):
            self.generate(inner=True)


class Heir(Model):
    """Has `generate` from its base."""


def test_calls_are_made_again_without_what_is_ours() -> None:
    model = Heir()
    with remembered_calls(Heir, "generate") as calls:
        model.generate(text="a", twice=True, streamer=print)
    again(calls, "generate")
    assert model.asked == [
        {"text": "a", "twice": True, "streamer": print},
        {"inner": True},
        {"text": "a", "twice": True},
        {"inner": True},
    ]
    assert len(calls) == 1
    assert "generate" not in vars(Heir)
