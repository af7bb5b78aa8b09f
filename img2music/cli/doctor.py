"""The verb doctor: what works here, and what to do about the rest."""

from __future__ import annotations

import platform
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.console import print_json, print_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    from pydantic import JsonValue

    from img2music.models.model_spec import ModelSpec

__all__ = ["doctor"]

# Distribution and what it is imported as.
_PACKAGES = {
    "midirenderer": "midirenderer",
    "onnxruntime": "onnxruntime",
    "mido": "mido",
    "numpy": "numpy",
    "pillow": "PIL",
    "platformdirs": "platformdirs",
    "pydantic": "pydantic",
    "pyyaml": "yaml",
    "resvg-py": "resvg_py",
    "rich": "rich",
    "soundfile": "soundfile",
    "typer": "typer",
    "verovio": "verovio",
}
_PROGRAMS = {
    "fluidsynth": "another synthesizer; Debian: apt install fluidsynth",
    "abc2midi": "reads score.abc in the tests; Debian: apt install abcmidi",
}
_BACKEND_FAILED = 4
_ANSWER_SECONDS = 0.5
"""A server on this machine answers sooner."""


@dataclass(frozen=True, slots=True)
class _Finding:
    name: str
    works: bool
    needed: bool
    text: str
    """What was found, or what to do."""


def doctor(as_json: opt.JsonOption = False) -> int:
    """Check what works on this machine, and say what to do about the rest. Exit code 4 means that something needed is missing."""
    findings = [*_python(), *_packages(), *_data(), *_cache(), *_stages(), *_providers(), *_pipelines(), *_programs()]
    healthy = all(finding.works or not finding.needed for finding in findings)
    if as_json:
        rows = [{"name": found.name, "works": found.works, "needed": found.needed, "text": found.text} for found in findings]
        print_json({"healthy": healthy, "findings": rows})
    else:
        for found in findings:
            state = "ok" if found.works else "MISSING" if found.needed else "absent"
            print_text(f"{state:<8} {found.name:<24} {found.text}")
        print_text("everything needed works" if healthy else "something needed is missing: see the lines marked MISSING")
    return 0 if healthy else _BACKEND_FAILED


def _python() -> Iterator[_Finding]:
    works = sys.version_info >= (3, 11)
    text = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    yield _Finding("python", works, needed=True, text=text if works else f"{text}; install Python 3.11 or newer")


def _packages() -> Iterator[_Finding]:
    for name, module in _PACKAGES.items():
        if find_spec(module) is None:
            yield _Finding(name, works=False, needed=True, text=f"pip install {name}")
            continue
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "version not known"
        yield _Finding(name, works=True, needed=True, text=found)


def _data() -> Iterator[_Finding]:
    from img2music.resources import asset_path, data_folder

    try:
        font = asset_path("FluidR3Mono_GM.sf3")
        with font.open("rb") as stream:
            head = stream.read(12)
        works = head[:4] == b"RIFF" and head[8:] == b"sfbk"
        text = f"{font} ({font.stat().st_size / 1e6:.1f} MB)" if works else f"{font} is damaged; install img2music again"
    except OSError as error:
        works, text = False, f"{error}; install img2music again"
    yield _Finding("soundfont", works, needed=True, text=text)
    for folder, ending in (("styles", ".yaml"), ("pipelines", ".yaml"), ("prompts", ".md")):
        try:
            count = sum(1 for _ in _files(data_folder(folder), ending))
        except OSError as error:
            yield _Finding(folder, works=False, needed=True, text=str(error))
        else:
            yield _Finding(folder, works=count > 0, needed=True, text=f"{count} of them")


def _files(folder: Traversable, ending: str) -> Iterator[Traversable]:
    for file in folder.iterdir():
        if file.is_dir():
            yield from _files(file, ending)
        elif file.name.endswith(ending):
            yield file


