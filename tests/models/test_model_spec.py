"""The line that names a model, and what is needed to make one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from img2music.errors import MissingPackageError, UsageError
from img2music.models import ModelSpec, chat_model, unavailable_reason
from img2music.models.model_spec import ModelOptions
from img2music.registry import builtin_names, find_provider
from tests.support import extras

SECRET = "sk-live-0123456789abcdef"  # noqa: S105  made up


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("openai:gpt-4o-mini", "openai:gpt-4o-mini"),
        ("  openai:gpt-4o-mini \n", "openai:gpt-4o-mini"),
        ("openai:m?temperature=0.70", "openai:m"),
        ("openai:m?temperature=none&seed=1"[:-7], "openai:m?temperature=none"),
        (
            "openai:qwen2.5vl:7b?base_url=http://localhost:11434/v1&temperature=0.2",
            "openai:qwen2.5vl:7b?base_url=http://localhost:11434/v1&temperature=0.2",
        ),
        ("openai:m?timeout=5&retries=0&per_minute=10&price_in=1&price_out=2&key_env=MY_KEY", "openai:m"),
        ("gguf:/home/somebody/models/tiny.gguf?threads=2&context=512", "gguf:tiny.gguf?context=512"),
        ("gguf:tiny.gguf?mmproj=/home/somebody/eye.gguf", "gguf:tiny.gguf?mmproj=eye.gguf"),
        ("hf:./somebody/tiny", "hf:tiny"),
        ("hf:HuggingFaceTB/SmolVLM?dtype=bfloat16", "hf:HuggingFaceTB/SmolVLM?dtype=bfloat16"),
        ("hf:C:\\Users\\somebody\\tiny", "hf:tiny"),
        ("replay:../somebody/answers.jsonl", "replay:answers.jsonl"),
        ("vllm:Qwen/Qwen3-VL?eager=true&dtype=float32", "vllm:Qwen/Qwen3-VL?dtype=float32&eager=True"),
    ],
)
def test_a_line_is_read_and_told_again(line: str, label: str) -> None:
    assert ModelSpec.parse(line).label == label


@given(
    st.sampled_from(["openai", "vllm"]),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9./:_-]{0,40}", fullmatch=True),
    st.floats(0, 2).map(lambda value: round(value, 3)),
    st.integers(1, 100_000),
    st.sampled_from(["schema", "json", "none"]),
)
def test_a_label_names_the_same_model(provider: str, name: str, temperature: float, longest: int, structured: str) -> None:
    spec = ModelSpec.parse(f"{provider}:{name}?temperature={temperature}&max_tokens={longest}&structured={structured}")
    assert ModelSpec.parse(spec.label) == spec


@given(st.text(max_size=80))
def test_any_line_gives_a_model_or_one_line_of_help(line: str) -> None:
    try:
        said = ModelSpec.parse(line).label
    except UsageError as error:
        said = str(error)
    assert said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("", "names no model"),
        ("gpt-4o", "names no model; write provider:name"),
        ("openai:", "names no model"),
        ("openai:?temperature=1", "names no model"),
        ("opnai:gpt-4o", "did you mean 'openai'"),
        ("litellm:x", "no model provider 'litellm'"),
        ("openai:m?temprature=1", "did you mean 'temperature'"),
        ("openai:m?temperature=3", "temperature: .*less than or equal to 2"),
        ("openai:m?temperature=warm", "temperature: .*valid number"),
        ("openai:m?temperature=nan", "temperature"),
        ("openai:m?temperature", "temperature"),
        ("openai:m?max_tokens=0", "max_tokens"),
        ("openai:m?timeout=0", "timeout"),
        ("openai:m?timeout=inf", "timeout"),
        ("openai:m?retries=11", "retries"),
        ("openai:m?structured=xml", "structured"),
        ("openai:m?price_in=-1", "price_in"),
        ("openai:m?per_minute=0", "per_minute"),
        ("openai:m?base_url=file:///etc/passwd", "base_url"),
        ("openai:m?base_url=localhost:8000", "base_url"),
        ("openai:m?key_env=A-B", "key_env"),
        ("openai:m?mmproj=x", "no option for 'openai' models 'mmproj'"),
        ("gguf:m?base_url=http://localhost/v1", "no option for 'gguf' models 'base_url'"),
        ("replay:x?threads=2", "no option for 'replay' models"),
        ("openai:a\nb", "can't be printed"),
        ("openai:a\x1b[31m", "can't be printed"),
    ],
)
def test_a_wrong_line_is_refused_in_one_line(line: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault) as caught:
        ModelSpec.parse(line)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("option", ["key", "api_key", "apikey", "openai_api_key", "token", "secret", "password", "Authorization"])
def test_a_secret_in_a_line_is_refused_and_not_told(option: str) -> None:
    with pytest.raises(UsageError, match="holds no secrets") as caught:
        ModelSpec.parse(f"openai:m?{option}={SECRET}")
    assert SECRET not in str(caught.value)
    with pytest.raises(UsageError, match="holds no secrets"):
        ModelSpec.parse("openai:m", **{option: SECRET})


@pytest.mark.parametrize(
    "address",
    [
        f"http://me:{SECRET}@localhost/v1",
        f"https://{SECRET}@localhost/v1",
        f"https://localhost/v1?key={SECRET}",
        f"https://localhost/v1#{SECRET}",
    ],
)
def test_an_address_with_a_secret_is_refused_and_not_told(address: str) -> None:
    with pytest.raises(UsageError, match="must hold no user") as caught:
        ModelSpec.parse("openai:m", base_url=address)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("address", ["http://[::1", "http://local host/v1", "http://localhost/\nv1"])
def test_a_broken_address_is_refused_in_one_line(address: str) -> None:
    with pytest.raises(UsageError, match=r"base_url|can't be printed") as caught:
        ModelSpec.parse("openai:m", base_url=address)
    assert "\n" not in str(caught.value)


def test_options_by_name_win_over_the_line() -> None:
    spec = ModelSpec.parse("openai:m?temperature=1&retries=0", temperature=0.1)
    assert (spec.options.temperature, spec.options.retries) == (0.1, 0)


def test_costs_need_both_prices() -> None:
    assert ModelSpec.parse("openai:m").cost_usd(1000, 1000) is None
    assert ModelSpec.parse("openai:m?price_in=2").cost_usd(1000, 1000) is None
    assert ModelSpec.parse("openai:m?price_in=2&price_out=10").cost_usd(1_000_000, 500_000) == pytest.approx(7.0)
    assert ModelSpec.parse("openai:m?price_in=0&price_out=0").cost_usd(9, 9) == 0.0


def test_who_sees_is_known_only_of_files() -> None:
    assert ModelSpec.parse("gguf:a.gguf").sees is False
    assert ModelSpec.parse("gguf:a.gguf?mmproj=b.gguf").sees is True
    assert ModelSpec.parse("openai:m").sees is None


def test_a_spec_does_not_change() -> None:
    spec = ModelSpec.parse("openai:m")
    with pytest.raises(ValueError, match="frozen"):
        spec.name = "other"
    with pytest.raises(ValueError, match="frozen"):
        spec.options.retries = 5
    assert spec.options == ModelOptions()


def test_whose_key_goes_where() -> None:
    assert ModelSpec.parse("openai:gpt-4o-mini").key_variable == "OPENAI_API_KEY"
    assert ModelSpec.parse("openai:m?base_url=http://localhost/v1").key_variable is None
    assert ModelSpec.parse("openai:m?base_url=http://localhost/v1&key_env=MY_KEY").key_variable == "MY_KEY"


@pytest.mark.parametrize(
    ("line", "local"),
    [
        ("openai:gpt-4o-mini", False),
        ("openai:m?base_url=http://localhost:8000/v1", True),
        ("openai:m?base_url=http://127.0.0.1/v1", True),
        ("openai:m?base_url=http://[::1]:8000/v1", True),
        ("openai:m?base_url=https://localhost.example.com/v1", False),
        ("openai:m?base_url=https://example.com/localhost", False),
        ("gguf:smollm2", True),
        ("hf:./tiny", True),
        ("vllm:m", True),
        ("replay:x", True),
    ],
)
def test_what_stays_on_this_machine(line: str, local: bool) -> None:
    assert ModelSpec.parse(line).is_local is local


def test_a_missing_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    extras.require("llm")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert unavailable_reason(ModelSpec.parse("openai:m")) == "needs a key: set OPENAI_API_KEY in the environment"
    with pytest.raises(UsageError, match="needs a key: set OPENAI_API_KEY"):
        chat_model("openai:m")
    monkeypatch.setenv("OPENAI_API_KEY", " \n")
    with pytest.raises(UsageError, match="needs a key: set OPENAI_API_KEY"):
        chat_model("openai:m")
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    assert unavailable_reason(ModelSpec.parse("openai:m")) is None
    assert (
        unavailable_reason(ModelSpec.parse("openai:m?key_env=NO_SUCH_KEY")) == "needs a key: set NO_SUCH_KEY in the environment"
    )
    assert unavailable_reason(ModelSpec.parse("openai:m?base_url=http://localhost/v1")) is None


@pytest.mark.parametrize("provider", builtin_names("provider"))
def test_a_missing_package_is_told_with_its_command(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("img2music.registry.registry_entry.find_spec", lambda _: None)
    reason = unavailable_reason(ModelSpec.parse(f"{provider}:m"))
    assert reason is not None
    assert "pip install 'img2music[" in reason
    with pytest.raises(MissingPackageError, match=r"pip install 'img2music\["):
        chat_model(f"{provider}:m")


def test_missing_files_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("img2music.registry.registry_entry.find_spec", lambda _: object())
    assert "no GGUF file" in (unavailable_reason(ModelSpec.parse(f"gguf:{tmp_path}/none.gguf")) or "")
    assert "recorded answers" in (unavailable_reason(ModelSpec.parse(f"replay:{tmp_path}/none.jsonl")) or "")
    assert "recorded answers" in (unavailable_reason(ModelSpec.parse(f"replay:{tmp_path}")) or "")  # a folder


def test_every_provider_says_how_it_is_installed() -> None:
    for provider in map(find_provider, builtin_names("provider")):
        assert provider.pip_line.startswith("pip install ")
        assert provider.summary
        assert provider.packages


def test_nothing_heavy_comes_with_naming_a_model() -> None:
    code = (
        "import sys; from img2music.models import Client, ModelSpec, unavailable_reason; "
        "Client('openai:m?base_url=http://127.0.0.1:9/v1'); unavailable_reason(ModelSpec.parse('openai:m')); "
        "print([n for n in ('langchain_core', 'openai', 'torch', 'transformers', 'httpx', 'httpx2') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_folder_whose_weights_were_replaced_is_another_model(tmp_path: Path) -> None:
    """Its config.json may be the same."""
    from img2music.models.providers.weight_files import stamps

    (tmp_path / "config.json").write_text("{}")
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"one")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    before = stamps(tmp_path)
    assert before == stamps(str(tmp_path))
    assert [name for name, _, _ in before] == ["config.json", "model.safetensors"]
    weights.write_bytes(b"other")
    assert stamps(tmp_path) != before
    assert stamps(weights) == stamps(tmp_path)[1:]
    assert stamps("org/model-on-the-hub") == ()


def test_transformers_loads_replaced_weights_again(tmp_path: Path) -> None:
    pytest.importorskip("langchain_core", reason="asks through LangChain")
    from img2music.models.providers.huggingface import make

    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"one")
    model = make(ModelSpec.parse(f"hf:{tmp_path}"))
    before = model._key()
    assert model._key() == before
    (tmp_path / "model.safetensors").write_bytes(b"other")
    assert model._key() != before
