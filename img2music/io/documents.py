"""Documents: scenes, storyboards, plans and manifests as JSON, pipelines as YAML.

They are made to be edited by people and models, so everything read is hostile until checked: regular files of bounded
size and depth, finite numbers, no unknown fields, no YAML aliases and no key twice. Every fault is one line that names file (and, in YAML, the
line), place, fault and remedy. Files of older versions are read (`strict_model.DocumentModel` says how); of a newer one, that it is newer is
all that is said. Conventions: UTF-8; JSON indented by two, fields in the order in which they are declared, a newline at the end.
"""

from __future__ import annotations

import json
import math
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from img2music.errors import DocumentError
from img2music.io.yaml_location import is_unknown_field, line_of, place_of, suggest_correction
from img2music.strict_model import GET_NEWER, NEWER_VERSION, DocumentModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import yaml

    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

__all__ = [
    "LARGEST_BYTES",
    "check_cues",
    "document_kind",
    "dump_json",
    "load_plan",
    "load_scene",
    "parse_json",
    "parse_yaml",
    "read_file",
]

LARGEST_BYTES = 5_000_000
_BOM = b"\xef\xbb\xbf"
_DEEPEST_YAML = 20
_UNFOLDS = "aliases and deep nesting are not allowed"
_LONGEST_FAULT = 300
_NOT_FINITE = "a number is too large, infinite, or no number (nan)"
_REMEDIES = {
    "scene": "mend it there, or see the picture again with `img2music see`",
    "storyboard": "mend it there",
    "plan": "mend it there, or plan again with `img2music plan`",
    "manifest": "give a piece.json as `img2music compose` wrote it",
    "pipeline": "compare with `img2music pipelines show offline`",
    "style": "compare with `img2music styles show waltz`",
    "prompt": "compare with `img2music prompts show see/cited`",
    "lexicon": "mend it there",
    "model card": "mend it there",
    "answers": "give a file of recorded answers as `img2music prompts try` writes it",
}
# A field that only one kind of document has at its top: tells a person who mixed them up which one was given.
_SIGNS = {"attributes": "scene", "sections": "plan", "files": "manifest", "shots": "storyboard"}
M = TypeVar("M", bound=BaseModel)


