"""What the command line refuses or remarks, in a line that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mido
import pytest

from img2music.cli.shared.many_inputs import check_writable
from img2music.errors import OutputError, UsageError
from tests.support.commands import assert_one_line
from tests.support.midi_files import midi_file, note_messages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(("out", "why"), [("x" * 5000, "too long"), ("file/inside", "file is not a folder")])
def test_a_folder_that_can_not_be_made_is_told_before_anything_is_done(
    out: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=f"{why}.*; choose another folder with -o"):
        check_writable(out)


def test_a_folder_without_permission_and_a_link_that_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="link is a link that leads nowhere"):
        check_writable(str(tmp_path / "link"))
    with pytest.raises(UsageError, match=r"-o names no folder; give one, or -o \. for the folder you are in"):
        check_writable("  ")
    monkeypatch.setattr("os.access", lambda *_: False)  # whoever runs the tests may be allowed everything
    with pytest.raises(OutputError, match=f"no permission to write in {tmp_path}"):
        check_writable(str(tmp_path / "new"))


def test_what_a_midi_file_asks_for_and_is_not_played_is_remarked(run: Run, tmp_path: Path) -> None:
    song = tmp_path / "song.mid"
    song.write_bytes(midi_file([mido.Message("polytouch", note=60, value=90), *note_messages(60, 480)]))
    code, out, err = run("render", song, "-o", tmp_path / "out")
    assert code == 0
    assert f"{song}: " in out
    assert f"{song}: polyphonic aftertouch is not played (1 message)" in assert_one_line(err)
