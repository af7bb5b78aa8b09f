"""Pieces of ours for studies, kept in a folder so that a study that is run again need not make them again.

A piece is kept under the picture's name and a hash of what was asked and of the program that made it (everything in `img2music/` that
can change a note), so that pieces of an older program are never taken for today's. Only notes are made, no sound.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import LEAD_SHEETS, PHOTOGRAPHS
from evals.shared.paths import ROOT, example_pictures
from evals.shared.pictures import evenly, pictures_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import img2music

__all__ = ["MadePiece", "PieceMaker", "kept_in", "pieces_parser", "study_pictures"]

_PACKAGE = ROOT / "img2music"
_WITHOUT_NOTES = frozenset(
    {"app", "cli", "report", "renderers", "listening", "evaluation", "performers", "networks", "player", "video"}
)
_SEEING = ("perceivers", "crossmodal", "onnx_networks.py", "scene.py", "io/decoding", "assets/seeing")
_KEPT_ENDINGS = frozenset({".py", ".yaml", ".json", ".gz", ".bin", ".npz"})


@dataclass(frozen=True, slots=True)
class MadePiece:
    """What was planned and what was written."""

    name: str
    plan: dict[str, Any]
    musicxml: str


def pieces_parser(docstring: str | None, *, songs: bool = True) -> ScriptParser:
    """The command line that studies of our pieces share: people's songs, if `songs` are read, photographs, and where pieces are kept."""
    parser = ScriptParser(docstring)
    if songs:
        parser.add_data("data", LEAD_SHEETS)
    parser.add_data("photographs", PHOTOGRAPHS)
    parser.add_argument("--pieces-folder", type=Path, help="where pieces and songs' sheets are kept, to be found again")
    return parser


@contextmanager
def kept_in(folder: Path | None) -> Iterator[Path]:
    """The folder that a study's user named, or one that goes when the study ends."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def study_pictures(folder: Path, count: int) -> list[Path]:
    """The pictures that come with img2music, then others of `folder` at even distances, `count` in all."""
    own = example_pictures()[:count]
    return [*own, *evenly(pictures_in(folder), count - len(own))] if count > len(own) else own


class PieceMaker:
    """Makes pieces, or finds them in `folder`."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made where it is missing; it may be shared by several studies."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def make(self, picture: Path, **wishes: Any) -> MadePiece:
        """The piece for a picture; `wishes` are those of a `Brief`."""

        def written() -> str:
            piece = _made(self.scene(picture), picture.stem, wishes)
            return json.dumps({"name": piece.name, "asked": wishes, "plan": piece.plan, "musicxml": piece.musicxml})

        tree = json.loads(
            self.kept_text(
                f"{picture.stem}-{wishes.get('style', 'any')}", f"{picture}{json.dumps(wishes, sort_keys=True)}", written
            )
        )
        return MadePiece(tree["name"], tree["plan"], tree["musicxml"])

    def kept_text(self, label: str, asked: str, make: Callable[[], str]) -> str:
        """What this program makes of what was asked: found under the label, or made and kept."""
        kept = self._folder / f"{label}-{_digest(f'{_program()}{asked}'.encode())}.json"
        if not kept.is_file():
            kept.write_text(make(), encoding="utf-8")
        return kept.read_text(encoding="utf-8")

    def plan(self, picture: Path, **wishes: Any) -> dict[str, Any]:
        """The plan alone, made anew: it costs a tenth of a piece."""
        return _plan(self.scene(picture), wishes)[1]

    def scene(self, picture: Path) -> img2music.Scene:
        """What is seen, kept likewise."""
        import img2music

        kept = self._folder / f"scene-{picture.stem}-{_digest(f'{_eye()}{picture}'.encode())}.json"
        if kept.is_file():
            return img2music.Scene.model_validate_json(kept.read_text(encoding="utf-8"))
        scene = _pipeline().see(picture)
        kept.write_text(scene.model_dump_json(), encoding="utf-8")
        return scene


def _plan(scene: img2music.Scene, wishes: dict[str, Any]) -> tuple[img2music.CompositionPlan, dict[str, Any]]:
    import img2music

    plan = _pipeline().plan(scene, img2music.Brief.of(**wishes))
    return plan, json.loads(plan.model_dump_json())


def _made(scene: img2music.Scene, name: str, wishes: dict[str, Any]) -> MadePiece:
    from img2music.io.musicxml.export_musicxml import write_musicxml

    plan, tree = _plan(scene, wishes)
    return MadePiece(name, tree, write_musicxml(_pipeline().realize(plan)))


@cache
def _pipeline() -> img2music.Pipeline:
    import img2music

    return img2music.Pipeline.load("offline")


@cache
def _program() -> str:
    return _digest_of(
        [path for path in sorted(_PACKAGE.rglob("*")) if not _WITHOUT_NOTES & set(path.relative_to(_PACKAGE).parts)]
    )


@cache
def _eye() -> str:
    paths = [
        path for name in _SEEING for path in ([_PACKAGE / name] if (_PACKAGE / name).is_file() else (_PACKAGE / name).rglob("*"))
    ]
    return _digest_of(sorted(paths))


def _digest_of(paths: Sequence[Path]) -> str:
    files = [path for path in paths if path.is_file() and path.suffix in _KEPT_ENDINGS]
    return _digest(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
