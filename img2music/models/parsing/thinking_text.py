"""Parts what a model thinks from what it says: an answer is what stands behind the thought.

Known are the marks that models of 2023 to 2026 write: <think>, <thinking>, <reasoning> and the like, [THINK], and channels
(<|channel|>analysis ... <|channel|>final<|message|>). Where the template of a model opens the thought, only its end is in the text. Knows nothing
of JSON or music.
"""

from __future__ import annotations

import re

__all__ = ["without_thinking"]

_NAMES = r"(?:seed:)?(?:think|thinking|thought|thoughts|reasoning|reason|analysis|reflection|scratchpad)"
_OPEN = rf"<\s{{0,3}}{_NAMES}\s{{0,3}}>|\[think\]|◁think▷|<\|begin_of_thought\|>"
_SHUT = rf"<\s{{0,3}}/\s{{0,3}}{_NAMES}\s{{0,3}}>|\[/think\]|◁/think▷|<\|end_of_thought\|>"
_MARKS = re.compile(rf"(?P<open>{_OPEN})|(?P<shut>{_SHUT})", re.IGNORECASE)
_CHANNEL = re.compile(
    r"<\|channel\|>\s{0,3}(?P<name>[a-z]{1,20})[^<]{0,80}(?:<\|constrain\|>[^<]{0,40})?<\|message\|>", re.IGNORECASE
)
_END = re.compile(r"<\|(?:end|return|call)\|>|<\|start\|>")
_THOUGHT = frozenset({"analysis", "thinking", "thought"})


def without_thinking(text: str) -> tuple[str, bool]:
    """What is said, and whether the thinking goes on to the end of the text, so that nothing may be said at all.

    >>> without_thinking("<think>A waltz?</think>{}")
    ('{}', False)
    >>> without_thinking("<think>A waltz?")
    ('', True)
    """
    said, channels = _without_channels(text)
    if channels is not None:
        return said, channels
    kept: list[str] = []
    place, thinking = 0, False
    for mark in _MARKS.finditer(text):
        if mark["shut"]:
            if not thinking:
                kept.clear()  # the template opened the thought, so all before was one
            place, thinking = mark.end(), False
        elif not thinking:
            kept.append(text[place : mark.start()])
            thinking = True
    if not thinking:
        kept.append(text[place:])
    return "\n".join(kept), thinking


def _without_channels(text: str) -> tuple[str, bool | None]:
    """The last channel that is no thought; None as the second where the text has no channels."""
    marks = list(_CHANNEL.finditer(text))
    if not marks:
        return text, None
    for mark in reversed(marks):
        if mark["name"].lower() not in _THOUGHT:
            end = _END.search(text, mark.end())
            return text[mark.end() : end.start() if end else len(text)], False
    return "", True
