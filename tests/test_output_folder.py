"""Where results go: nothing is lost that somebody changed, and all files appear or none."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

import img2music
from img2music.cli.batch import folder_names
from img2music.errors import OutputError
from img2music.output_folder import Saved, save_files, write_file, write_files

Run = Callable[..., tuple[int, str, str]]


def files(*, fails: bool = False, text: bytes = b"new") -> Iterator[tuple[str, bytes]]:
    yield "plan.json", text
    yield "stems/01-flute.wav", text
    if fails:
        raise OutputError("no room; make some")
    yield "piece.json", text


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_all_files_are_written_in_order(tmp_path: Path) -> None:
    assert write_files(tmp_path / "out", files()) == ["plan.json", "stems/01-flute.wav", "piece.json"]
    assert listing(tmp_path / "out") == ["piece.json", "plan.json", "stems/01-flute.wav"]


def test_a_failure_leaves_an_earlier_piece_as_it_was(tmp_path: Path) -> None:
    write_files(tmp_path / "out", files(text=b"old"))
    with pytest.raises(OutputError, match="no room"):
        write_files(tmp_path / "out", files(fails=True))
    assert listing(tmp_path / "out") == ["piece.json", "plan.json", "stems/01-flute.wav"]
    assert {(tmp_path / "out" / name).read_bytes() for name in listing(tmp_path / "out")} == {b"old"}


def test_a_failure_leaves_no_new_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no room"):
        write_files(tmp_path / "out", files(fails=True))
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OutputError, match=r"No space left on device.*make room"):
        write_file(tmp_path / "a.txt", b"x")
    assert listing(tmp_path) == []


def test_results_are_ordinary_files(tmp_path: Path) -> None:
    ordinary = tmp_path / "ordinary"
    ordinary.write_bytes(b"")
    write_file(tmp_path / "a.txt", b"x")
    assert (tmp_path / "a.txt").stat().st_mode == ordinary.stat().st_mode


def piece(picture: str = "a", **contents: bytes) -> list[tuple[str, bytes]]:
    """The files of a small piece with its record."""
    plain = [
        (name.replace("_", "."), content) for name, content in ({"plan_json": b"plan", "score_mid": b"notes"} | contents).items()
    ]
    hashes = {name: sha256(content).hexdigest() for name, content in plain}
    record = {"format": 1, "picture": {"file": "cat.jpg", "sha256": picture * 64}, "files": hashes}
    return [*plain, ("piece.json", json.dumps(record).encode())]


def save(folder: Path, picture: str = "a", **options: object) -> Saved:
    return save_files(folder, piece(picture, score_mid=os.urandom(8)), identity=f"picture {picture * 64}", **options)  # type: ignore[arg-type]


def test_an_unchanged_piece_of_the_same_picture_makes_room(tmp_path: Path) -> None:
    first, second = save(tmp_path / "cat"), save(tmp_path / "cat")
    assert (first.folder, first.replaced, first.note) == (tmp_path / "cat", False, "")
    assert (second.folder, second.replaced) == (tmp_path / "cat", True)
    assert second.note == f"replaced the earlier files in {tmp_path / 'cat'}"


@pytest.mark.parametrize("name", ["plan.json", "score.mid"])
def test_a_changed_file_stays(tmp_path: Path, name: str) -> None:
    save(tmp_path / "cat")
    (tmp_path / "cat" / name).write_bytes(b"mine")
    saved = save(tmp_path / "cat")
    assert saved.folder == tmp_path / "cat-2"
    assert name in saved.note
    assert "--force" in saved.note
    assert (tmp_path / "cat" / name).read_bytes() == b"mine"


def test_another_picture_takes_another_folder(tmp_path: Path) -> None:
    save(tmp_path / "cat")
    before = {path.name: path.read_bytes() for path in (tmp_path / "cat").iterdir()}
    assert save(tmp_path / "cat", "b").folder == tmp_path / "cat-2"
    assert save(tmp_path / "cat", "c").folder == tmp_path / "cat-3"
    assert save(tmp_path / "cat", "b").folder == tmp_path / "cat-2"
    assert {path.name: path.read_bytes() for path in (tmp_path / "cat").iterdir()} == before


@pytest.mark.parametrize("content", ["notes.txt", "plan.json", "piece.json"])
def test_files_without_a_record_stay(tmp_path: Path, content: str) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / content).write_bytes(b"mine")
    assert save(tmp_path / "cat").folder == tmp_path / "cat-2"
    assert listing(tmp_path / "cat") == [content]


def test_a_file_of_ones_own_in_a_piece_survives_the_next_one(tmp_path: Path) -> None:
    save(tmp_path / "cat")
    (tmp_path / "cat" / "lyrics.txt").write_bytes(b"mine")
    assert save(tmp_path / "cat").folder == tmp_path / "cat"
    assert (tmp_path / "cat" / "lyrics.txt").read_bytes() == b"mine"


def test_what_an_earlier_piece_had_more_goes(tmp_path: Path) -> None:
    write_files(tmp_path / "cat", piece(audio_wav=b"sound"))
    save(tmp_path / "cat")
    assert listing(tmp_path / "cat") == ["piece.json", "plan.json", "score.mid"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    assert save(tmp_path / "cat") == Saved(tmp_path / "cat", ("plan.json", "score.mid", "piece.json"))


def test_force_replaces_whatever_it_is(tmp_path: Path) -> None:
    save(tmp_path / "cat", "b")
    (tmp_path / "cat" / "plan.json").write_bytes(b"mine")
    saved = save(tmp_path / "cat", force=True)
    assert saved.folder == tmp_path / "cat"
    assert "plan.json, which had been changed" in saved.note
    assert (tmp_path / "cat" / "plan.json").read_bytes() == b"plan"


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_in_the_way_leaves_nothing_half_done(tmp_path: Path, force: bool) -> None:
    save(tmp_path / "cat")
    (tmp_path / "cat" / "score.mid").unlink()
    (tmp_path / "cat" / "score.mid").mkdir()
    before = listing(tmp_path / "cat")
    if force:
        with pytest.raises(OutputError, match=r"a folder named score\.mid is in the way.*move it"):
            save(tmp_path / "cat", force=True)
        assert listing(tmp_path) == [f"cat/{name}" for name in before]
    else:
        assert save(tmp_path / "cat").folder == tmp_path / "cat-2"
    assert listing(tmp_path / "cat") == before


def test_a_file_of_the_folders_name_stays(tmp_path: Path) -> None:
    (tmp_path / "cat").write_bytes(b"mine")
    assert save(tmp_path / "cat").folder == tmp_path / "cat-2"
    assert (tmp_path / "cat").read_bytes() == b"mine"


def test_a_fault_while_files_take_their_place_puts_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "cat")
    before = {path.name: path.read_bytes() for path in (tmp_path / "cat").iterdir()}
    original, moves = Path.replace, [0]

    def failing(self: Path, target: Path) -> Path:
        moves[0] += 1
        if moves[0] == 5:
            raise OSError(errno.EIO, "Input/output error")
        return original(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OutputError, match="Input/output error"):
        save(tmp_path / "cat")
    assert {path.name: path.read_bytes() for path in (tmp_path / "cat").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["cat"]


def test_a_record_that_points_elsewhere_is_no_record(tmp_path: Path) -> None:
    outside = tmp_path / "precious.txt"
    outside.write_bytes(b"x")
    folder = tmp_path / "cat"
    folder.mkdir()
    files = {"../precious.txt": sha256(b"x").hexdigest()}
    (folder / "piece.json").write_text(json.dumps({"picture": {"sha256": "a" * 64}, "files": files}))
    assert save(folder).folder == tmp_path / "cat-2"
    assert save(folder, force=True).folder == folder
    assert outside.read_bytes() == b"x"


def test_a_link_is_no_unchanged_file(tmp_path: Path) -> None:
    save(tmp_path / "cat")
    path = tmp_path / "cat" / "plan.json"
    path.rename(tmp_path / "plan.json")
    path.symlink_to(tmp_path / "plan.json")
    assert save(tmp_path / "cat").folder == tmp_path / "cat-2"
    save(tmp_path / "cat", force=True)
    assert (tmp_path / "plan.json").read_bytes() == b"plan"


def test_single_files_are_added_and_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "cat"
    assert save_files(folder, [("scene.json", b"seen")]).folder == folder
    assert save_files(folder, [("scene.json", b"seen"), ("plan.json", b"planned")]) == Saved(folder, ("scene.json", "plan.json"))
    saved = save_files(folder, [("scene.json", b"seen"), ("plan.json", b"otherwise")])
    assert (saved.folder, saved.replaced) == (tmp_path / "cat-2", False)
    assert "holds another plan.json" in saved.note
    with pytest.raises(OutputError, match="another folder"):
        save_files(folder, [("plan.json", b"otherwise")], numbered=False)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("CON.png", "CON_"),
        ("aux.jpg", "aux_"),
        ("nul", "nul_"),
        ("x/Com1.tar.png", "Com1.tar_"),
        ("console.png", "console"),
    ],
)
def test_names_of_devices_get_another(source: str, name: str) -> None:
    assert folder_names([source]) == [name]


def test_a_long_name_fits_a_file_system(tmp_path: Path) -> None:
    (name,) = folder_names(["\N{HIRAGANA LETTER A}" * 200 + ".png"])
    assert save(tmp_path / name).folder.is_dir()


def test_python_refuses_what_the_command_line_would_number(tmp_path: Path, make_picture: Callable[..., Path]) -> None:
    made = [img2music.compose(make_picture(f"{tint}.png", tint), seconds=4, audio=None) for tint in (0, 2)]
    folder = made[0].save(tmp_path / "out")
    assert made[0].save(folder) == folder
    with pytest.raises(OutputError, match="holds the piece of another picture; choose another folder"):
        made[1].save(folder)
    assert made[1].save(folder, force=True) == folder


def test_every_verb_keeps_what_was_edited(tmp_path: Path, make_picture: Callable[..., Path], run: Run) -> None:
    picture, out = make_picture(), tmp_path / "out"

    def call(*arguments: object) -> str:
        code, printed, said = run(*arguments)
        assert code == 0, said
        return printed + said

    quick = ("--seconds", 4, "--audio", "none")
    call("compose", picture, "-o", out, *quick)
    assert "replaced the earlier files" in call("compose", picture, "-o", out, *quick)
    plan = out / "hills" / "plan.json"
    edited = plan.read_text().replace('"title": "', '"title": "My ')
    plan.write_text(edited)
    for arguments in (
        ("compose", picture, *quick),
        ("compose", "--from", out / "hills" / "piece.json", "--audio", "none"),
        ("realize", plan),
        ("plan", picture, "--seconds", 5),
        ("replay", out / "hills" / "piece.json"),
    ):
        assert "written to" in call(*arguments, "-o", out)
        assert plan.read_text() == edited
    midi = tmp_path / "hills.mid"
    midi.write_bytes((out / "hills" / "score.mid").read_bytes())
    (out / "hills" / "audio.wav").write_bytes(b"mine")
    assert "written to" in call("render", midi, "-o", out)
    assert (out / "hills" / "audio.wav").read_bytes() == b"mine"


def test_an_empty_name_is_no_folder(make_picture: Callable[..., Path], run: Run) -> None:
    for verb in ("compose", "see", "plan"):
        code, _, said = run(verb, make_picture(), "-o", "")
        assert code == 2
        assert "-o ." in said


def test_programs_are_told_the_folder_and_whether_something_went(
    tmp_path: Path, make_picture: Callable[..., Path], run: Run
) -> None:
    arguments = ("compose", make_picture(), "-o", tmp_path / "out", "--seconds", 4, "--audio", "none", "--json")
    results = [json.loads(run(*arguments)[1]) for _ in range(2)]
    assert [result["replaced"] for result in results] == [False, True]
    (tmp_path / "out" / "hills" / "score.abc").write_text("mine")
    assert json.loads(run(*arguments)[1])["folder"] == str(tmp_path / "out" / "hills-2")
