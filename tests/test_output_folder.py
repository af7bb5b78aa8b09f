"""Where results go: nothing is lost that somebody changed, and all files appear or none."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import img2music
from img2music.atomic_files import write_file, write_files
from img2music.cli.shared.many_inputs import folder_names
from img2music.errors import OutputError
from img2music.output_folder import SavedFiles, save_files

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


def save(folder: Path, picture: str = "a", **options: object) -> SavedFiles:
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
    assert save(tmp_path / "cat") == SavedFiles(tmp_path / "cat", ("plan.json", "score.mid", "piece.json"))


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
        with pytest.raises(OutputError, match=r"has a folder named score\.mid in the way; move it"):
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
    assert save_files(folder, [("scene.json", b"seen"), ("plan.json", b"planned")]) == SavedFiles(
        folder, ("scene.json", "plan.json")
    )
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


def test_an_edited_record_stays(tmp_path: Path, make_picture: Callable[..., Path]) -> None:
    made = img2music.compose(make_picture(), seconds=4, audio=None)
    folder = made.save(tmp_path / "out")
    made.save(folder)
    record = (folder / "piece.json").read_text()
    (folder / "piece.json").write_text(record.replace('"loop": false', '"loop": true', 1))
    assert (folder / "piece.json").read_text() != record
    with pytest.raises(OutputError, match=r"holds files that were changed \(piece\.json\)"):
        made.save(folder)


def test_a_record_names_no_folder_and_nothing_behind_a_link(tmp_path: Path) -> None:
    """A hostile record must not make a piece's successor remove what the piece never was."""
    gold = tmp_path / "precious" / "gold"
    gold.parent.mkdir()
    gold.write_bytes(b"x")
    folder = tmp_path / "cat"
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "a.txt").write_bytes(b"x")
    (folder / "note.txt").write_bytes(b"mine")
    (folder / "stems").symlink_to(gold.parent)
    digest = sha256(b"x").hexdigest()
    files = {"mine": "0" * 64, "stems/gold": digest, "note.txt": digest}
    (folder / "piece.json").write_text(json.dumps({"picture": {"sha256": "a" * 64}, "files": files}))
    assert save(folder).folder == tmp_path / "cat-2"
    assert save(folder, force=True).folder == folder
    assert gold.read_bytes() == b"x"
    assert (folder / "mine" / "a.txt").read_bytes() == b"x"
    assert (folder / "note.txt").read_bytes() == b"mine"


def test_a_linked_stems_folder_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "stems").symlink_to(tmp_path / "elsewhere")
    assert save_files(tmp_path / "cat", [("stems/01-flute.wav", b"x")]).folder == tmp_path / "cat-2"
    with pytest.raises(OutputError, match="stems in the way"):
        save_files(tmp_path / "cat", [("stems/01-flute.wav", b"x")], force=True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("at", [1, 3, 4, 6])
def test_an_interruption_waits_until_all_files_have_their_place(tmp_path: Path, number: signal.Signals, at: int) -> None:
    save(tmp_path / "cat")
    program = f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from tests.test_output_folder import save
replace, moves = Path.replace, [0]
def interrupted(self, target):
    moves[0] += 1
    made = replace(self, target)
    if moves[0] == {at}:
        os.kill(os.getpid(), {int(number)})
    return made
Path.replace = interrupted
save(Path({str(tmp_path / "cat")!r}))
print("went on")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, "went on" in done.stdout) != (0, True), done.stderr
    assert listing(tmp_path) == ["cat/piece.json", "cat/plan.json", "cat/score.mid"]
    assert save(tmp_path / "cat").folder == tmp_path / "cat"  # whole and unchanged


def test_a_killed_run_is_told_by_the_next_one(tmp_path: Path) -> None:
    old = tmp_path / ".img2music-dead.part" / "old"
    old.mkdir(parents=True)
    (old / "plan.json").write_bytes(b"mine")
    assert f"an earlier run was stopped while it replaced files; they are in {old}" in save(tmp_path / "cat").note
    assert (old / "plan.json").read_bytes() == b"mine"


def test_two_processes_never_mix_or_lose_a_piece(tmp_path: Path) -> None:
    """Pieces of different pictures that want one folder: both are there in the end, each whole."""
    program = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from tests.test_output_folder import save
for number in range(30):
    print(save(Path({str(tmp_path)!r}) / f"cat{{number}}", sys.argv[1]).folder)
"""
    runs = [
        subprocess.Popen([sys.executable, "-c", program, picture], stdout=subprocess.PIPE, text=True) for picture in ("a", "b")
    ]
    places = [run.communicate()[0].split() for run in runs]
    assert [len(set(found)) for found in places] == [30, 30]
    assert not set(places[0]) & set(places[1])
    for picture, found in zip("ab", places, strict=True):
        for place in found:
            record = json.loads((Path(place) / "piece.json").read_text())
            assert record["picture"]["sha256"] == picture * 64
            assert {name: sha256((Path(place) / name).read_bytes()).hexdigest() for name in record["files"]} == record["files"]


def test_a_folder_of_another_file_system_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "cat")
    original = Path.replace

    def across(self: Path, target: Path) -> Path:
        if self.parent.parent != Path(target).parent and self.parent != Path(target).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return original(self, target)

    monkeypatch.setattr(Path, "replace", across)
    assert save(tmp_path / "cat").replaced
    assert listing(tmp_path) == ["cat/piece.json", "cat/plan.json", "cat/score.mid"]


def test_the_note_counts_all_that_had_been_changed(tmp_path: Path) -> None:
    contents: Any = {f"a{number}_txt": b"x" for number in range(8)}
    write_files(tmp_path / "cat", piece(**contents))
    for number in range(8):
        (tmp_path / "cat" / f"a{number}.txt").write_bytes(b"mine")
    saved = save_files(tmp_path / "cat", piece(**contents), identity=f"picture {'a' * 64}", force=True)
    assert "also a0.txt, a1.txt, a2.txt, a3.txt, a4.txt and 3 more, which had been changed" in saved.note
    assert "of another piece" in save(tmp_path / "cat", "b", force=True).note


def test_what_force_can_not_do_is_not_promised(tmp_path: Path) -> None:
    for name in ("file", "link"):
        path = tmp_path / name
        path.symlink_to(tmp_path / "nowhere") if name == "link" else path.write_bytes(b"mine")
        assert "--force" not in save(path).note
        with pytest.raises(OutputError, match="choose another folder"):
            save(path, force=True)


def test_no_name_is_no_folder_in_python_either(make_picture: Callable[..., Path]) -> None:
    made = img2music.compose(make_picture(), seconds=4, audio=None)
    for name in ("", " ", "a\0b"):
        with pytest.raises(OutputError):
            made.save(name)
