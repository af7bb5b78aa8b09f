"""The adapter for vLLM, against a stand-in that takes exactly the arguments that vLLM 0.33.0 takes."""

from __future__ import annotations

import base64
import inspect
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from time import monotonic
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.support import extras

extras.require("llm")

from img2music.errors import BackendError, UsageError
from img2music.models import Client, ModelSpec, Question, chat_model
from img2music.models.answer_cache import AnswerCache
from img2music.models.providers.local_model import ModelPool
from img2music.models.providers.vllm_offline import _ENVIRONMENT
from img2music.templates import Message

SCHEMA = {
    "type": "object",
    "properties": {"tempo_bpm": {"type": "integer", "minimum": 40, "maximum": 200}},
    "required": ["tempo_bpm"],
    "additionalProperties": False,
}
# Names as in vllm 0.33.0: vllm/entrypoints/llm.py, vllm/engine/arg_utils.py (`ENGINE`), vllm/sampling_params.py, vllm/outputs.py.
LLM = """
    model tokenizer tokenizer_mode runner convert skip_tokenizer_init trust_remote_code allowed_local_media_path
    allowed_media_domains tensor_parallel_size dtype quantization revision tokenizer_revision chat_template seed
    gpu_memory_utilization cpu_offload_gb enforce_eager disable_custom_all_reduce hf_token hf_overrides mm_processor_kwargs
    pooler_config structured_outputs_config profiler_config attention_config kv_cache_memory_bytes compilation_config
    quantization_config logits_processors
"""
ENGINE = "load_format max_model_len limit_mm_per_prompt disable_log_stats generation_config"
CHAT = """
    sampling_params use_tqdm lora_request priority chat_template chat_template_content_format add_generation_prompt
    continue_final_message tools chat_template_kwargs tokenization_kwargs mm_processor_kwargs
"""
SAMPLING = """
    n presence_penalty frequency_penalty repetition_penalty temperature top_p top_k min_p seed stop stop_token_ids ignore_eos
    max_tokens min_tokens logprobs prompt_logprobs detokenize skip_special_tokens spaces_between_special_tokens
    include_stop_str_in_output output_kind structured_outputs logit_bias allowed_token_ids extra_args bad_words
"""
STRUCTURED = """
    json regex choice grammar json_object disable_any_whitespace disable_additional_properties whitespace_pattern structural_tag
"""


def known(given: dict[str, Any], names: str) -> dict[str, Any]:
    unknown = given.keys() - set(names.split())
    if unknown:
        raise TypeError(f"got an unexpected keyword argument {min(unknown)!r}")
    return given


@dataclass
class Made:
    """What `CompletionOutput` holds, as far as it is asked."""

    text: str = '{"tempo_bpm": 96}'
    token_ids: tuple[int, ...] = (5, 6, 7)
    finish_reason: str | None = "stop"


class FakeVllm:
    """The module and what it was asked."""

    def __init__(self) -> None:
        self.loaded: list[dict[str, Any]] = []
        self.asked: list[tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]] = []
        self.answers: list[Made | Exception] = []
        outer = self

        class FakeLLM:
            def __init__(self, **given: Any) -> None:
                outer.loaded.append(known(given, LLM + ENGINE))
                if given["model"].endswith("broken"):
                    raise RuntimeError("Engine core initialization failed.\nSee root cause above.")

            def get_default_sampling_params(self) -> Any:
                return SimpleNamespace(temperature=0.3, top_p=0.8)

            def chat(self, messages: list[dict[str, Any]], **given: Any) -> list[Any]:
                params = known(given, CHAT)["sampling_params"]
                outer.asked.append((messages, params.given, given))
                made = outer.answers.pop(0) if outer.answers else Made()
                if isinstance(made, Exception):
                    raise made
                return [SimpleNamespace(outputs=[made], prompt_token_ids=[1, 2], finished=True, request_id="0")]

        class FakeSampling:
            def __init__(self, **given: Any) -> None:
                self.given = known(given, SAMPLING)

        class FakeStructured:
            def __init__(self, **given: Any) -> None:
                self.given = known(given, STRUCTURED)
                assert sum(given.get(name) is not None for name in ("json", "regex", "choice", "grammar", "json_object")) == 1

        self.module, self.sampling = ModuleType("vllm"), ModuleType("vllm.sampling_params")
        self.module.__spec__ = ModuleSpec("vllm", None)
        vars(self.module).update(LLM=FakeLLM, SamplingParams=FakeSampling)
        vars(self.sampling).update(SamplingParams=FakeSampling, StructuredOutputsParams=FakeStructured)


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> FakeVllm:
    fake = FakeVllm()
    for name, value in _ENVIRONMENT.items():
        monkeypatch.setenv(name, value)  # so that they are taken back
    monkeypatch.setitem(sys.modules, "vllm", fake.module)
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", fake.sampling)
    monkeypatch.setattr("img2music.models.providers.vllm_offline._engines", ModelPool())
    return fake


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A folder that looks like a model."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_text("{}")
    return str(folder)


