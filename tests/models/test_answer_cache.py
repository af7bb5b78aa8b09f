"""Answers are kept once a question, and no two questions share one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from img2music.models import Client, ModelSpec, Question
from img2music.models.answer_cache import AnswerCache, CachedAnswer, cache_key
from img2music.templates import Message
from tests.support import extras
from tests.support.stub_server import StubServer

KEPT = CachedAnswer(text='{"a": "ü\\n"}', finish="stop", tokens_in=3, tokens_out=4, question="0" * 16, model="openai:m")
BASE = Question(
    messages=(Message("system", "You hear pictures."), Message("user", "Which tempo?")),
    schema={"type": "object", "properties": {"n": {"type": "integer"}}},
    schema_name="scene/1",
    prompt_digest="0" * 16,
    picture_jpeg=b"jpeg",
    picture_sha256="a" * 64,
    seed=0,
)


class Listening(AnswerCache):
    """A cache that answers every question and remembers by which name it was asked."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self.keys: list[str] = []

    def get(self, key: str) -> CachedAnswer | None:
        self.keys.append(key)
        return KEPT


def key(question: Question, line: str = "openai:m") -> str:
    """The name under which the answer to a question is kept."""
    cache = Listening()
    assert Client(line, cache=cache).ask(question, until=monotonic() + 60).cached
    return cache.keys[0]


CHANGES: dict[str, Callable[[Question], Question]] = {
    "the picture's file": lambda question: replace(question, picture_sha256="b" * 64),
    "the picture as it is sent": lambda question: replace(question, picture_jpeg=b"jpeg2"),
    "no picture sent": lambda question: replace(question, picture_jpeg=None),
    "the prompt": lambda question: replace(question, prompt_digest="1" * 16),
    "the schema's version": lambda question: replace(question, schema_name="scene/2"),
    "the schema": lambda question: replace(question, schema={"type": "object"}),
    "no schema": lambda question: replace(question, schema=None),
    "the seed": lambda question: replace(question, seed=1),
    "a far seed": lambda question: replace(question, seed=2**31),  # goes out as 0
    "the words": lambda question: replace(question, messages=(*question.messages[:1], Message("user", "Which tempo ?"))),
    "who says it": lambda question: replace(question, messages=(Message("user", "You hear pictures."), *question.messages[1:])),
    "one more turn": lambda question: replace(question, messages=(*question.messages, Message("assistant", "{}"))),
    "where words are parted": lambda question: replace(
        question, messages=(Message("system", "You hear pictures.Which"), Message("user", " tempo?"))
    ),
}
LINES = [
    "openai:m", "openai:n", "hf:m", "openai:m?temperature=0", "openai:m?temperature=none", "openai:m?max_tokens=50",
    "openai:m?structured=json", "openai:m?structured=none", "openai:m?base_url=http://localhost/v1",
    "openai:m?base_url=http://127.0.0.1/v1", "hf:m?dtype=bfloat16", "hf:m?device=cuda", "vllm:m", "vllm:m?context=512",
    "gguf:m", "gguf:a/m", "gguf:m?context=512", "gguf:m?mmproj=e", "gguf:m?mmproj=a/e",
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_another_question_is_another_answer(change: str) -> None:
    assert key(CHANGES[change](BASE)) != key(BASE)


def test_no_two_questions_share_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("m", "a/m"):  # a file's name counts, and its content by size and time
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("GGUF")
    monkeypatch.chdir(tmp_path)
    questions = [BASE, *(change(BASE) for change in CHANGES.values())]
    keys = [key(question, line) for line in LINES for question in questions]
    assert len(set(keys)) == len(keys) == len(LINES) * (len(CHANGES) + 1)


def test_another_file_under_the_same_name_is_another_model(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_text("GGUF")
    first = key(BASE, f"gguf:{path}")
    assert key(BASE, f"gguf:{path}") == first
    path.write_text("GGUF, trained on")
    assert key(BASE, f"gguf:{path}") != first


@pytest.mark.parametrize("more", ["timeout=5", "retries=0", "per_minute=3", "price_in=1&price_out=2", "key_env=MY_KEY"])
def test_what_changes_no_answer_asks_nothing_anew(more: str) -> None:
    assert key(BASE, f"openai:m?{more}") == key(BASE)


TEXT = st.text(max_size=12)
QUESTIONS = st.builds(
    Question,
    messages=st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXT), min_size=1, max_size=3).map(
        tuple
    ),
    schema=st.none() | st.dictionaries(TEXT, st.integers(0, 2) | TEXT, max_size=2),
    schema_name=st.sampled_from(["scene/1", "scene/2", "plan/1"]),
    prompt_digest=st.sampled_from(["0" * 16, "1" * 16]),
    picture_jpeg=st.none() | st.binary(max_size=3),
    picture_sha256=st.sampled_from(["", "a" * 64, "b" * 64]),
    seed=st.integers(0, 3),
)


@given(QUESTIONS, QUESTIONS)
def test_questions_have_one_name_exactly_when_they_are_one(one: Question, other: Question) -> None:
    def sent(question: Question) -> Question:
        return replace(question, picture_jpeg=question.picture_jpeg or None)  # an empty picture is none

    assert (key(one) == key(other)) is (sent(one) == sent(other))
    assert key(one) == key(replace(one))


