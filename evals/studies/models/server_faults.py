"""What comes of asking a server in every situation that is known from the field, and how many requests it takes.

    python -m evals.studies.models.server_faults [--lines]

Each situation of `tests.support.server_failures` and `tests.support.server_refusals` is played by a server on this machine; waits
between requests are counted, not waited. Printed are the situation, whether the model's own answer came or one line said why not,
the requests spent, those spent for the same client's next question (1 where nothing is paid twice), and the seconds that were
waited for the server; with `--lines` also what was said. The exit code is 1 where a situation ends otherwise than it must.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from evals.shared.command_line import ScriptParser
from tests.support.server_failures import FAILING, REACHED, SHAPES
from tests.support.server_refusals import REFUSED
from tests.support.server_situations import Outcome, Situation, play_situation

if TYPE_CHECKING:
    from collections.abc import Sequence

SITUATIONS = (*REFUSED, *FAILING, *REACHED, *SHAPES)


def as_it_must(situation: Situation, outcome: Outcome) -> bool:
    """Whether it ended as it must, for as many requests as it may take."""
    if outcome.asked != situation.asked or outcome.answered is not (situation.said is None):
        return False
    if situation.said is None:
        return situation.noted in " | ".join(outcome.troubles) and outcome.asked_later == situation.asked_later
    return re.search(situation.said, outcome.line) is not None and "\n" not in outcome.line


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--lines", action="store_true", help="what was said, too")
    parser.need_packages("langchain_core", "langchain_openai", install="pip install -e '.[llm]'")
    options = parser.parse_args(arguments)
    answered = requests = wrong = 0
    begin = monotonic()
    print(f"{'situation':<58}{'outcome':<15}{'requests':>9}{'next':>6}{'waited':>8}")
    for situation in SITUATIONS:
        with tempfile.TemporaryDirectory() as folder:
            outcome = play_situation(situation, Path(folder))
        good = as_it_must(situation, outcome)
        answered, requests, wrong = answered + outcome.answered, requests + outcome.asked, wrong + (not good)
        later = str(outcome.asked_later) if outcome.answered else ""
        ended = "answered" if outcome.answered else "one line said"
        print(
            f"{situation.name:<58}{ended:<15}{outcome.asked:>9}{later:>6}{sum(outcome.waits):>7.0f}s{'' if good else '  NOT AS IT MUST'}"
        )
        if options.lines:
            for line in (*outcome.troubles, *([outcome.line] if outcome.line else [])):
                print(f"    {line}")
    print(
        f"{len(SITUATIONS)} situations, {answered} answered, {len(SITUATIONS) - answered} told in one line, {requests} requests, "
        f"{wrong} not as they must, {monotonic() - begin:.0f} s"
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
