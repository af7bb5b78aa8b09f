"""What a user names on the command line, read before anything is asked or spent: prompts, models, pictures.

A folder of pictures gives those that lie in it directly, by name; a file of any kind is taken at its word. One bad picture stops the
run here: a comparison in which a picture is silently missing would be a different comparison.
"""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from img2music.brief import Brief
from img2music.errors import DocumentError, PictureError, UsageError
from img2music.evaluation.workbench.prompt_grid import Grid, GridModel, GridPicture, GridPrompt
from img2music.io.documents import read_file
from img2music.models import ModelSpec
from img2music.registry import asking_stages
from img2music.templates import load_prompt, prompt_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.templates import PromptTemplate

__all__ = ["MOST_CELLS", "MOST_SEEDS", "load_grid", "load_pictures", "picture_files", "split_models", "split_paths"]

MOST_CELLS = 20_000
MOST_SEEDS = 100
_PICTURES = frozenset(
    {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".ico", ".avif", ".qoi"}
)
_NEXT_MODEL = re.compile(r",\s*(?=[a-z][a-z0-9_]*:)")
_LARGEST_ANSWERS = 50_000_000


def load_grid(
    prompts: Sequence[str],
    models: Sequence[str],
    pictures: Sequence[str],
    *,
    seeds: int,
    seconds: float,
    per_minute: float | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Grid:
    """The grid that these name.

    Args:
        prompts: names, files ending in .md, or folders of them; an entry may hold several, parted by commas.
        models: lines that name a model.
        pictures: files and folders.
        seeds: how many; they are 0, 1, 2 ...
        seconds: length of every piece.
        per_minute: most requests a minute, for models whose line does not say.
        note: told what was left out because it was named twice.

    Raises:
        UsageError: nothing named, an unknown prompt or model, too many cells. BriefError: a length that can't be met.
        DocumentError: a broken prompt. PictureError: no pictures, or one that can't be read.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise UsageError(f"{seeds} seeds make no grid; give --seeds a number from 1 to {MOST_SEEDS}")
    if per_minute is not None and not 0 < per_minute <= 100_000:
        raise UsageError(f"{per_minute:g} requests a minute is no limit; give --limit-per-minute a number above 0")
    Brief.of(seconds=seconds)
    named = [name for entry in prompts for name in split_paths(entry)]
    asked = _prompts(named, note, lambda told: _sounds_command(told, models, pictures))
    talkers = _models([line for entry in models for line in split_models(entry)], per_minute, note)
    shown = load_pictures([name for entry in pictures for name in split_paths(entry)], note)
    count = len(asked) * len(talkers) * len(shown) * seeds
    if count > MOST_CELLS:
        raise UsageError(f"{count} cells are too many; give fewer pictures, prompts or seeds, {MOST_CELLS} cells at most")
    return Grid(tuple(asked), tuple(talkers), tuple(shown), tuple(range(seeds)), seconds)


def split_paths(entry: str) -> list[str]:
    """Names parted by commas; a comma that belongs to a file's name stays."""
    if "," not in entry or _is_there(entry):
        return [entry.strip()] if entry.strip() else []
    return [name.strip() for name in entry.split(",") if name.strip()]


def split_models(entry: str) -> list[str]:
    """Lines parted by commas, where what follows the comma begins another line."""
    return [line.strip() for line in _NEXT_MODEL.split(entry) if line.strip()]


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def _sounds_command(told: Sequence[tuple[str, PromptTemplate]], models: Sequence[str], pictures: Sequence[str]) -> str:
    """The command that compares prompts of sounds on the same pictures."""
    sounds = ["soundfont"]
    for name, template in told:
        asking = f"&model={quote(models[0], safe='/:,@')}" if template.is_question and models else ""
        sounds.append(f"musicgen{'-caption' if template.is_question else ''}?prompt={quote(name, safe='/:,@')}{asking}")
    return shlex.join(["img2music", "prompts", "sounds", "--sounds", *sounds, "--pictures", *pictures])


def _prompts(
    names: Sequence[str], note: Callable[[str], None], sounds_command: Callable[[Sequence[tuple[str, PromptTemplate]]], str]
) -> list[GridPrompt]:
    if not names:
        raise UsageError("no prompt to try; name one or more with --prompts, see `img2music prompts ls`")
    templates: dict[str, tuple[str, PromptTemplate]] = {}
    paths = [path for given in names for path in (prompt_files(given) if Path(given).is_dir() else (given,))]
    loaded = [(name, load_prompt(name)) for name in paths]
    told = [one for one in loaded if one[1].purpose == "sound"]
    if told:
        raise UsageError(
            f"prompt {told[0][0]!r} is told to what makes the sound, and `prompts try` compares notes; "
            f"compare sounds with `{sounds_command(told)}`"
        )
    for name, template in loaded:
        if template.purpose not in asking_stages():
            raise UsageError(
                f"prompt {name!r} is for {template.purpose!r}, which makes no piece by itself; try one for see, plan or abc"
            )
        if template.digest in templates:
            note(f"{name} is the same text as {templates[template.digest][0]}, so it is tried once")
        else:
            templates[template.digest] = (name, template)
    shared = Counter(template.name for _, template in templates.values())
    files = Counter(Path(name).name for name, _ in templates.values())
    made = []
    for name, template in templates.values():
        label = template.name
        if shared[label] > 1:
            label = Path(name).name if files[Path(name).name] == 1 else name
        made.append(GridPrompt(label[:300], name, template))
    return made


def _models(lines: Sequence[str], per_minute: float | None, note: Callable[[str], None]) -> list[GridModel]:
    if not lines:
        raise UsageError("no model to ask; name one or more with --models, such as gguf:smollm2 or openai:gpt-4o-mini")
    made: dict[str, GridModel] = {}
    for line in lines:
        spec = ModelSpec.parse(line)
        if per_minute is not None and spec.options.per_minute is None:
            line = f"{line}{'&' if '?' in line else '?'}per_minute={per_minute:g}"  # noqa: PLW2901
            spec = ModelSpec.parse(line)
        model = GridModel(spec.label[:300], line, spec, _content(spec))
        if model.identity in made:
            note(f"{spec.label} is named twice, so it is asked once")
        else:
            made[model.identity] = model
    shared = Counter(model.label for model in made.values())
    return [
        model if shared[model.label] == 1 else GridModel(f"{model.label} ({number})", model.line, model.spec, model.content)
        for number, model in enumerate(made.values(), 1)
    ]


def _content(spec: ModelSpec) -> str:
    """Recorded answers are what they hold, wherever they lie."""
    if spec.provider != "replay":
        return ""
    try:
        return sha256(read_file(spec.name, largest_bytes=_LARGEST_ANSWERS)).hexdigest()[:16]
    except DocumentError as error:
        raise UsageError(f"model {spec.label!r}: {error}") from None


def picture_files(entry: str) -> list[Path]:
    """The file, or the pictures that lie in the folder.

    Raises:
        PictureError: a folder that can't be read, or that holds no picture.
    """
    path = Path(entry)
    try:
        if not path.is_dir():
            return [path]
        found = sorted(
            Path(item.path)
            for item in os.scandir(path)
            if item.is_file() and not item.name.startswith(".") and Path(item.name).suffix.lower() in _PICTURES
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(f"{entry} can't be read ({reason}); check the path") from None
    if not found:
        raise PictureError(f"there are no pictures in {entry}; give a folder that holds JPEG, PNG or other pictures, or files")
    return found


def load_pictures(names: Sequence[str], note: Callable[[str], None]) -> list[GridPicture]:
    """The pictures that files and folders name, each once; `note` is told what was left out.

    Raises:
        UsageError: none is named. PictureError: one that is none.
    """
    from img2music.io.pictures import open_picture

    if not names:
        raise UsageError("no pictures to try the prompts on; name a folder or files with --pictures")
    made: dict[str, GridPicture] = {}
    taken: set[str] = set()
    for path in (path for name in names for path in picture_files(name)):
        picture = open_picture(path)
        if picture.sha256 in made:
            note(f"{path} is the same picture as {made[picture.sha256].path}, so it is used once")
            continue
        label, number = picture.file[:280], 1
        while label in taken:
            number += 1
            label = f"{picture.file[:280]} ({number})"
        taken.add(label)
        made[picture.sha256] = GridPicture(label, picture.file, path, picture.sha256)
    return list(made.values())
