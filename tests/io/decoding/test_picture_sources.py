"""What may be given as a picture: paths, standard input, bytes, open files, Pillow images, arrays; and what may not."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageCms

import img2music
from img2music.errors import Img2MusicError, PictureError, UsageError
from img2music.io.decoding import picture_sources
from img2music.io.pictures import open_picture
from img2music.pipeline import Pipeline
from tests.support.commands import PIECE_FILES, QUICK_OPTIONS, assert_one_line
from tests.support.picture_files import encode_picture, sky_and_grass

if TYPE_CHECKING:
    from collections.abc import Callable

PNG = encode_picture(Image.fromarray(sky_and_grass()), "PNG")


def refused(source: Any, kind: type[Img2MusicError] = PictureError, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        open_picture(source, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert ";" in text, "says what to do next"
    return text


# ---------------------------------------------------------------- bytes and files


def test_bytes_and_open_files_are_the_same_picture(tmp_path: Path) -> None:
    path = tmp_path / "view.png"
    path.write_bytes(PNG)
    named = open_picture(path)
    with path.open("rb") as file:
        file.seek(5)
        opened = open_picture(file)
        assert not file.closed
    given = [open_picture(one) for one in (PNG, bytearray(PNG), memoryview(PNG), io.BytesIO(PNG))]
    for found in (named, opened, *given):
        np.testing.assert_array_equal(found.rgb, sky_and_grass())
        assert (found.sha256, found.format) == (hashlib.sha256(PNG).hexdigest(), "PNG")
    assert [found.file for found in (named, opened, *given)] == ["view.png", "view.png", *["picture"] * 4]


def test_a_stream_that_can_not_be_wound_back() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.rest = PNG

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            taken, self.rest = self.rest[:size], self.rest[size:]
            return taken

    np.testing.assert_array_equal(open_picture(Pipe()).rgb, sky_and_grass())  # type: ignore[arg-type]


def test_bytes_that_are_no_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "the picture is empty" in refused(b"")
    assert "no picture that can be read" in refused(b"a letter")
    path = tmp_path / "view.png"
    path.write_bytes(PNG)
    with path.open(encoding="latin-1") as text:
        assert "mode 'rb'" in refused(text, UsageError)
    closed = io.BytesIO(PNG)
    closed.close()
    assert "mode 'rb'" in refused(closed)
    monkeypatch.setattr(picture_sources, "LARGEST_FILE", len(PNG) - 1)
    for source in (PNG, io.BytesIO(PNG), path):
        assert "larger than" in refused(source)


@pytest.mark.parametrize("source", [5, None, object(), ["a.png"], {"a": 1}])
def test_what_is_no_picture_at_all(source: object) -> None:
    assert "no picture" in refused(source, UsageError)


def test_a_picture_is_a_picture() -> None:
    found = open_picture(PNG)
    assert open_picture(found) is found


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "address", ["http://example.org/a.jpg", "https://example.org/a.jpg?b=c", "FTP://example.org/a", "s3://b/a.jpg"]
)
def test_nothing_is_fetched(address: str) -> None:
    text = refused(address)
    assert "nothing is fetched unasked; download the picture first" in text
    assert address in text
    assert "nothing is fetched" in refused(Path(address)), "a path object swallows a slash"


def test_other_addresses() -> None:
    assert "give its path: '/tmp/a b.png'" in refused("file:///tmp/a%20b.png")
    assert "give its path: '/tmp/a.png'" in refused("file://localhost/tmp/a.png")
    assert "data address" in refused("data:image/png;base64," + "A" * 9000)
    assert len(refused("https://example.org/" + "a" * 9000)) < 300
    for path in ("C:\\photos\\a.jpg", "C:/a.jpg", "notes: a.jpg", "a:b.jpg"):
        assert "check the path" in refused(path)


def test_a_file_that_is_called_like_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data:a.png").write_bytes(PNG)
    assert open_picture("data:a.png").file == "data:a.png"


# ---------------------------------------------------------------- arrays


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (sky_and_grass(), sky_and_grass()),
        (sky_and_grass()[::-1, ::-1], sky_and_grass()[::-1, ::-1]),
        (sky_and_grass().astype(np.uint16) * 257, sky_and_grass()),
        ((sky_and_grass().astype(np.uint16) * 257).astype(">u2"), sky_and_grass()),
        (sky_and_grass() / 255, sky_and_grass()),
        ((sky_and_grass() / 255).astype(np.float32), sky_and_grass()),
        (sky_and_grass()[..., 0], sky_and_grass()[..., [0, 0, 0]]),
        (sky_and_grass()[..., :1], sky_and_grass()[..., [0, 0, 0]]),
        (sky_and_grass()[..., 0] > 100, np.where(sky_and_grass()[..., [0, 0, 0]] > 100, 255, 0)),
        (np.dstack([sky_and_grass(), np.full((40, 60), 255, np.uint8)]), sky_and_grass()),
    ],
)
def test_arrays(array: Any, expected: Any) -> None:
    before = array.copy()
    found = open_picture(array)
    np.testing.assert_array_equal(found.rgb, expected)
    np.testing.assert_array_equal(array, before)
    assert (found.width, found.height, found.file, found.format) == (60, 40, "picture", "array")


def test_the_hash_of_an_array_is_that_of_its_values() -> None:
    plain, turned = sky_and_grass(), np.asfortranarray(sky_and_grass())
    assert open_picture(plain).sha256 == open_picture(turned).sha256
    assert open_picture(plain).sha256 == open_picture(plain[...].copy()).sha256
    deep = sky_and_grass().astype("<u2")
    assert open_picture(deep).sha256 == open_picture(deep.astype(">u2")).sha256
    others = [
        plain,
        deep,
        sky_and_grass()[::-1],
        sky_and_grass().reshape(60, 40, 3),
        sky_and_grass()[..., 0],
        sky_and_grass()[..., :1],
    ]
    assert len({open_picture(one).sha256 for one in others}) == len(others)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.zeros((3, 40, 60), np.uint8), "numpy.moveaxis(array, 0, -1)"),
        (np.zeros((1, 40, 60), np.uint8), "numpy.moveaxis"),
        (np.zeros((40, 60, 2), np.uint8), "is no picture"),
        (np.zeros((2, 40, 60, 3), np.uint8), "is no picture"),
        (np.zeros(40, np.uint8), "is no picture"),
        (np.zeros((0, 60, 3), np.uint8), "has no pixels"),
        (np.zeros((4, 4), np.int64), "give uint8"),
        (np.zeros((4, 4), np.complex64), "give uint8"),
        (np.array([["a", "b"]]), "give uint8"),
        (np.full((4, 4, 3), 200.0), "scale them to 0..1"),
        (np.full((4, 4, 3), -0.1), "scale them to 0..1"),
        (np.full((4, 4, 3), np.nan), "scale them to 0..1"),
        (np.full((4, 4, 3), np.inf), "scale them to 0..1"),
    ],
)
def test_arrays_that_are_no_picture(array: Any, expected: str) -> None:
    assert expected in refused(array)


def test_arrays_are_bounded_and_other_libraries_are_told_the_way() -> None:
    assert "more than 100 pixels" in refused(np.zeros((20, 20), np.uint8), max_pixels=100)
    assert "has more than 100000000 pixels" in refused(np.broadcast_to(np.uint8(0), (20_000, 20_000, 3)))

    class Tensor:
        def permute(self, *_: int) -> Tensor:
            return self

    assert "tensor.permute(1, 2, 0).numpy()" in refused(Tensor(), UsageError)


# ---------------------------------------------------------------- Pillow images


@pytest.mark.parametrize(
    "mode", ["RGB", "L", "P", "1", "CMYK", "YCbCr", "LAB", "HSV", "RGBA", "LA", "I", "F", "I;16", "RGBX", "PA"]
)
def test_pillow_images_of_any_mode(mode: str) -> None:
    plain = Image.fromarray(sky_and_grass())
    image = (
        plain.convert("L").convert(mode)
        if mode in {"I", "F", "I;16", "PA", "LA"}
        else plain.convert(mode)
        if mode != "LAB"
        else None
    )
    if image is None:
        profiles = [ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")]
        image = ImageCms.profileToProfile(plain, profiles[0], profiles[1], outputMode="LAB")
    assert image is not None
    found = open_picture(image)
    assert found.rgb.shape == (40, 60, 3)
    assert (found.file, found.format) == ("picture", "Pillow image")
    if mode in {"RGB", "RGBA", "RGBX"}:
        np.testing.assert_array_equal(found.rgb, sky_and_grass())
    assert found.sha256 == open_picture(image.copy()).sha256


def test_a_pillow_image_turned_and_with_a_profile(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.rot90(sky_and_grass()).copy())
    content = encode_picture(stored, "PNG", exif=exif)
    with Image.open(io.BytesIO(content)) as image:
        found = open_picture(image)
        assert image.size == (40, 60), "left as it is"
    np.testing.assert_array_equal(found.rgb, sky_and_grass())
    assert (found.width, found.height, found.format) == (60, 40, "PNG")
    marked = Image.fromarray(sky_and_grass())
    marked.info["icc_profile"] = b"no profile"
    assert "can't be used" in open_picture(marked).notes[0]
    assert open_picture(marked).sha256 != open_picture(Image.fromarray(sky_and_grass())).sha256


def test_pillow_images_are_bounded_and_may_be_damaged() -> None:
    assert "more than 100 pixels" in refused(Image.new("L", (20, 20)), max_pixels=100)
    assert "no pixels" in refused(Image.new("L", (0, 5)))
    with Image.open(io.BytesIO(PNG[:-40])) as image:
        assert "can't be decoded" in refused(image)


# ---------------------------------------------------------------- from Python and from the command line


def test_compose_and_see_take_them_all() -> None:
    scenes = [Pipeline.load().see(one) for one in (PNG, io.BytesIO(PNG), sky_and_grass(), Image.fromarray(sky_and_grass()))]
    assert {one.picture.file for one in scenes} == {"picture"}
    assert len({one.model_dump_json(include={"cues"}) for one in scenes}) == 1
    piece = img2music.compose(sky_and_grass(), seconds=5, audio=None)
    assert piece.scene is not None
    assert piece.scene.picture.format == "array"


def command(arguments: list[object], given: bytes | None) -> subprocess.CompletedProcess[bytes]:
    line = [sys.executable, "-m", "img2music", *map(str, arguments)]
    return subprocess.run(line, input=given, capture_output=True, check=False)


def test_standard_input(tmp_path: Path, make_picture: Callable[..., Path]) -> None:
    content = make_picture("hill.png").read_bytes()
    out = tmp_path / "out"
    done = command(["compose", "-", "-o", out, *QUICK_OPTIONS], content)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {path.name for path in (out / "stdin").iterdir()} == PIECE_FILES
    recorded = json.loads((out / "stdin" / "scene.json").read_text())["picture"]
    assert (recorded["file"], recorded["sha256"]) == ("stdin", hashlib.sha256(content).hexdigest())
    seen = command(["see", "-", "--json"], content)
    assert json.loads(seen.stdout)["picture"]["file"] == "stdin"
    planned = command(["plan", "-", "-o", out, "--json"], content)
    assert json.loads(planned.stdout)["version"]
    assert (out / "stdin" / "plan.json").is_file()


def test_standard_input_that_holds_nothing_or_is_named_twice() -> None:
    empty = command(["see", "-"], b"")
    assert (empty.returncode, empty.stdout) == (3, b"")
    assert "standard input is empty; pipe a picture into it" in assert_one_line(empty.stderr.decode())
    for verb in ("see", "plan", "compose"):
        twice = command([verb, "-", "-"], PNG)
        assert (twice.returncode, twice.stdout) == (2, b"")
        assert "only once" in assert_one_line(twice.stderr.decode())


def test_a_terminal_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    assert "standard input is a terminal" in refused("-")
    monkeypatch.setattr(sys, "stdin", None)
    assert "no standard input" in refused("-")
    monkeypatch.setattr(sys, "stdin", io.StringIO("text"))
    assert "can't be read" in refused("-")


def test_standard_input_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        def readinto(self, buffer: Any) -> int:
            return len(buffer)

        def readable(self) -> bool:
            return True

    monkeypatch.setattr(picture_sources, "LARGEST_FILE", 1_000_000)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    assert "larger than 1 MB" in refused("-")
