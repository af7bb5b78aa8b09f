"""What is named to the workbench: prompts, models and pictures, in every way of writing them; and what is wrong with it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.errors import BriefError, MissingPackageError, PictureError, UsageError
from img2music.evaluation.sound_grid.sound_cells import read_variant
from img2music.evaluation.workbench import check_usable
from img2music.evaluation.workbench.grid_inputs import load_grid, split_models, split_paths
from img2music.resources import data_folder
from tests.support.prompt_trials import prompt_file, small_grid

if TYPE_CHECKING:
    from collections.abc import Callable

    MakePicture = Callable[..., Path]


def test_names_and_files_in_one_entry(tmp_path: Path) -> None:
    odd = tmp_path / "a,b.md"
    odd.write_text("x")
    assert split_paths(str(odd)) == [str(odd)]
    assert split_paths("see/cited, see/unaided,") == ["see/cited", "see/unaided"]
    assert split_models("openai:a?temperature=0,gguf:b,c.gguf, hf:d") == ["openai:a?temperature=0", "gguf:b,c.gguf", "hf:d"]


def test_what_is_named_twice_is_tried_once(tmp_path: Path, make_picture: MakePicture) -> None:
    told: list[str] = []
    first, copy = prompt_file(tmp_path, "a"), tmp_path / "copy.md"
    copy.write_text(first.read_text())
    picture = make_picture("one.png")
    again = tmp_path / "sub" / "one.png"
    again.parent.mkdir()
    again.write_bytes(picture.read_bytes())
    grid = small_grid(
        [first, copy],
        [picture, again, make_picture("sub2/one.png", tint=1)],
        ["openai:x", "openai:x?price_in=1"],
        note=told.append,
    )
    assert (len(grid.prompts), len(grid.models), len(grid.pictures)) == (1, 1, 2)
    assert len(told) == 3
    assert [picture.label for picture in grid.pictures] == ["one.png", "one.png (2)"]


def test_edited_copies_are_told_apart_by_their_files(tmp_path: Path, make_picture: MakePicture) -> None:
    one = prompt_file(tmp_path, "a")
    other = tmp_path / "edited.md"
    other.write_text(one.read_text() + "Once more.\n")
    assert [prompt.label for prompt in small_grid([one, other], [make_picture()], ["openai:x"]).prompts] == ["a.md", "edited.md"]


def test_wrong_use_is_told_before_anything_is_asked(tmp_path: Path, make_picture: MakePicture) -> None:
    prompt, picture = prompt_file(tmp_path, "a"), make_picture("pics/one.png")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "readme.txt").write_text("x")
    cases: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (UsageError, "seeds", {"seeds": 0}),
        (UsageError, "seeds", {"seeds": 101}),
        (UsageError, "limit-per-minute", {"per_minute": 0}),
        (BriefError, "seconds", {"seconds": 0.5}),
    ]
    for error, match, more in cases:
        with pytest.raises(error, match=match):
            small_grid([prompt], [picture], ["openai:x"], **more)
    with pytest.raises(UsageError, match="no model"):
        small_grid([prompt], [picture], ["magic"])
    with pytest.raises(UsageError, match="no prompt"):
        small_grid([Path("see/nothing")], [picture], ["openai:x"])
    with pytest.raises(PictureError, match="no pictures in"):
        small_grid([prompt], [empty], ["openai:x"])
    with pytest.raises(PictureError, match="no picture"):
        small_grid([prompt], [tmp_path / "gone.png"], ["openai:x"])
    with pytest.raises(UsageError, match="no prompt to try; name one or more with --prompts"):
        small_grid([], [picture], ["openai:x"])
    with pytest.raises(UsageError, match="no model to ask; name one or more with --models"):
        small_grid([prompt], [picture], [])
    with pytest.raises(UsageError, match="no pictures to try the prompts on"):
        small_grid([prompt], [], ["openai:x"])
    with pytest.raises(UsageError, match="'words/gloss' is for 'words', which makes no piece by itself"):
        small_grid([Path("words/gloss")], [picture], ["openai:x"])
    with pytest.raises(PictureError, match="null"):
        small_grid([prompt], [Path("a\0b")], ["openai:x"])
    with pytest.raises(UsageError, match="replay"):
        small_grid([prompt], [picture], [f"replay:{tmp_path / 'gone.jsonl'}"])
    assert [shown.label for shown in small_grid([prompt], [picture.parent], ["openai:x"]).pictures] == ["one.png"]


def test_models_that_can_not_be_asked_are_told_before_the_first_cell(
    tmp_path: Path, make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    grid = small_grid([prompt_file(tmp_path, "a")], [make_picture()], ["openai:x"])
    with pytest.raises((UsageError, MissingPackageError), match=r"OPENAI_API_KEY|pip install"):
        check_usable([*grid.cells()])
    check_usable([])


def test_too_many_cells_are_refused(tmp_path: Path, make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch) -> None:
    prompt, picture = prompt_file(tmp_path, "a"), make_picture()
    monkeypatch.setattr("img2music.evaluation.workbench.grid_inputs.MOST_CELLS", 3)
    assert len([*small_grid([prompt], [picture], ["openai:x"], seeds=3).cells()]) == 3
    with pytest.raises(UsageError, match="4 cells are too many; give fewer pictures, prompts or seeds, 3 cells at most"):
        small_grid([prompt], [picture], ["openai:x"], seeds=4)


def test_a_limit_on_requests_is_for_models_that_have_none(tmp_path: Path, make_picture: MakePicture) -> None:
    grid = small_grid([prompt_file(tmp_path, "a")], [make_picture()], ["openai:x", "openai:y?per_minute=5"], per_minute=30)
    assert [model.spec.options.per_minute for model in grid.models] == [30, 5]


def test_prompts_for_sound_are_sent_to_the_command_that_compares_them(tmp_path: Path) -> None:
    """The command is whole: it names the same prompts, model and pictures, and each of its sounds can be read."""
    own = tmp_path / "mine & yours.md"
    own.write_bytes(data_folder("prompts").joinpath("sound/plain.md").read_bytes())
    model = "openai:qwen3:4b?base_url=http://localhost:11434/v1&temperature=0.2"
    with pytest.raises(UsageError, match="compare sounds with `") as refusal:
        load_grid(["see/cited", "sound/tags,sound/caption", str(own)], [model], ["my hills.png"], seeds=1, seconds=8)
    words = shlex.split(str(refusal.value).split("`")[-2])
    assert words[:4] == ["img2music", "prompts", "sounds", "--sounds"]
    at = words.index("--pictures")
    assert words[at + 1 :] == ["my hills.png"]
    plain, tags, caption, mine = (read_variant(sound).stage for sound in words[4:at])
    assert plain.use == "soundfont"
    assert tags.options["prompt"] == "sound/tags"
    assert (caption.options["prompt"], caption.options["model"]) == ("sound/caption", model)
    assert mine.options["prompt"] == str(own)