@given(st.dictionaries(TEXT, st.integers() | TEXT | st.lists(TEXT, max_size=2), max_size=4))
def test_a_name_is_a_hash_whatever_the_order(parts: dict[str, Any]) -> None:
    spec = ModelSpec.parse("openai:m")
    name = cache_key(spec, replace(BASE, schema=parts))
    assert len(name) == 64
    assert set(name) <= set("0123456789abcdef")
    assert cache_key(spec, replace(BASE, schema=dict(reversed(parts.items())))) == name


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_same_question_twice_is_one_request(tmp_path: Path) -> None:
    extras.require("llm")
    with StubServer() as server:
        spec = ModelSpec.parse("openai:m", base_url=server.base_url)
        first = Client(spec, cache=AnswerCache(tmp_path)).ask(BASE, until=monotonic() + 60)
        later = Client(spec, cache=AnswerCache(tmp_path))
        second = later.ask(BASE, until=monotonic() - 1)  # no time is needed either
        assert server.asked == 1
        third = later.ask(replace(BASE, seed=1), until=monotonic() + 60)
        assert server.asked == 2
        later.forget(BASE)
        later.ask(BASE, until=monotonic() + 60)
        assert server.asked == 3
    assert (first.cached, second.cached, third.cached) == (False, True, False)
    assert (second.text, second.finish, second.question) == (first.text, first.finish, first.question)
    assert (second.asked, second.tokens_in, second.tokens_out, second.seconds) == (0, 0, 0, 0.0)


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("behaviour", ["truncated", "refusal", "surrogate", "deep", "nan", "empty"])
def test_an_odd_answer_is_kept_as_it_came(behaviour: str, tmp_path: Path) -> None:
    extras.require("llm")
    with StubServer(default=behaviour) as server:
        spec = ModelSpec.parse("openai:m", base_url=server.base_url)
        first = Client(spec, cache=AnswerCache(tmp_path)).ask(BASE, until=monotonic() + 60)
        second = Client(spec, cache=AnswerCache(tmp_path)).ask(BASE, until=monotonic() + 60)
        assert server.asked == first.asked == (2 if behaviour == "truncated" else 1)  # cut off: once more with more tokens
    assert (second.text, second.finish) == (first.text, first.finish)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_what_failed_is_not_kept(tmp_path: Path) -> None:
    extras.require("llm")
    with StubServer(faults=["404", "html"]) as server:
        client = Client(ModelSpec.parse("openai:m", base_url=server.base_url, retries=0), cache=AnswerCache(tmp_path))
        for _ in range(2):
            with pytest.raises(Exception, match=r"404|no answer"):
                client.ask(BASE, until=monotonic() + 60)
        assert not list(tmp_path.rglob("*.json"))
        assert not client.ask(BASE, until=monotonic() + 60).cached


def test_an_answer_comes_back(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "not" / "yet")
    name = cache_key(ModelSpec.parse("openai:m"), BASE)
    assert cache.get(name) is None
    cache.put(name, KEPT)
    assert cache.get(name) == KEPT
    assert cache.get(cache_key(ModelSpec.parse("openai:m"), replace(BASE, seed=2))) is None
    cache.forget(name)
    cache.forget(name)
    assert cache.get(name) is None


@given(text=st.text(max_size=50), finish=st.sampled_from(["stop", "length", "refusal"]))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, text: str, finish: str) -> None:
    cache = AnswerCache(tmp_path_factory.getbasetemp() / "any")
    kept = KEPT.model_copy(update={"text": text, "finish": finish})
    cache.put("0" * 64, kept)
    assert cache.get("0" * 64) == kept


DAMAGED = {
    "empty": b"",
    "half": KEPT.model_dump_json().encode()[:40],
    "not JSON": b"\xff\x00\xfe",
    "another thing": b"[1, 2]",
    "a field more": json.dumps({**KEPT.model_dump(), "extra": 1}).encode(),
    "a field less": json.dumps({name: value for name, value in KEPT.model_dump().items() if name != "finish"}).encode(),
    "wrong kinds": json.dumps({**KEPT.model_dump(), "tokens_in": -1}).encode(),
    "deep": b'{"text":' * 100_000,
    "too large": json.dumps({**KEPT.model_dump(), "text": "x" * 6_000_000}).encode(),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_counts_as_missing_and_is_replaced(damage: str, tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path)
    cache.put("ab" * 32, KEPT)
    (file,) = tmp_path.rglob("*.json")
    file.write_bytes(DAMAGED[damage])
    assert cache.get("ab" * 32) is None
    cache.put("ab" * 32, KEPT)
    assert cache.get("ab" * 32) == KEPT


def test_a_folder_in_the_way_counts_as_missing(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path)
    cache.put("ab" * 32, KEPT)
    (file,) = tmp_path.rglob("*.json")
    file.unlink()
    file.mkdir()
    assert cache.get("ab" * 32) is None
    cache.put("ab" * 32, KEPT)
    cache.forget("ab" * 32)
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_cant_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = AnswerCache(tmp_path / "file" / "answers")
    cache.put("ab" * 32, KEPT)
    assert cache.get("ab" * 32) is None
    cache.forget("ab" * 32)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_forbidden_folder_keeps_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        cache = AnswerCache(tmp_path)
        cache.put("ab" * 32, KEPT)
        assert cache.get("ab" * 32) is None
    finally:
        tmp_path.chmod(0o700)


def test_the_usual_place_is_the_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IMG2MUSIC_CACHE", str(tmp_path))
    AnswerCache().put("ab" * 32, KEPT)
    assert [file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.json")] == [f"answers/ab/{'ab' * 32}.json"]
