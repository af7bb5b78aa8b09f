"""What a run will ask, cost and send away, told before it starts.

Requests are counted from above: every cell, every repair, every retry. Tokens and dollars are expected values: one answer a cell, by
the mean of what this grid has measured for the prompt and model, else by the length of the prompt (four characters a token, as
OpenAI's guide says of English) with every variable at its usual length. What the cache of answers already holds costs nothing, so
the bill may be smaller; with every repair it is larger, which is told too.
Does not know how a server counts pictures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.evaluation.workbench.cell_scores import score_record
from img2music.models.repair_loop import MOST_REPAIRS
from img2music.templates import UNTRUSTED_LIMITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.evaluation.workbench.cell_record import CellRecord
    from img2music.evaluation.workbench.prompt_grid import Cell, Grid, Variant
    from img2music.models import ModelSpec

__all__ = ["Estimate", "ExpectedCost", "Spending", "estimate_run", "expected_cost", "missing_cells"]

_CHARACTERS_A_TOKEN = 4.0
_PICTURE_TOKENS = 800
"""Our choice for a picture of 768 pixels: servers count from 85 (OpenAI, low detail) to about 1,100 (four tiles of 512)."""
_SCHEMA_TOKENS = {"scene/1": 1_050, "scene/2": 460, "plan/1": 660, "plan/2": 1_300, "changes/1": 610, "choice/1": 80}
"""The schema of an answer goes along with the question: its length by four, as for text."""
_USUAL_CHARACTERS = {
    "cues": 300, "colours": 150, "measured": 250, "styles": 700, "genres": 1_000, "instruments": 950, "players": 1_050, "limits": 500,
    "scene": 700, "gist": 100, "attributes": 300, "brief": 60, "words": 60, "chords": 850, "lengths": 200, "draft": 1_000, "choices": 350,
    "most": 1, "header": 60, "voices": 500, "idea": 150, "motif": 40, "bars": 50,
}  # fmt: skip
"""What each variable holds for half a minute of music, rounded up; measured on pictures of `demo/examples`."""
_ANSWER_TOKENS = {
    "scene/1": 700,
    "scene/2": 600,
    "plan/1": 1_500,
    "plan/2": 2_000,
    "changes/1": 400,
    "choice/1": 120,
    "abc/1": 1_500,
}
"""Our choice: the length of a full answer."""
_VARIABLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ExpectedCost:
    """One conversation that needs no repair."""

    tokens_in: float
    tokens_out: float
    usd: float | None
    """None where no price is known; 0 for a model on this machine."""
    most_usd: float | None
    """With every repair."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of a run."""

    cells: int
    done: int
    """Cells that are there already."""
    failed: int
    """Of those, how many failed and stay so."""
    run: int
    """Cells that will be made."""
    most_requests: int
    tokens_in: float
    tokens_out: float
    usd: float | None
    """Expected; None where a price is missing."""
    most_usd: float | None
    unpriced: tuple[str, ...]
    """Models elsewhere without a price."""
    remote_models: tuple[str, ...]
    """Models that are not on this machine."""

    @property
    def words(self) -> str:
        """One line for people."""
        failed = f", {self.failed} of them failed (run them again with --retry-failed)" if self.failed else ""
        if not self.run:
            return f"{self.cells} cells, all done{failed}: nobody is asked"
        told = [f"{self.cells} cells, {self.done} done{failed}, {self.run} to make: at most {self.most_requests} requests"]
        told.append(f"about {_count(self.tokens_in)} tokens in and {_count(self.tokens_out)} out")
        if self.usd is None:
            told.append(f"dollars unknown, {', '.join(self.unpriced)} has no price_in and price_out")
        elif self.usd == 0 and not self.remote_models:
            told.append("no cost, nothing leaves this machine")
        else:
            told.append(f"about {self.usd:.2g} USD, at most {self.most_usd or 0:.2g} with every repair")
        if self.remote_models:
            told.append(f"prompts and pictures go to {', '.join(self.remote_models)}")
        return "; ".join(told)


def _count(number: float) -> str:
    return f"{number:,.0f}" if number < 10_000 else f"{number / 1000:,.0f} thousand"


def missing_cells(grid: Grid, records: Mapping[str, CellRecord], *, retry_failed: bool) -> list[Cell]:
    """The cells that are missing, and those that failed where they are to be tried again."""
    return [cell for cell in grid.cells() if cell.name not in records or (retry_failed and records[cell.name].status == "failed")]