def ask(line: str, tmp_path: Any, **more: Any) -> Any:
    question = Question((Message("system", "You plan."), Message("user", "A sea.")), SCHEMA, "scene/1", "0" * 16, **more)
    return Client(line, cache=AnswerCache(tmp_path)).ask(question, until=monotonic() + 20)


def test_what_vllm_is_asked(vllm: FakeVllm, model: str, tmp_path: Any) -> None:
    answer = ask(
        f"vllm:{model}?context=2048&eager=true&dtype=bfloat16&max_tokens=300", tmp_path, picture_jpeg=b"\xff\xd8", seed=7
    )
    assert (answer.text, answer.finish, answer.tokens_in, answer.tokens_out) == ('{"tempo_bpm": 96}', "stop", 2, 3)
    assert vllm.loaded == [
        {
            "model": model,
            "trust_remote_code": False,
            "load_format": "safetensors",
            "dtype": "bfloat16",
            "max_model_len": 2048,
            "enforce_eager": True,
            "structured_outputs_config": {"backend": "guidance", "disable_any_whitespace": True},
        }
    ]
    messages, sampling, given = vllm.asked[0]
    assert given["use_tqdm"] is False
    assert messages[0] == {"role": "system", "content": "You plan."}
    url = "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8").decode()
    assert messages[1]["content"] == [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "A sea."}]
    structured = sampling.pop("structured_outputs")
    assert structured.given == {"json": SCHEMA}
    assert sampling == {"temperature": 0.7, "top_p": 0.95, "max_tokens": 300, "seed": 7, "stop": None}


def test_other_forms_of_answers(vllm: FakeVllm, model: str, tmp_path: Any) -> None:
    ask(f"vllm:{model}?structured=json", tmp_path / "a")
    ask(f"vllm:{model}?structured=none&temperature=none", tmp_path / "b")
    assert vllm.asked[0][1]["structured_outputs"].given == {"json_object": True}
    assert "structured_outputs" not in vllm.asked[1][1]
    assert (vllm.asked[1][1]["temperature"], vllm.asked[1][1]["top_p"]) == (0.3, 0.8)


def test_one_engine_for_all_questions(vllm: FakeVllm, model: str, tmp_path: Any) -> None:
    for seed in range(3):
        ask(f"vllm:{model}?temperature=0.2", tmp_path, seed=seed)
    assert len(vllm.loaded) == 1
    assert len(vllm.asked) == 3


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            ValueError("The decoder prompt (length 9000)\nis longer than the maximum model length"),
            "failed .The decoder prompt.*shortly",
        ),
        (Made(finish_reason="abort"), "no whole answer"),
        (Made(finish_reason="length"), "does not fit into the 8192 tokens"),
    ],
)
def test_faults_are_one_line(vllm: FakeVllm, model: str, tmp_path: Any, made: Any, said: str) -> None:
    vllm.answers.append(made)
    with pytest.raises(BackendError, match=said) as caught:
        ask(f"vllm:{model}", tmp_path)
    assert "\n" not in str(caught.value)


def test_an_answer_that_is_too_long_is_told(vllm: FakeVllm, model: str, tmp_path: Any) -> None:
    vllm.answers.append(Made('{"tempo', (1, 2, 3), "length"))
    assert ask(f"vllm:{model}?max_tokens=3", tmp_path).finish == "length"


def test_an_engine_that_does_not_start(vllm: FakeVllm, model: str, tmp_path: Path) -> None:
    broken = Path(model).rename(tmp_path / "broken")
    with pytest.raises(BackendError, match=r"can't be loaded \(Engine core initialization failed\. See root cause above\.\)"):
        chat_model(f"vllm:{broken}")


def test_only_safetensors_are_loaded(vllm: FakeVllm, model: str) -> None:
    (Path(model) / "model.safetensors").rename(Path(model) / "pytorch_model.bin")
    with pytest.raises(BackendError, match="a pickle can run code"):
        chat_model(f"vllm:{model}")
    assert not vllm.loaded


def test_addresses_are_never_fetched(vllm: FakeVllm, model: str) -> None:
    chat = chat_model(f"vllm:{model}")
    for url in ("http://example.org/a.png", "file:///etc/passwd"):
        with pytest.raises(UsageError, match="nothing is fetched"):
            chat.invoke([("user", [{"type": "image_url", "image_url": {"url": url}}])])
    assert not vllm.asked


def test_signatures_where_vllm_is_installed() -> None:
    extras.require("vllm")
    real = pytest.importorskip("vllm")
    assert {"model", "trust_remote_code", "dtype", "enforce_eager", "structured_outputs_config"} <= set(
        inspect.signature(real.LLM.__init__).parameters
    )
    assert set(inspect.signature(real.LLM.chat).parameters) >= {"messages", "sampling_params", "use_tqdm"}
    assert ModelSpec.parse("vllm:m").options.context == 8192