def _cache() -> Iterator[_Finding]:
    from img2music.resources import cache_folder

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        text = f"{folder} can't be written ({error.strerror}); name another folder in IMG2MUSIC_CACHE"
        yield _Finding("cache", works=False, needed=True, text=text)
    else:
        yield _Finding("cache", works=True, needed=True, text=str(folder))


def _stages() -> Iterator[_Finding]:
    """Every stage that can be named; plug-ins are imported, which is the only way to know whether they can be."""
    from importlib.metadata import entry_points

    from img2music.stages import BUILTIN, KINDS

    for kind in KINDS:
        yield _Finding(kind, works=True, needed=True, text=", ".join(sorted(BUILTIN[kind])))
        for entry in entry_points(group=f"img2music.{kind}"):
            about = f"plug-in of {entry.dist.name} {entry.dist.version}" if entry.dist is not None else "plug-in"
            try:
                entry.load()
            except Exception as error:  # whatever a plug-in's import raises
                text = f"{about} can't be imported ({type(error).__name__}: {error}); mend or uninstall it"
                yield _Finding(f"{kind} {entry.name}", works=False, needed=False, text=text)
            else:
                yield _Finding(f"{kind} {entry.name}", works=True, needed=False, text=about)


def _providers() -> Iterator[_Finding]:
    """Every provider of models that another package brings, imported; its model's own packages are only looked for."""
    from importlib.metadata import entry_points

    from img2music.errors import BackendError
    from img2music.models.provider_table import ENTRY_POINT_GROUP, PROVIDERS, find_provider

    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        about = f"plug-in of {entry.dist.name} {entry.dist.version}" if entry.dist is not None else "plug-in"
        works, text = False, about
        if entry.name in PROVIDERS:
            text = f"{about} is not used, as a built-in provider has this name; ask its author for another name"
        else:
            try:
                provider = find_provider(entry.name)
                missing = [name for name in provider.packages if find_spec(name) is None]
                works = not missing
                text = f"{about} needs {', '.join(missing)}: {provider.install}" if missing else about
            except (BackendError, ImportError, ValueError) as error:
                text = f"{about}: {error}"
        yield _Finding(f"provider {entry.name}", works=works, needed=False, text=text)


def _pipelines() -> Iterator[_Finding]:
    """Every preset: whether each stage that asks a model can, and why not."""
    from img2music.pipeline.presets import load_pipeline_config, pipeline_names

    for name in pipeline_names():
        config = load_pipeline_config(name)
        faults: dict[str, None] = {}
        for kind in type(config.stages).model_fields:
            stage = getattr(config.stages, kind)
            faults |= dict.fromkeys(_stage_faults(name, stage.options))
        text = "; ".join(faults) if faults else config.description
        yield _Finding(f"pipeline {name}", works=not faults, needed=name == "offline", text=text)


def _stage_faults(pipeline: str, options: dict[str, JsonValue]) -> Iterator[str]:
    from img2music.models.model_factory import unavailable_reason
    from img2music.models.model_spec import ModelSpec

    line = options.get("model")
    if isinstance(line, str):
        spec = ModelSpec.parse(line)
        fault = unavailable_reason(spec) or _unanswered(pipeline, spec)
        if fault:
            yield fault


def _unanswered(pipeline: str, spec: ModelSpec) -> str | None:
    """Why a server on this machine can't be asked; servers elsewhere are not called just to be looked at."""
    if spec.provider != "openai" or not spec.is_local:
        return None
    address = urlsplit(spec.options.base_url or "")
    try:
        with socket.create_connection((address.hostname or "localhost", address.port or 80), timeout=_ANSWER_SECONDS):
            return None
    except OSError:
        return (
            f"no server at {address.netloc}: start it (see `img2music pipelines show {pipeline}`), or name another with --model"
        )


def _programs() -> Iterator[_Finding]:
    for program, use in _PROGRAMS.items():
        path = shutil.which(program)
        text = path or f"not needed: {use}"
        yield _Finding(program, works=path is not None, needed=False, text=text)
