"""The verb doctor: what works here, and what to do about the rest."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.console import print_json, print_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.metadata import EntryPoint
    from importlib.resources.abc import Traversable

    from pydantic import JsonValue

    from img2music.pipeline_config import StageConfig
    from img2music.registry import Kind, RegistryEntry

__all__ = ["doctor"]

_PACKAGES = (
    "midirenderer", "onnxruntime", "mido", "numpy", "pillow", "platformdirs", "pydantic", "pyyaml", "resvg-py", "rich", "soundfile",
    "typer", "verovio",
)  # fmt: skip
_IMPORTED_AS = {"pillow": "PIL", "pyyaml": "yaml"}
"""Packages that are imported under another name."""
_PROGRAMS = {
    "fluidsynth": "another synthesizer; Debian: apt install fluidsynth",
    "abc2midi": "reads score.abc in the tests; Debian: apt install abcmidi",
}
_BACKEND_FAILED = 4


@dataclass(frozen=True, slots=True)
class _Finding:
    name: str
    works: bool
    needed: bool
    text: str
    """What was found, or what to do."""
    record: Mapping[str, JsonValue] = field(default_factory=dict)
    """What programs are told beside."""


def doctor(as_json: opt.JsonOption = False) -> int:
    """Check what works on this machine, and say what to do about the rest. Exit code 4 means that something needed is missing."""
    findings = [*_python(), *_packages(), *_data(), *_cache(), *_registered(), *_extras(), *_pipelines(), *_programs()]
    healthy = all(finding.works or not finding.needed for finding in findings)
    if as_json:
        rows = [
            {"name": found.name, "works": found.works, "needed": found.needed, "text": found.text, **found.record}
            for found in findings
        ]
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
    for name in _PACKAGES:
        if find_spec(_IMPORTED_AS.get(name, name.replace("-", "_"))) is None:
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


def _registered() -> Iterator[_Finding]:
    """Every stage, provider and metric; plug-ins are imported, which is the only way to know whether they can be."""
    from img2music.registry import KINDS, builtin_names, find_entry, plugin_points

    for kind in KINDS:
        for name in builtin_names(kind):
            entry = find_entry(kind, name)
            yield _entry_finding(entry, entry.summary, needed=entry.extra is None and not entry.listened)
        for point in plugin_points(kind).values():
            yield _plugin_finding(kind, point)


def _extras() -> Iterator[_Finding]:
    """Extras for files and for serving; those of stages and providers stand beside these."""
    from img2music.registry.extras import EXTRAS, has_extra

    for extra in EXTRAS.values():
        works = has_extra(extra.name)
        text = f"{extra.makes}; {'' if works else f'needs {extra.package}: {extra.pip_line}; '}licence: {extra.licence}"
        record: dict[str, JsonValue] = {"extra": f"img2music[{extra.name}]", "licence": extra.licence}
        yield _Finding(f"extra {extra.name}", works=works, needed=False, text=text, record=record)


def _entry_finding(entry: RegistryEntry, about: str, *, needed: bool) -> _Finding:
    """Whether what one needs is there; its packages are only looked for."""
    lacking = entry.lacking() or _not_ready(entry)
    needs = f"needs {entry.needs}" if entry.needs else ""
    facts = "" if entry.kind == "metric" and entry.plugin_of is None else entry.facts
    record: dict[str, JsonValue] = {
        "extra": entry.extra,
        "deterministic": entry.deterministic,
        "leaves_machine": entry.leaves_machine,
        "licence": entry.licence,
    }
    if entry.weights:
        from img2music.renderers.neural.weights import licence_facts

        facts = f"{facts}; plays {entry.weights}: {licence_facts(entry.weights)}"
        record = {**record, "weights": entry.weights}
    text = "; ".join(part for part in (about, lacking or needs, facts) if part)
    return _Finding(f"{entry.kind} {entry.name}", works=not lacking, needed=needed, text=text, record=record)


def _not_ready(entry: RegistryEntry) -> str:
    """Why a stage whose packages are here can't work yet, with the weights that it plays by itself; empty where it can."""
    if entry.kind == "provider" or entry.kind == "metric" or not entry.readiness:  # noqa: PLR1714  the checker of types reads it so
        return ""
    from img2music.pipeline.stage_facts import stage_facts
    from img2music.pipeline_config import StageConfig

    options: dict[str, JsonValue] = {"weights": entry.weights} if entry.weights else {}
    return stage_facts(entry.kind, StageConfig(use=entry.name, options=options)).fault


def _plugin_finding(kind: Kind, point: EntryPoint) -> _Finding:
    from img2music.errors import BackendError
    from img2music.registry import builtin_names, find_entry, plugin_package

    about = f"plug-in of {plugin_package(point)}"
    if point.name in builtin_names(kind):
        text = f"{about} is not used, as a built-in {kind} has this name; ask its author for another name"
        return _Finding(f"{kind} {point.name} (plug-in)", works=False, needed=False, text=text)
    try:
        entry = find_entry(kind, point.name)
    except BackendError as error:
        return _Finding(f"{kind} {point.name}", works=False, needed=False, text=f"{about}: {error}")
    return _entry_finding(entry, f"{about}: {entry.summary}" if entry.summary else about, needed=False)


def _pipelines() -> Iterator[_Finding]:
    """Every preset: whether each of its stages can work, why not, and who steps in until then."""
    from img2music.pipeline.presets import load_pipeline_config, pipeline_names
    from img2music.pipeline.stage_facts import stage_facts, unanswered_server
    from img2music.registry import STAGE_KINDS

    for name in pipeline_names():
        config = load_pipeline_config(name)
        faults: dict[str, None] = {}
        instead: dict[str, None] = {}
        for kind in STAGE_KINDS:
            stage: StageConfig = getattr(config.stages, kind)
            fault = stage_facts(kind, stage).fault or unanswered_server(stage, name)
            if fault:
                faults[fault] = None
                if stage.fallback is not None:
                    instead[f"{kind} {stage.fallback.use}"] = None
        text = "; ".join(faults) if faults else config.description
        until = f"; until then {', '.join(instead)} in its place" if instead else ""
        yield _Finding(f"pipeline {name}", works=not faults, needed=name == "offline", text=text + until)


def _programs() -> Iterator[_Finding]:
    for program, use in _PROGRAMS.items():
        path = shutil.which(program)
        text = path or f"not needed: {use}"
        yield _Finding(program, works=path is not None, needed=False, text=text)
