"""What happens to the scores of the next word before the largest is taken: the schema is kept, and chance comes in.

Both are logits processors of transformers, for one answer: one conversation, new for each, because they remember.
Conventions: `scores` is a tensor (1, vocabulary); `input_ids` (1, tokens of question and answer so far).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.errors import BackendError
from img2music.models.providers.local_model import error_line_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Draw", "KeepSchema"]


class KeepSchema:
    """Leaves of the next word only what the schema allows; one for each answer, because it remembers how far it came."""

    def __init__(self, words: Any, schema: Mapping[str, Any], ends: tuple[int, ...], tokens_in: int) -> None:
        """`words` is the tokenizer as llguidance has it, `ends` are the tokens that end an answer, `tokens_in` those of the question.

        Raises:
            BackendError: a schema that llguidance does not know.
        """
        from llguidance import LLMatcher

        # Without this a random or small model may write blanks between two words for ever.
        tight = {**schema, "x-guidance": {"whitespace_flexible": False}}
        self._matcher = LLMatcher(words, LLMatcher.grammar_from_json_schema(tight))
        self._read = tokens_in
        self._ends = ends
        self._check()

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """The scores, those of forbidden words at minus infinity."""
        import numpy as np
        import torch

        new = input_ids[0, self._read :].tolist()
        self._read += len(new)
        if new and not self._matcher.is_stopped():
            self._matcher.consume_tokens(new)
            self._check()
        allowed = np.zeros(scores.shape[1], dtype=bool)
        if self._matcher.is_stopped():
            allowed[list(self._ends)] = True
        else:
            bits = np.unpackbits(np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8), bitorder="little")
            allowed[: len(bits)] = bits[: len(allowed)]
        return scores.masked_fill(~torch.from_numpy(allowed).to(scores.device), float("-inf"))

    def _check(self) -> None:
        if self._matcher.is_error():
            raise BackendError(
                f"the answer can't be held to this schema ({error_line_of(self._matcher.get_error())}); ask with structured=json"
            )


class Draw:
    """Noise after which the largest score is a draw from the softmax of the scores."""

    def __init__(self, seed: int | None) -> None:
        """None for `seed` leaves it to chance."""
        self._seed = seed
        self._generator: Any = None

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """The scores with noise."""
        import torch

        if self._generator is None:
            self._generator = torch.Generator(device=scores.device)
            if self._seed is None:
                self._generator.seed()
            else:
                self._generator.manual_seed(self._seed)
        return scores - torch.empty_like(scores).exponential_(generator=self._generator).log()
