"""Asking a server: whatever it does, an answer or one line comes back in time, and no secret goes anywhere else."""

from __future__ import annotations

import base64
import json
import os
import re
import tracemalloc
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from img2music.errors import BackendError, MissingPackageError, UsageError
from img2music.models import Answer, Client, ModelSpec, Question, chat_model
from img2music.models.answer_cache import AnswerCache
from img2music.models.chat_response import refusal_error
from img2music.templates import Message
from tests.support import extras
from tests.support.stub_server import BEHAVIOURS, StubServer

extras.require("llm")
pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"tempo_bpm": {"type": "integer", "minimum": 40, "maximum": 200}, "mode": {"enum": ["minor", "major"]}},
    "required": ["tempo_bpm", "mode"],
    "additionalProperties": False,
}
GOOD = {"tempo_bpm": 40, "mode": "minor"}
KEY = "Zq8-odd-looking-credential-77"
LIMIT = 3.0
MARGIN = 20.0
"""What a loaded machine may add to a limit; a server that is not left goes on for ever."""


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, address or proxy of whoever runs the tests."""
    for name in ("API_KEY", "BASE_URL", "API_BASE", "PROXY", "ORG_ID", "ORGANIZATION", "PROJECT_ID"):
        monkeypatch.delenv(f"OPENAI_{name}", raising=False)
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
        monkeypatch.setenv(name, "false")


@pytest.fixture
def waits() -> list[float]:
    """Seconds that a client waited between its tries."""
    return []


@pytest.fixture
def cache(tmp_path: Path) -> AnswerCache:
    return AnswerCache(tmp_path / "answers")


@pytest.fixture
def ask(waits: list[float], cache: AnswerCache) -> Asker:
    return Asker(waits, cache)


class Asker:
    """Makes clients of a stub server whose waits take no time."""

    def __init__(self, waits: list[float], cache: AnswerCache) -> None:
        self._waits, self._cache = waits, cache

    def client(self, server: StubServer, **options: object) -> Client:
        return Client(
            ModelSpec.parse("openai:stub", base_url=server.base_url, **{"timeout": 30.0, **options}),
            cache=self._cache,
            sleeper=self._waits.append,
        )

    def __call__(self, server: StubServer, asked: Question | None = None, *, limit: float = 60.0, **options: object) -> Answer:
        return self.client(server, **options).ask(asked or question(), until=monotonic() + limit)


def question(text: str = "Which tempo?", **fields: Any) -> Question:
    made: dict[str, Any] = {
        "messages": (Message("system", "You hear pictures."), Message("user", text)),
        "schema": SCHEMA,
        "schema_name": "scene/1",
        "prompt_digest": "0" * 16,
    }
    return Question(**(made | fields))


def one_line(error: BaseException) -> str:
    text = str(error)
    assert "\n" not in text
    assert "; " in text, f"no remedy: {text}"
    assert len(text) < 1000
    return text


TEXTS = {
    "good": r"^\{.*\}$", "half": r"^\{[^}]*$", "wrong_types": "many", "prose": "```json", "no_json": "waltz", "empty": "^$",
    "null_content": "^$", "truncated": r"^\{[^}]*$", "extra_fields": "extra", "deep": r"^(\{\"a\":){20000}", "nan": "NaN",
    "surrogate": r"\} \?$", "echo": "You sent", "400_seed": r"^\{.*\}$", "400_schema": r"^\{.*\}$", "400_format": r"^\{.*\}$",
    "400_temperature": r"^\{.*\}$", "refusal": "can't help", "content_filter": "^$",
}  # fmt: skip
"""What comes of a server that always behaves so; the others give no answer."""
REASONS = {
    "slow": "time", "drip": "time", "drip_headers": "time", "endless": "longer than|time", "huge": "longer than|time",
    "bomb": "longer than", "closed": "connection.*cut", "cut": "connection.*cut", "401": "401.*check the key", "404": "404.*base_url",
    "429": "busy.*429", "500": "fault.*500", "503": "fault.*503", "400": "check its options", "redirect": "307",
    "html": "no answer", "not_json": "no answer", "no_choices": "no answer", "null_body": "no answer", "list_body": "no answer",
    "deep_body": "failed|no answer", "not_text": "no answer",
}  # fmt: skip
"""What the one line says then."""
HANGING = {"slow", "drip", "drip_headers", "endless", "huge", "bomb"}


def test_every_behaviour_is_accounted_for() -> None:
    assert set(BEHAVIOURS) == TEXTS.keys() | REASONS.keys()


@pytest.mark.parametrize("behaviour", sorted(TEXTS))
def test_an_answer_comes_as_it_is(behaviour: str, ask: Asker) -> None:
    with StubServer(default=behaviour) as server:
        answer = ask(server)
    assert re.search(TEXTS[behaviour], answer.text)
    assert answer.finish == {"truncated": "length", "refusal": "refusal", "content_filter": "refusal"}.get(behaviour, "stop")
    assert 1 <= answer.asked == server.asked <= 3


@pytest.mark.parametrize("behaviour", sorted(REASONS))
def test_no_answer_is_one_line_in_time(behaviour: str, ask: Asker, waits: list[float]) -> None:
    limit, timeout = (LIMIT, 1.0) if behaviour in HANGING else (60.0, 30.0)
    with StubServer(default=behaviour) as server:
        begin = monotonic()
        with pytest.raises(BackendError, match=REASONS[behaviour]) as caught:
            ask(server, limit=limit, timeout=timeout)
        assert monotonic() - begin < limit + MARGIN
    one_line(caught.value)
    assert "openai:stub" in str(caught.value)
    assert len(waits) <= 2
    assert server.asked <= (1 if behaviour in HANGING else 3)  # what may still be answered is not asked again


@pytest.mark.parametrize("behaviour", ["endless", "huge", "bomb"])
def test_memory_stays_bounded(behaviour: str, ask: Asker) -> None:
    with StubServer() as server:
        ask(server)  # what is imported is not counted
    tracemalloc.start()
    try:
        with StubServer(default=behaviour) as server, pytest.raises(BackendError):
            ask(server, question("Another?"), retries=0)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100_000_000


@pytest.mark.parametrize("fault", ["429", "500", "503", "closed", "cut", "html", "not_json"])
@pytest.mark.parametrize("retries", [0, 1, 3])
def test_what_may_pass_is_tried_again_so_often(fault: str, retries: int, ask: Asker, waits: list[float]) -> None:
    with StubServer(faults=[fault] * retries) as server:
        answer = ask(server, retries=retries)
        assert json.loads(answer.text) == GOOD
        assert answer.asked == server.asked == retries + 1
        assert len(answer.incidents) == retries
    with StubServer(default=fault) as server:
        with pytest.raises(BackendError) as caught:
            ask(server, question("Another?"), retries=retries)
        assert server.asked == retries + 1
    one_line(caught.value)
    assert len(waits) == 2 * retries


def test_a_refusal_without_a_word_is_asked_again_as_plainly_as_can_be(ask: Asker, waits: list[float]) -> None:
    with StubServer(default="400") as server, pytest.raises(BackendError, match=r"refuses the request .*without a word why"):
        ask(server, retries=5)
    assert server.asked == 2
    assert not {"response_format", "seed", "temperature"} & server.requests[1].body.keys()
    assert waits == []


@pytest.mark.parametrize("fault", ["401", "404", "redirect"])
def test_what_does_not_pass_is_tried_once(fault: str, ask: Asker, waits: list[float]) -> None:
    with StubServer(faults=[fault]) as server, pytest.raises(BackendError):
        ask(server, retries=5)
    assert server.asked == 1
    assert waits == []


def test_waits_grow(ask: Asker, waits: list[float]) -> None:
    with StubServer(faults=["500"] * 8) as server:
        ask(server, retries=8, limit=3600)
    assert waits == [0.5, 1, 2, 4, 8, 16, 20, 20]


def test_a_server_says_how_long_to_wait(ask: Asker, waits: list[float]) -> None:
    with StubServer(faults=["429:3.5", "429:0", "429:-4", "429:soon", "429:nan"]) as server:
        ask(server, retries=5)
    assert waits == [3.5, 0, 0, 4, 0]  # what is no number counts as if nothing were said


def test_a_wait_beyond_the_limit_is_not_waited(ask: Asker, waits: list[float]) -> None:
    with StubServer(faults=["429:15"]) as server, pytest.raises(BackendError, match=r"busy.*429") as caught:
        ask(server, limit=10)
    assert waits == []
    assert server.asked == 1
    one_line(caught.value)


def test_no_time_left_asks_nobody(ask: Asker) -> None:
    with StubServer() as server, pytest.raises(BackendError, match="took longer than the time limit"):
        ask(server, limit=-1)
    assert server.asked == 0


def test_nobody_there(ask: Asker) -> None:
    with StubServer() as server:
        pass
    with pytest.raises(BackendError, match=r"no connection to model .*refused.*; start its server") as caught:
        ask(server)
    one_line(caught.value)


def test_a_slow_answer_within_the_limit_counts(ask: Asker) -> None:
    with StubServer(faults=["slow:0.3"]) as server:
        answer = ask(server)
    assert json.loads(answer.text) == GOOD
    assert answer.seconds >= 0.3


def test_a_server_is_asked_more_plainly_and_that_is_kept(ask: Asker) -> None:
    with StubServer(default="400_schema") as server:
        client = ask.client(server)
        first = client.ask(question(), until=monotonic() + 30)
        client.ask(question("Another?"), until=monotonic() + 30)
    assert json.loads(first.text) == GOOD
    assert "response_format" in first.incidents[0]
    assert [request.body["response_format"]["type"] for request in server.requests] == [
        "json_schema",
        "json_object",
        "json_object",
    ]
    told = [request.body["messages"][1]["content"] for request in server.requests]
    assert "tempo_bpm" not in told[0]
    assert told[1].endswith(json.dumps(SCHEMA))
    assert [request.body["messages"][0]["content"] for request in server.requests] == ["You hear pictures."] * 3


def test_a_server_may_take_no_format_at_all(ask: Asker) -> None:
    with StubServer(default="400_format") as server:
        answer = ask(server, retries=0)
    assert json.loads(answer.text) == GOOD
    assert [request.body.get("response_format", {}).get("type") for request in server.requests] == [
        "json_schema",
        "json_object",
        None,
    ]
    assert server.requests[-1].body["messages"][1]["content"].endswith(json.dumps(SCHEMA))


@pytest.mark.parametrize("parameter", ["seed", "temperature"])
def test_a_server_may_not_take_a_parameter(parameter: str, ask: Asker) -> None:
    with StubServer(default=f"400_{parameter}") as server:
        client = ask.client(server, retries=0)
        for text in ("One?", "Two?"):
            client.ask(question(text), until=monotonic() + 30)
    assert [parameter in request.body for request in server.requests] == [True, False, False]
    assert [request.body["response_format"]["type"] for request in server.requests] == ["json_schema"] * 3


def test_a_plainer_request_is_no_retry(ask: Asker) -> None:
    with StubServer(faults=["400_seed", "400_schema", "500", "500"]) as server:
        answer = ask(server, retries=2)
    assert json.loads(answer.text) == GOOD
    assert len(answer.incidents) == 4


def test_a_server_that_refuses_whatever_is_left_out_is_given_up(ask: Asker) -> None:
    faults = ["400_format", "400_format", "400_seed", "400_temperature"]
    with StubServer(faults=faults, default="400") as server, pytest.raises(BackendError, match="refuses the request"):
        ask(server, retries=5)
    assert server.asked == 5


@pytest.mark.parametrize(("structured", "kind"), [("schema", "json_schema"), ("json", "json_object"), ("none", None)])
def test_how_an_answer_is_held_to_its_form(structured: str, kind: str | None, ask: Asker) -> None:
    with StubServer() as server:
        answer = ask(server, structured=structured)
    sent = server.requests[0].body
    assert json.loads(answer.text) == GOOD
    assert sent.get("response_format", {}).get("type") == kind
    assert ("tempo_bpm" in sent["messages"][1]["content"]) is (structured != "schema")


def test_the_schema_goes_out_strict_and_named(ask: Asker) -> None:
    with StubServer() as server:
        ask(server)
    assert server.requests[0].body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "scene_1", "schema": SCHEMA, "strict": True},
    }


def test_plain_text_asks_for_no_form(ask: Asker) -> None:
    with StubServer() as server:
        answer = ask(server, question(schema=None))
    assert answer.text == "All is well."
    assert "response_format" not in server.requests[0].body


def test_what_goes_out(ask: Asker) -> None:
    with StubServer() as server:
        ask(server, question(seed=2**31 + 7), temperature=0.25, max_tokens=99)
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer none"
    body = request.body
    assert (body["model"], body["temperature"], body["seed"]) == ("stub", 0.25, 7)
    assert 99 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert not body.get("stream")
    assert [message["role"] for message in body["messages"]] == ["system", "user"]


def test_a_picture_goes_with_the_first_words_of_the_user(ask: Asker) -> None:
    talk = (Message("user", "Look."), Message("assistant", "{}"), Message("user", "Again."))
    with StubServer() as server:
        ask(server, question(messages=talk, picture_jpeg=b"\xff\xd8jpeg"))
    first, second, third = server.requests[0].body["messages"]
    assert first["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8jpeg").decode()}},
        {"type": "text", "text": "Look."},
    ]
    assert (second["role"], third["content"]) == ("assistant", "Again.")


def test_what_was_used_is_counted(ask: Asker) -> None:
    with StubServer(faults=["500"]) as server:
        client = ask.client(server)
        answer = client.ask(question(), until=monotonic() + 30)
    assert (answer.tokens_in, answer.tokens_out, answer.asked, client.asked) == (120, 30, 2, 2)
    assert not answer.cached
    assert len(answer.question) == 16


def test_requests_keep_their_distance(ask: Asker, waits: list[float]) -> None:
    with StubServer() as server:
        client = ask.client(server, per_minute=6)
        for text in ("One?", "Two?", "Three?"):
            client.ask(question(text), until=monotonic() + 100)
    assert server.asked == 3
    assert [round(wait, -1) for wait in waits] == [10, 20]  # nobody really waits here, so the third turn is later still


def test_distance_that_does_not_fit_the_limit_is_not_waited(ask: Asker, waits: list[float]) -> None:
    with StubServer() as server:
        client = ask.client(server, per_minute=1)
        client.ask(question("One?"), until=monotonic() + 5)
        with pytest.raises(BackendError, match="at most 1 requests a minute"):
            client.ask(question("Two?"), until=monotonic() + 5)
    assert server.asked == 1
    assert waits == []


def test_redirects_are_not_followed(ask: Asker) -> None:
    with StubServer() as other, StubServer(default=f"redirect:{other.base_url}/chat/completions") as server:
        with pytest.raises(BackendError, match="status 307"):
            ask(server)
        assert (server.asked, other.asked) == (1, 0)


@pytest.mark.parametrize(
    ("behaviour", "variable", "value"),
    [
        *((each, "STUB_LOGIN", f" {KEY}\n") for each in BEHAVIOURS if each not in HANGING),
        ("401", "STUB_KEY", KEY),
        ("401", "STUB_KEY", f"{KEY} "),
        ("401", "STUB_LOGIN", KEY),
    ],
)
def test_a_key_goes_to_its_server_and_nowhere_else(
    behaviour: str, variable: str, value: str, ask: Asker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with StubServer(default=behaviour) as server:
        client = ask.client(server, key_env=variable, retries=0)
        try:
            answer = client.ask(question(), until=monotonic() + 30)
        except BackendError as error:
            told = str(error) + repr(error.__cause__)
        else:
            told = "".join(answer.incidents) + client.spec.label + str(refusal_error(answer, client.spec.label)) + answer.text
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {KEY}"}
    assert KEY not in told
    assert KEY not in client.spec.label
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]


def test_openais_key_is_openais(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "ORG_ID", "ORGANIZATION", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", KEY)
    with StubServer() as server:
        ask(server)
        assert KEY not in json.dumps(server.requests[0].headers)
        ask(server, question("Another?"), key_env="OPENAI_API_KEY")
    assert server.requests[1].headers["authorization"] == f"Bearer {KEY}"


def test_a_proxy_of_the_environment_does_not_break_asking(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_PROXY", "http://127.0.0.1:9")
    with StubServer() as server:
        assert json.loads(ask(server).text) == GOOD


@pytest.mark.parametrize("key", ["schlüssel-0123", "two\nlines-0123", "a\x00b-0123456"])
def test_a_key_that_cant_be_sent_is_told(key: str, ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {**os.environ, "STUB_KEY": key})
    with StubServer() as server, pytest.raises(UsageError, match="the key in STUB_KEY holds characters") as caught:
        ask(server, key_env="STUB_KEY")
    assert server.asked == 0
    assert "0123" not in str(caught.value)


def test_what_breaks_while_a_model_is_made_is_one_line(ask: Asker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))  # the HTTP client reads it
    with StubServer() as server, pytest.raises(BackendError, match="FileNotFoundError") as caught:
        ask(server)
    one_line(caught.value)


def test_the_model_is_made_at_the_first_question(monkeypatch: pytest.MonkeyPatch, cache: AnswerCache) -> None:
    client = Client("openai:m", cache=cache)  # there is no key
    with pytest.raises(UsageError, match="needs a key: set OPENAI_API_KEY"):
        client.ask(question(), until=monotonic() + 5)
    monkeypatch.setattr("img2music.registry.registry_entry.find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match="pip install"):
        client.ask(question(), until=monotonic() + 5)


def test_the_chat_model_is_langchains_own() -> None:
    with StubServer() as server:
        made = chat_model("openai:stub", base_url=server.base_url, temperature=0.1)
        assert made.invoke("How are you?").text == "All is well."
    assert server.requests[0].body["temperature"] == 0.1


@pytest.mark.parametrize(
    ("timeout", "limit", "remedy"), [(0.4, 30.0, "raise its timeout"), (None, 2.0, "raise time_limit_seconds")]
)
def test_a_hanging_server_is_not_asked_the_same_again(timeout: float | None, limit: float, remedy: str, ask: Asker) -> None:
    with StubServer(faults=["slow"]) as server:
        with pytest.raises(
            BackendError, match=rf"did not answer in time within [01]\.\d+ s.*may still be writing.*; {remedy}"
        ) as caught:
            ask(server, timeout=timeout, retries=2, limit=limit)
        assert server.asked == 1
        one_line(caught.value)
        assert json.loads(ask(server, question("Another?"), timeout=30).text) == GOOD


@pytest.mark.enable_socket
def test_the_proxy_of_the_environment_is_used_but_not_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, cache: AnswerCache
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with StubServer() as proxy, StubServer() as server:
        monkeypatch.setenv("http_proxy", proxy.base_url.removesuffix("/v1"))
        answer = Client("openai:x?base_url=http://models.example.invalid/v1", cache=cache).ask(
            question("far"), until=monotonic() + 20
        )
        assert answer.finish == "stop"
        assert [request.path for request in proxy.requests] == ["http://models.example.invalid/v1/chat/completions"]
        Client(f"openai:x?base_url={server.base_url}", cache=cache).ask(question("near"), until=monotonic() + 20)
        assert (len(proxy.requests), len(server.requests)) == (1, 1)


@pytest.mark.enable_socket
def test_nothing_is_traced_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch, cache: AnswerCache) -> None:
    with StubServer() as tracer, StubServer() as server:
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", tracer.base_url.removesuffix("/v1"))
        monkeypatch.setenv("LANGSMITH_API_KEY", "x" * 20)
        Client(f"openai:x?base_url={server.base_url}", cache=cache).ask(question("private"), until=monotonic() + 20)
        sleep(1.5)  # traces are sent in the background
        assert len(server.requests) == 1
        assert tracer.requests == []


@pytest.mark.enable_socket
def test_what_the_environment_adds_for_openai_goes_nowhere_else(monkeypatch: pytest.MonkeyPatch, cache: AnswerCache) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-private")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-private")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: hidden\nAuthorization: Bearer leak")
    with StubServer() as server:
        Client(f"openai:x?base_url={server.base_url}", cache=cache).ask(question(), until=monotonic() + 20)
        sent = str(server.requests[0].headers)
    assert not any(secret in sent for secret in ("private", "hidden", "leak"))