def estimate_run(grid: Grid, records: Mapping[str, CellRecord], todo: Sequence[Cell]) -> Estimate:
    """What making `todo` will take."""
    by_variant = {variant: expected_cost(variant, records) for variant in grid.variants}
    costs = [by_variant[cell.variant] for cell in todo]
    cells = list(grid.cells())
    names = {cell.name for cell in todo}
    stay = [records[cell.name] for cell in cells if cell.name in records and cell.name not in names]
    asked = dict.fromkeys(cell.model for cell in todo)
    priced = [(cost.usd, cost.most_usd) for cost in costs if cost.usd is not None and cost.most_usd is not None]
    whole = len(priced) == len(costs)
    return Estimate(
        cells=len(cells),
        done=len(stay),
        failed=sum(record.status == "failed" for record in stay),
        run=len(todo),
        most_requests=sum((1 + MOST_REPAIRS) * (1 + cell.model.spec.options.retries) for cell in todo),
        tokens_in=sum(cost.tokens_in for cost in costs),
        tokens_out=sum(cost.tokens_out for cost in costs),
        usd=sum(usd for usd, _ in priced) if whole else None,
        most_usd=sum(most for _, most in priced) if whole else None,
        unpriced=tuple(model.label for model in asked if _price(model.spec, 1, 1) is None),
        remote_models=tuple(model.label for model in asked if not model.spec.is_local),
    )


def expected_cost(variant: Variant, records: Mapping[str, CellRecord]) -> ExpectedCost:
    """Of one conversation: measured in this grid, or guessed from the prompt's length."""
    template, spec = variant.prompt.template, variant.model.spec
    own = [
        score_record(record)
        for record in records.values()
        if record.prompt_digest == template.digest and record.model == variant.model.label
    ]
    measured = [(one["tokens in"], one["tokens out"]) for one in own if one["tokens in"] and one["tokens out"]]
    if measured:
        tokens_in = sum(read or 0.0 for read, _ in measured) / len(measured)
        tokens_out = sum(written or 0.0 for _, written in measured) / len(measured)
    else:
        characters = len(_VARIABLE.sub("", template.system)) + len(_VARIABLE.sub("", template.user))
        for text in (template.system, template.user):
            for name in _VARIABLE.findall(text):
                usual = _USUAL_CHARACTERS.get(name.strip(), 500)
                characters += min(usual, UNTRUSTED_LIMITS.get(name.strip(), usual))
        tokens_in = characters / _CHARACTERS_A_TOKEN + _SCHEMA_TOKENS.get(template.schema_name, 0)
        tokens_in += _PICTURE_TOKENS if variant.prompt.purpose == "see" else 0
        tokens_out = float(min(spec.options.max_tokens, _ANSWER_TOKENS.get(template.schema_name, 1_000)))
    # A repair sends the question again with the answer and its faults, as often as it is quoted.
    rounds = 1 + MOST_REPAIRS
    most_in = rounds * tokens_in + tokens_out * rounds * (rounds - 1) / 2
    return ExpectedCost(tokens_in, tokens_out, _price(spec, tokens_in, tokens_out), _price(spec, most_in, rounds * tokens_out))


def _price(spec: ModelSpec, tokens_in: float, tokens_out: float) -> float | None:
    if spec.options.price_in is None or spec.options.price_out is None:
        return 0.0 if spec.is_local else None
    return (tokens_in * spec.options.price_in + tokens_out * spec.options.price_out) / 1e6


class Spending:
    """What a run has spent, and what the next cell is likely to cost: as the cells before it did, or as estimated."""

    def __init__(self, known: Mapping[str, CellRecord]) -> None:
        self._known = known
        self._paid: dict[Variant, list[float]] = {}
        self._guessed: dict[Variant, float] = {}
        self.spent_usd = 0.0

    def expected_usd(self, cell: Cell) -> float:
        """What the next cell is likely to cost; 0 where no price is known."""
        paid = self._paid.get(cell.variant)
        if paid:
            return sum(paid) / len(paid)
        if cell.variant not in self._guessed:
            self._guessed[cell.variant] = expected_cost(cell.variant, self._known).usd or 0.0
        return self._guessed[cell.variant]

    def add(self, cell: Cell, record: CellRecord) -> None:
        """Counts a cell that was made: as its server counted, or as expected where requests went out and it counted nothing."""
        cost = sum(use.cost_usd for use in record.uses if use.cost_usd is not None)
        if any(use.asked for use in record.uses):
            if not sum(use.tokens_in for use in record.uses):
                cost = max(cost, self.expected_usd(cell))
            self._paid.setdefault(cell.variant, []).append(cost)
        self.spent_usd += cost
