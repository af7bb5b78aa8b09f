"""How the next tokens of several takes are drawn: guided, from the likeliest few, each take by a generator of its own.

`generate` draws from torch's global generator, one stream for all takes. So it is asked for the largest score, and the scores are given noise
after which the largest is a draw from their softmax (Gumbel's trick). The noise is made on the processor: a seed means the same on every
device and beside any other takes, and the global generator is left alone.

Conventions: rows of scores are takes times codebooks, take by take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.cancellation import checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DrawTakes", "KeepTokens", "processors"]


class DrawTakes:
    """A logits processor, the last of all: temperature, the likeliest few, and a draw. Each of its calls is a checkpoint."""

    def __init__(self, generators: Sequence[Any], *, temperature: float, top_k: int, length: int, message: str) -> None:
        """`generators` are those of the takes, on the processor; `length` is how many tokens there will be; `top_k` of 0 keeps all."""
        self._generators = tuple(generators)
        self._temperature, self._top_k = temperature, top_k
        self._length, self._message = length, message
        self._begin: int | None = None

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Scores of which the largest in each row is the draw."""
        import torch

        read = int(input_ids.shape[-1])
        self._begin = read if self._begin is None else self._begin
        checkpoint(read - self._begin, max(1, self._length - self._begin), self._message)
        scores = scores.float() / self._temperature
        if 0 < self._top_k < scores.shape[-1]:
            least = torch.topk(scores, self._top_k, dim=-1).values[:, -1:]
            scores = scores.masked_fill(scores < least, float("-inf"))
        rows = scores.shape[0] // len(self._generators)
        noise = torch.cat([torch.empty(rows, scores.shape[-1]).exponential_(generator=one) for one in self._generators])
        return scores - noise.log().to(scores.device)


class KeepTokens:
    """Keeps what was generated, because `generate` gives back the sound alone; ends nothing."""

    def __init__(self) -> None:
        self.tokens: Any = None

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        """Nobody is done before the length is reached."""
        import torch

        self.tokens = input_ids
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


def processors(draw: DrawTakes) -> Any:
    """`draw` in the list that `generate` takes; what `generate` adds to it (the guidance, which halves the rows) comes before."""
    from transformers import LogitsProcessorList

    class GuidanceFirst(LogitsProcessorList):  # type: ignore[misc]  # transformers has no types here
        def append(self, item: Any) -> None:
            self.insert(0, item)

    made = GuidanceFirst()
    made.append(draw)
    return made
