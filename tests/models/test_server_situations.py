"""Whatever servers do in the field: the model's own answer comes, or one line that names cause and remedy, for so many requests."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.support import extras

extras.require("llm")

from tests.support.server_failures import FAILING, REACHED, SHAPES
from tests.support.server_refusals import REFUSED
from tests.support.server_situations import Situation, play_situation

SITUATIONS = (*REFUSED, *FAILING, *REACHED, *SHAPES)

HERE = [each for each in SITUATIONS if not each.elsewhere]
ELSEWHERE = [each for each in SITUATIONS if each.elsewhere]


def check(situation: Situation, folder: Path) -> None:
    if situation.tls and shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    outcome = play_situation(situation, folder)
    told = " | ".join(outcome.troubles)
    assert outcome.answered is (situation.said is None), outcome.line or told
    assert outcome.asked == situation.asked, outcome.line or told
    assert "hidden" not in outcome.line + told
    if situation.said is None:
        assert situation.noted in told
        assert bool(told) is bool(situation.noted)
        assert outcome.asked_later == situation.asked_later  # no refusal is paid twice
        return
    assert re.search(situation.said, outcome.line), outcome.line
    assert "\n" not in outcome.line
    assert "; " in outcome.line or ": pip install" in outcome.line
    assert len(outcome.line) < 700


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("situation", HERE, ids=lambda each: each.name)
def test_a_situation(situation: Situation, tmp_path: Path) -> None:
    check(situation, tmp_path)


@pytest.mark.enable_socket
@pytest.mark.parametrize("situation", ELSEWHERE, ids=lambda each: each.name)
def test_a_situation_beyond_this_machine(situation: Situation, tmp_path: Path) -> None:
    check(situation, tmp_path)
