"""Answers that are too long, pictures that are not seen, counts beyond reason, and proxies: what a second question costs, and what is never done."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.support import extras

extras.require("llm")

from img2music.cancellation import Cancelled, CancelToken, cancelled_by, sleep
from img2music.errors import BackendError
from img2music.models import Answer, Client, ModelSpec, chat_model, unavailable_reason
from img2music.models.answer_cache import AnswerCache
from tests.support.server_situations import FAR, GOOD_ANSWER, PAGE, question
from tests.support.stub_server import CannedResponse, Request, StubServer, completion

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def client(server: StubServer, folder: Path, **options: object) -> Client:
    spec = ModelSpec.parse("openai:stub", base_url=server.base_url, **options)
    return Client(spec, cache=AnswerCache(folder), sleeper=lambda _: None)


def ask(server: StubServer, folder: Path, *, limit: float = 60.0, **options: object) -> Answer:
    return client(server, folder, **options).ask(question(), until=monotonic() + limit)


def cut(text: str) -> CannedResponse:
    return CannedResponse(completion(text, finish="length"))


def test_a_length_that_is_asked_for_is_kept(tmp_path: Path) -> None:
    with StubServer(default=cut('{"tempo_bpm": 4')) as server:
        answer = ask(server, tmp_path, max_tokens=900)
    assert (answer.text, answer.finish, answer.asked) == ('{"tempo_bpm": 4', "length", 1)
    assert server.requests[0].body["max_tokens"] == 900


@pytest.mark.parametrize("text", ["{" + " \n" * 3000, '{"bars": ["I", "IV", ' + '"I", "IV", ' * 500])
def test_an_answer_that_goes_round_in_circles_gets_no_more(text: str, tmp_path: Path) -> None:
    with StubServer(default=cut(text)) as server:
        answer = ask(server, tmp_path)
    assert (answer.finish, server.asked) == ("length", 1)


def test_more_is_asked_for_once_and_remembered(tmp_path: Path) -> None:
    with StubServer(default=cut('{"tempo_bpm": 4')) as server:
        one = client(server, tmp_path)
        first = one.ask(question(), until=monotonic() + 60)
        assert (first.finish, first.asked) == ("length", 2)
    assert [request.body["max_tokens"] for request in server.requests] == [4000, 8000]


def test_half_an_answer_is_kept_where_no_longer_one_comes(tmp_path: Path) -> None:
    too_large = CannedResponse({"error": "max_tokens is too large: 8000. At most 3000 can be written"}, 400)
    with StubServer(faults=[cut('{"tempo_bpm": 4')], default=too_large) as server:
        answer = ask(server, tmp_path)
    assert (answer.text, answer.finish) == ('{"tempo_bpm": 4', "length")
    assert [request.body["max_tokens"] for request in server.requests] == [4000, 8000]
    assert "too large" in answer.incidents[-1]


def test_half_an_answer_is_kept_where_no_more_may_be_asked(tmp_path: Path) -> None:
    with StubServer(default=cut('{"tempo_bpm": 4')) as server:
        answer = ask(server, tmp_path, per_minute=0.5, limit=30)
    assert (answer.text, answer.finish, server.asked) == ('{"tempo_bpm": 4', "length", 1)


def test_what_was_left_out_in_vain_is_sent_again(tmp_path: Path) -> None:
    with StubServer(faults=[CannedResponse(b"", 400)] * 2) as server:
        one = client(server, tmp_path)
        with pytest.raises(BackendError, match="without a word why"):
            one.ask(question(), until=monotonic() + 60)
        one.ask(question(), until=monotonic() + 60)
    assert ["response_format" in request.body for request in server.requests] == [True, False, True]


def test_no_longer_answer_is_asked_for_without_the_time_for_it(tmp_path: Path) -> None:
    with StubServer(default=CannedResponse(lambda *_: slow_half(1.5))) as server:
        answer = ask(server, tmp_path, limit=2.6)
    assert (answer.finish, server.asked) == ("length", 1)


def slow_half(seconds: float) -> dict[str, Any]:
    begin = monotonic()
    while monotonic() < begin + seconds:
        pass
    return completion('{"tempo_bpm": 4', finish="length")


def test_a_model_that_cant_see_is_shown_no_second_picture(tmp_path: Path) -> None:
    def shown(request: Request) -> bool:
        return "image_url" in str(request.body)

    with StubServer(
        lambda _: GOOD_ANSWER, default=CannedResponse({"error": "Model does not support images."}, 400, when=shown)
    ) as server:
        one = client(server, tmp_path)
        for text in ("One?", "Two?"):
            with pytest.raises(BackendError, match=r"can't see pictures .*does not support images.*; name a model that sees"):
                one.ask(question(text, shown=True), until=monotonic() + 60)
        assert server.asked == 1
        assert one.ask(question("Without?"), until=monotonic() + 60).finish == "stop"


def test_roles_alternate_where_the_system_has_none(tmp_path: Path) -> None:
    def has_system(request: Request) -> bool:
        return bool(request.body["messages"][0]["role"] == "system")

    with StubServer(default=CannedResponse({"error": "System role not supported"}, 400, when=has_system)) as server:
        ask(server, tmp_path)
    (message,) = server.requests[1].body["messages"]
    assert message == {"role": "user", "content": "You hear pictures.\n\nWhich tempo?"}


@pytest.mark.parametrize("deep", [b'{"error":' * 30_000, b"[" * 60_000, b'{"error": "' + b"x" * 3_000_000 + b'"}'])
def test_a_hostile_body_is_one_line(deep: bytes, tmp_path: Path) -> None:
    with StubServer(default=CannedResponse(deep, 400)) as server, pytest.raises(BackendError) as caught:
        ask(server, tmp_path)
    assert len(str(caught.value)) < 700


def test_no_key_comes_out_of_a_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_LOGIN", "Zq8-odd-looking-credential-77")

    def echo(_: str, request: Request) -> dict[str, Any]:
        return {"detail": [{"loc": ["header"], "msg": f"not known: {request.headers['authorization'][7:]}"}]}

    with StubServer(default=CannedResponse(echo, 422)) as server, pytest.raises(BackendError, match=r"not known: \*\*\*"):
        ask(server, tmp_path, key_env="STUB_LOGIN")
    page = CannedResponse(PAGE.replace("502", "Zq8-odd-looking-credential-77"), 500)
    with StubServer(default=page) as server, pytest.raises(BackendError, match=r"\*\*\* Bad Gateway"):
        ask(server, tmp_path, key_env="STUB_LOGIN", retries=0)


@pytest.mark.enable_socket
@pytest.mark.parametrize(("variable", "value"), [("all_proxy", "socks://127.0.0.1:9"), ("http_proxy", "127.0.0.1:9")])
def test_proxies_as_people_write_them(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv(variable, value)
    if variable == "all_proxy":
        monkeypatch.setattr("img2music.models.http.proxies.find_spec", lambda _: None)
        assert "all_proxy names a SOCKS proxy" in (unavailable_reason(ModelSpec.parse("openai:m", base_url=FAR)) or "")
        assert unavailable_reason(ModelSpec.parse("openai:m", base_url="http://localhost:8000/v1")) is None
    monkeypatch.setattr("langchain_openai.chat_models._client_utils._proxy_env_warning_emitted", False, raising=False)
    with caplog.at_level(logging.WARNING):
        if variable == "all_proxy":
            from img2music.models.http.proxies import proxy_for

            found = proxy_for(FAR)
            assert found is not None
            assert (found.url, found.variable) == ("socks5://127.0.0.1:9", "all_proxy")
        else:
            assert chat_model("openai:stub", base_url=FAR) is not None
    assert caplog.records == []


def test_a_count_beyond_reason_is_no_count() -> None:
    from langchain_core.messages import AIMessage

    from img2music.models.chat_response import parse_response

    message = AIMessage("x", usage_metadata={"input_tokens": 10**400, "output_tokens": 3, "total_tokens": 3})
    assert (parse_response(message).answer.tokens_in, parse_response(message).answer.tokens_out) == (0, 3)


# Stopping


def test_a_question_that_is_waited_for_is_left_when_the_work_is_stopped(tmp_path: Path) -> None:
    token, left = CancelToken(), threading.Event()

    def answer(_: Any) -> Any:
        token.cancel()
        left.wait(600)
        return GOOD_ANSWER

    with StubServer(answer=answer) as server:
        with pytest.raises(Cancelled), cancelled_by(token):
            ask(server, tmp_path, limit=600)
        left.set()
        assert server.asked == 1


def test_a_wait_between_two_tries_ends_when_the_work_is_stopped(tmp_path: Path) -> None:
    token = CancelToken()

    def sleeper(seconds: float) -> None:
        threading.Thread(target=token.cancel).start()
        sleep(seconds)

    with StubServer(default="429:500") as server:
        spec = ModelSpec.parse("openai:stub", base_url=server.base_url)
        with pytest.raises(Cancelled), cancelled_by(token):
            Client(spec, cache=AnswerCache(tmp_path), sleeper=sleeper).ask(question(), until=monotonic() + 600)
        assert server.asked == 1


def test_a_client_sleeps_so_that_it_can_be_woken() -> None:
    assert Client("openai:stub")._sleep is sleep
