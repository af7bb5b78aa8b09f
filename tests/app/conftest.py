"""The served page and a browser, once for each module that visits it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import running_chromium
from tests.support.served_page import ServedPage, serving_page

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    with serving_page(tmp_path_factory.mktemp("page")) as place:
        yield place


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_chromium() as started:
        yield started