def read_file(path: str | Path, *, largest_bytes: int = LARGEST_BYTES) -> bytes:
    """The content of a regular file of bounded size.

    Raises:
        DocumentError: missing, unreadable, no regular file, or too large.
    """
    try:
        about = Path(path).stat()
        if not stat.S_ISREG(about.st_mode):
            raise DocumentError(f"{path} is not a file; give the path of a file")
        if about.st_size > largest_bytes:
            raise DocumentError(f"{path} is too large ({about.st_size} bytes, at most {largest_bytes}); give a smaller file")
        with Path(path).open("rb") as stream:
            return stream.read(largest_bytes)
    except (OSError, ValueError) as error:
        if isinstance(error, DocumentError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentError(f"{path} can't be read ({reason}); check the path") from None


def load_scene(path: str | Path) -> Scene:
    """The scene in the JSON file at `path`.

    Raises:
        DocumentError: no such file, or no sound scene in it.
    """
    from img2music.scene import Scene

    scene = parse_json(read_file(path), Scene, kind="scene", source=str(path))
    check_cues(scene, str(path))
    return scene


def check_cues(scene: Scene, source: str, *, prefix: str = "", kind: str = "scene") -> None:
    """Raises DocumentError where a cue of a scene that was read lies outside its unit; `prefix` leads to the scene in its document."""
    from img2music.scene import lies_in_unit

    for place, cue in enumerate(scene.cues):
        values = cue.value if isinstance(cue.value, tuple) else () if isinstance(cue.value, str) else (cue.value,)
        if not lies_in_unit(values, cue.unit):
            raise _fault(source, f"{prefix}cues.{place}.value", f"{cue.name!r} lies outside its unit {cue.unit}", kind)


def load_plan(path: str | Path, *, style: str | None = None) -> CompositionPlan:
    """The plan in the JSON file at `path`, in another `style` (a name or a file) if one is given.

    Raises:
        DocumentError: no such file, no sound plan in it, or one that names a style file: a document opens no other file.
    """
    from img2music.plan import CompositionPlan
    from img2music.style import is_style_file

    plan = parse_json(read_file(path), CompositionPlan, kind="plan", source=str(path))
    if style is not None:
        return plan.model_copy(update={"style": style})
    if is_style_file(plan.style):
        raise DocumentError(f"{path} names a style file, which a plan can't open by itself; give that file with --style")
    return plan


def dump_json(model: BaseModel) -> str:
    """A model as a JSON document: the same model gives the same text."""
    return model.model_dump_json(indent=2) + "\n"


def document_kind(content: bytes) -> str:
    """What kind of JSON document this is by its fields ("scene", "storyboard", "plan", "manifest"); "" where nothing tells."""
    try:
        return _kind_of(from_json(content.removeprefix(_BOM)))
    except ValueError:
        return ""


def parse_json(content: bytes, model: type[M], *, kind: str, source: str) -> M:
    """A `model` from JSON; `kind` is "scene", "plan" or "manifest", `source` the file's name for messages.

    Raises:
        DocumentError: not JSON, nested too deeply, a key twice, or not what `model` demands.
    """
    try:
        tree = from_json(content.removeprefix(_BOM), allow_inf_nan=False)  # stops at 200 levels
    except ValueError as error:
        raise _fault(source, "", f"not a JSON document: {error}", kind) from None
    if not _finite(tree):
        raise _fault(source, "", _NOT_FINITE, kind)
    twice = _key_twice(content)
    if twice is not None:
        raise _fault(source, twice, "this key stands there twice", kind)
    return _validated(tree, model, kind, source)


def parse_yaml(content: bytes, model: type[M], *, kind: str, source: str) -> M:
    """A `model` from YAML, as `parse_json` does from JSON. Aliases are refused: a small file could unfold without end.

    Raises:
        DocumentError: not YAML, nested too deeply, a key twice, or not what `model` demands.
    """
    import yaml

    # The C loader is several times faster; both are the safe loader.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = content.decode("utf-8")
        depth = 0
        for event in yaml.parse(text, loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST_YAML or isinstance(event, yaml.AliasEvent):
                raise _fault(source, "", _UNFOLDS, kind)
        twice = _twice(yaml.compose(text, loader))
        if twice is not None:
            raise _fault(f"{source}:{twice[1]}", "", f"{twice[0]!r} stands there for the second time", kind)
        tree = yaml.load(text, loader)  # noqa: S506  safe loader, chosen above
    except UnicodeDecodeError:
        raise _fault(source, "", "not UTF-8 text", kind) from None
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, DocumentError):
            raise
        # The C parser of newer PyYAML releases stops at a depth of its own, before the first event comes.
        deep = "nesting depth" in str(error)
        mark = getattr(error, "problem_mark", None)
        place = f"{source}:{mark.line + 1}" if mark else source
        raise _fault(place, "", _UNFOLDS if deep else f"not YAML: {error}", kind) from None
    if not _finite(tree):
        raise _fault(source, "", _NOT_FINITE, kind)
    return _validated(tree, model, kind, source, lambda path: line_of(yaml.compose(text, loader), path))


def _key_twice(content: bytes) -> str | None:
    """The first key that an object of a JSON document holds twice: readers keep one of the two, and not the same one."""
    found: list[str] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            found.extend(name for place, name in enumerate(names) if name in names[:place])

    # Numbers are of no interest here, and very long ones are an error for `int`.
    json.loads(content.removeprefix(_BOM), object_pairs_hook=note, parse_int=len, parse_float=len)
    return found[0] if found else None


def _twice(root: yaml.Node | None) -> tuple[str, int] | None:
    """The first key that a table of the document holds twice, and its line: YAML forbids it, and a loader keeps the last one."""
    waiting = [] if root is None else [root]
    found: list[tuple[int, str]] = []
    while waiting:
        node = waiting.pop()
        if not isinstance(node.value, list):
            continue
        seen: set[tuple[str, str]] = set()
        for entry in node.value:
            if not isinstance(entry, tuple):
                waiting.append(entry)
                continue
            key = entry[0]
            if isinstance(key.value, str):
                if (key.tag, key.value) in seen:
                    found.append((key.start_mark.line + 1, key.value))
                seen.add((key.tag, key.value))
            waiting += entry
    if not found:
        return None
    line, name = min(found)
    return name, line


def _validated(
    tree: Any, model: type[M], kind: str, source: str, find_line: Callable[[Sequence[int | str]], int | None] | None = None
) -> M:
    _refuse_long_lists(tree, model, kind, source)
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        # Of a newer file nothing else need be right. A misspelt name is missed and found at once; what is there tells more than what is not.
        first = min(
            error.errors(include_url=False), key=lambda fault: (fault["type"] != NEWER_VERSION, fault["type"] == "missing")
        )
        given = _kind_of(tree)
        if given not in {"", kind}:
            raise _fault(source, "", f"this is a {given}, not a {kind}", kind) from None
        path = place_of(model, first)
        line = find_line(path) if find_line and path else None
        message, remedy = first["msg"].removeprefix("Value error, "), _REMEDIES[kind]
        if first["type"] == NEWER_VERSION:
            remedy = GET_NEWER
        elif is_unknown_field(model, first):
            message, remedy = "unknown field", f"get a newer img2music if one wrote this, else {remedy}"
        else:
            words = model.place_in_words(tree, path) if issubclass(model, DocumentModel) else ""
            message = f"{words}: {message}" if words and not message.startswith("section ") else message
        message += suggest_correction(model, first)
        place = ".".join(str(step) for step in path)
        raise _fault(f"{source}:{line}" if line else source, place, message, kind, remedy) from None


def _refuse_long_lists(tree: Any, model: type[BaseModel], kind: str, source: str) -> None:
    """Refuses lists that are too long before a look at what they hold: a validator would tell every fault of a million entries."""
    if not isinstance(tree, dict):
        return
    for name, field in model.model_fields.items():
        given = tree.get(field.alias or name)
        most = next((one.max_length for one in field.metadata if hasattr(one, "max_length")), None)
        if most is not None and isinstance(given, list) and len(given) > most:
            raise _fault(source, name, f"a list of {len(given)}; give at most {most}", kind)


def _kind_of(tree: Any) -> str:
    return next((kind for sign, kind in _SIGNS.items() if sign in tree), "") if isinstance(tree, dict) else ""


def _finite(tree: Any) -> bool:
    if isinstance(tree, float):
        return math.isfinite(tree)
    if isinstance(tree, dict):
        return all(map(_finite, tree.values()))
    return all(map(_finite, tree)) if isinstance(tree, list) else True


def _fault(source: str, place: str, fault: str, kind: str, remedy: str = "") -> DocumentError:
    line = " ".join(fault.split())
    short = line if len(line) <= _LONGEST_FAULT else line[:_LONGEST_FAULT] + "..."
    return DocumentError(f"{source}{f', {place[:_LONGEST_FAULT]}' if place else ''}: {short}; {remedy or _REMEDIES[kind]}")
