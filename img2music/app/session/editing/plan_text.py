"""A plan as text that a person edits, and back: JSON or YAML, checked in full, every fault told at its line and column.

The text comes from a browser, so it is hostile until it is read: its size, depth and bars are bounded, YAML has no aliases and no tags but
the plain ones, no key stands there twice, and a plan names no file. Lines and columns count from 1.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from img2music.app.session.edits import PlanTextError
from img2music.errors import unknown_name
from img2music.io.yaml_location import is_unknown_field, place_of, suggest_correction
from img2music.plan import CompositionPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    import yaml

    from img2music.app.session.limits import Limits

__all__ = ["read_plan_text", "write_plan_text"]

_DEEPEST = 20
_LONGEST_SENTENCE = 300
_SIGNS = {"attributes": "a scene", "files": "a piece.json", "shots": "a storyboard"}


def write_plan_text(plan: CompositionPlan, *, as_yaml: bool = False) -> str:
    """A plan as a person edits it."""
    if not as_yaml:
        return plan.model_dump_json(indent=2) + "\n"
    import yaml

    return yaml.safe_dump(plan.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=110)


def read_plan_text(text: str, limits: Limits) -> CompositionPlan:
    """The plan of an edited text.

    Raises:
        PlanTextError: the first fault, with its line and column, and one sentence that says what would be right.
    """
    if len(text) > limits.plan_text:
        raise PlanTextError(1, 1, f"the text has {len(text)} characters, and {limits.plan_text} is the limit; take something out")
    plain = text.removeprefix("\ufeff").encode("utf-8", "replace").decode("utf-8")
    if not plain.strip():
        raise PlanTextError(1, 1, "there is no text; paste a plan, or undo")
    root = _composed(plain, is_json=plain.lstrip().startswith("{"))
    tree = _tree(plain, root)
    try:
        plan = CompositionPlan.model_validate(tree)
    except ValidationError as error:
        raise _explained(error, tree, root) from None
    _check(plan, root, limits)
    return plan


def _composed(text: str, *, is_json: bool) -> yaml.Node:
    """The nodes of a text, each of which knows where it stands."""
    import yaml

    if is_json:
        try:
            json.loads(text, parse_int=len, parse_float=len)
        except json.JSONDecodeError as error:
            raise PlanTextError(error.lineno, error.colno, f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}") from None
        except RecursionError:
            raise PlanTextError(1, 1, "nested too deeply; a plan has few levels") from None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        depth = 0
        for event in yaml.parse(text, loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
                line, column = (event.start_mark.line + 1, event.start_mark.column + 1) if event.start_mark else (1, 1)
                what = "an alias (*) is not allowed; write it out" if depth <= _DEEPEST else "nested too deeply"
                raise PlanTextError(line, column, what)
        root = yaml.compose(text, loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        line = min(line, max(1, len(text.splitlines())))  # what is not closed is told behind the last line
        raise PlanTextError(line, column, f"not YAML: {error.problem or error.context or 'its form is broken'}") from None
    except yaml.YAMLError as error:
        raise PlanTextError(1, 1, f"not YAML: {' '.join(str(error).split())[:120]}") from None
    if not isinstance(root, yaml.MappingNode):
        raise PlanTextError(1, 1, "a plan is a table of fields such as title, key and sections; this is something else")
    _refuse_twice(root)
    return root


def _refuse_twice(root: yaml.Node) -> None:
    """Raises PlanTextError where a table holds a key twice: a loader would keep the last one."""
    waiting: list[Any] = [root]
    while waiting:
        node = waiting.pop()
        if not isinstance(node.value, list):
            continue
        seen: set[str] = set()
        for entry in node.value:
            if not isinstance(entry, tuple):
                waiting.append(entry)
                continue
            key = entry[0]
            if isinstance(key.value, str) and key.value in seen:
                raise PlanTextError(
                    key.start_mark.line + 1, key.start_mark.column + 1, f"{key.value[:60]!r} stands there twice; keep one"
                )
            seen.add(str(key.value))
            waiting += entry


def _tree(text: str, root: yaml.Node) -> Any:
    """What the nodes mean."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        tree = json.loads(text) if text.lstrip().startswith("{") and _is_json(text) else yaml.load(text, loader)  # noqa: S506  safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise PlanTextError(line, column, f"not a plain value: {error.problem or 'unknown tag'}") from None
    except (ValueError, RecursionError):
        raise PlanTextError(1, 1, "a number or a date in it can't be read; write plain numbers") from None
    path = _not_finite(tree, ())
    if path is not None:
        raise PlanTextError(*_place(root, path), "a number is too large, infinite, or no number (nan)")
    return tree


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _not_finite(tree: Any, path: tuple[int | str, ...]) -> tuple[int | str, ...] | None:
    if isinstance(tree, float) and not math.isfinite(tree):
        return path
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return next((found for key, value in entries if (found := _not_finite(value, (*path, key))) is not None), None)


def _explained(error: ValidationError, tree: Any, root: yaml.Node) -> PlanTextError:
    """The first fault of a plan: a misspelt name before what is missing."""
    fault = min(error.errors(include_url=False), key=lambda one: one["type"] == "missing")
    if isinstance(tree, dict) and "sections" not in tree:
        other = next((what for sign, what in _SIGNS.items() if sign in tree), None)
        if other is not None:
            return PlanTextError(1, 1, f"this is {other}, not a plan")
    path = place_of(CompositionPlan, fault)
    message = "unknown field" if is_unknown_field(CompositionPlan, fault) else fault["msg"].removeprefix("Value error, ")
    words = CompositionPlan.place_in_words(tree, path)
    if words and not message.startswith("section "):
        message = f"{words}: {message}"
    elif not words and path:
        message = f"{path[-1]}: {message}"
    message = " ".join(f"{message}{suggest_correction(CompositionPlan, fault)}".split())
    short = message if len(message) <= _LONGEST_SENTENCE else f"{message[:_LONGEST_SENTENCE]}..."
    return PlanTextError(*_place(root, _into_sections(tree, path, message)), short)


def _into_sections(tree: Any, path: tuple[int | str, ...], message: str) -> tuple[int | str, ...]:
    """A fault that the whole plan tells of a bar of a section ("section 'A1', bar 3: ..."), led to that bar."""
    sections = tree.get("sections") if isinstance(tree, dict) else None
    if path or not isinstance(sections, list):
        return path
    for number, section in enumerate(sections):
        name = section.get("name") if isinstance(section, dict) else None
        head = f"section {name!r}, bar "
        if isinstance(name, str) and message.startswith(head):
            digits = message[len(head) :].split(":", maxsplit=1)[0]
            return ("sections", number, "harmony", int(digits) - 1) if digits.isdecimal() else ("sections", number)
        if isinstance(name, str) and message.startswith(f"section {name!r}"):
            return ("sections", number)
    return path


def _place(root: yaml.Node, path: Sequence[int | str]) -> tuple[int, int]:
    """Line and column of the deepest step of `path` that the text has: a key's own place where it is to blame, else its value's."""
    node, mark = root, root.start_mark
    for step in path:
        entries = node.value if isinstance(node.value, list) else []
        if isinstance(step, int) and step < len(entries) and not isinstance(entries[step], tuple):
            node = entries[step]
        else:
            pair = next((one for one in entries if isinstance(one, tuple) and one[0].value == str(step)), None)
            if pair is None:
                break
            node = pair[1]
            if step == path[-1]:
                mark = pair[0].start_mark
                continue
        mark = node.start_mark
    return mark.line + 1, mark.column + 1


def _check(plan: CompositionPlan, root: yaml.Node, limits: Limits) -> None:
    """Raises PlanTextError for a sound plan that a page can't take."""
    from img2music.io.style_files import style_names
    from img2music.style import is_style_file

    if is_style_file(plan.style):
        raise PlanTextError(
            *_place(root, ["style"]), "a style file can't be opened here; name a style that comes with the program"
        )
    if plan.style not in style_names():
        raise PlanTextError(*_place(root, ["style"]), str(unknown_name("style", plan.style, style_names())))
    if plan.seconds > limits.seconds or plan.bars_seconds > limits.seconds:
        longest = max(plan.seconds, plan.bars_seconds)
        raise PlanTextError(
            *_place(root, ["seconds"]), f"the piece would last {longest:.0f} s, and {limits.seconds:g} s is the limit"
        )
    if plan.bars > limits.bars:
        raise PlanTextError(*_place(root, ["sections"]), f"the plan has {plan.bars} bars, and {limits.bars} is the limit")
