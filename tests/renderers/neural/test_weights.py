"""Weights: which files, what their licence allows, and a hub that refuses, breaks off or is not there."""

from __future__ import annotations

import json
import shutil
import threading
from collections import namedtuple
from typing import TYPE_CHECKING

import pytest

from img2music.cancellation import Cancelled, CancelToken, cancelled_by
from img2music.errors import BackendError, UsageError
from img2music.provenance import notices_to
from img2music.registry.commercial_use import commercial_use_of, meant_for_commercial_use, talking_model_licence
from img2music.renderers.neural import weights as w
from img2music.renderers.neural.hub_download import needed_files
from img2music.renderers.neural.model_card import licence_on_card
from tests.support import extras
from tests.support.commands import assert_one_line
from tests.support.stub_hub import StubHub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

extras.require("musicgen")
CARD = b"---\nlicense: mit\ntags:\n- music\n---\n# A model\n"
MODEL = {
    "README.md": CARD,
    "config.json": b"{}",
    "model.safetensors": b"w" * 300_000,
    "pytorch_model.bin": b"pickle",
    "modeling_evil.py": b"print(1)",
    "tokenizer.json": b"{}",
    "spiece.model": b"s",
    "compression/state_dict.bin": b"pickle",
}
PIPELINE = {
    "README.md": b"---\nlicense: other\nlicense_name: stability-ai-nc\n---\n",
    "model_index.json": json.dumps(
        {"_class_name": "P", "vae": ["diffusers", "V"], "scheduler": ["diffusers", "S"], "extra": [None, None]}
    ).encode(),
    "model.safetensors": b"the same once more",
    "vae/config.json": b"{}",
    "vae/diffusion_pytorch_model.safetensors": b"v",
    "vae/diffusion_pytorch_model.fp16.safetensors": b"v",
    "scheduler/scheduler_config.json": b"{}",
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StubHub]:
    with StubHub({"owner/model": dict(MODEL), "owner/pipeline": dict(PIPELINE)}) as server:
        server.use(monkeypatch, tmp_path / "cache")
        yield server


def test_only_what_is_needed_is_taken_and_weights_come_last() -> None:
    assert needed_files(MODEL, "README.md") == ("README.md", "config.json", "spiece.model", "tokenizer.json", "model.safetensors")
    assert needed_files(PIPELINE, "README.md") == (
        "README.md", "model_index.json", "scheduler/scheduler_config.json", "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
    )  # fmt: skip
    odd = ["../up.json", "/etc/x.json", "a/b/c.json", "config.json", "model-00001-of-00002.safetensors", "model.safetensors"]
    assert needed_files(odd, "README.md") == ("config.json", "model.safetensors")


@pytest.mark.enable_socket
def test_weights_are_fetched_once_and_told_of_before(hub: StubHub) -> None:
    told: list[str] = []
    assert not w.is_here("owner/model")
    # In no list, so `models install` does not know them: they come with the first piece.
    assert "the next piece fetches them" in w.not_here("owner/model")
    with notices_to(told.append):
        folder = w.weights_folder("owner/model", renderer="musicgen")
        asked = len(hub.asked)
        assert w.weights_folder("owner/model", renderer="musicgen") == folder
    assert len(hub.asked) == asked
    assert {file.name for file in folder.iterdir()} == {
        "README.md", "config.json", "spiece.model", "tokenizer.json", "model.safetensors"
    }  # fmt: skip
    assert told == ["fetching weights owner/model (0.3 MB; licence mit: commercial use allowed)"]
    assert w.licence_of("owner/model") == ("mit", True)
    assert w.not_here("owner/model") == ""
    pipeline = w.weights_folder("owner/pipeline", renderer="diffusers", commercial=False)
    assert not (pipeline / "model.safetensors").exists()
    assert w.licence_of("owner/pipeline") == ("stability-ai-nc", False)


@pytest.mark.enable_socket
def test_a_broken_download_goes_on_where_it_stopped(hub: StubHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OSError("[Errno 104] Connection reset by peer")

    with monkeypatch.context() as patch:
        patch.setattr("huggingface_hub.file_download.http_get", gone)
        with pytest.raises(BackendError, match=r"could not be fetched .*the next piece goes on where it stopped"):
            w.weights_folder("owner/model", renderer="musicgen")
    assert not w.is_here("owner/model")
    hub.cut_after = 100_000
    folder = w.weights_folder("owner/model", renderer="musicgen")
    assert (folder / "model.safetensors").read_bytes() == MODEL["model.safetensors"]


@pytest.mark.enable_socket
def test_a_download_is_stopped_at_once(hub: StubHub) -> None:
    hub.repositories["owner/model"]["model.safetensors"] = b"w" * 3_000_000
    hub.slow_seconds = 0.2
    token = CancelToken()
    timer = threading.Timer(1.0, token.cancel)
    timer.start()
    with pytest.raises(Cancelled), cancelled_by(token):
        w.weights_folder("owner/model", renderer="musicgen")
    timer.join()
    assert not w.is_here("owner/model")


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ((403, "GatedRepo"), "accept their terms: do so at https://huggingface.co/owner/model"),
        ((404, "RepoNotFound"), "has no weights owner/model"),
        ((503, ""), r"refused weights owner/model \(HTTP 503\); try again later"),
    ],
)
def test_a_hub_that_refuses(hub: StubHub, refused: tuple[int, str], words: str) -> None:
    hub.refused = refused
    with pytest.raises(BackendError, match=words) as caught:
        w.weights_folder("owner/model", renderer="musicgen")
    assert_one_line(f"img2music: {caught.value}\n")
    assert "models install owner/model" not in str(caught.value), "that installs what is in the list"


@pytest.mark.enable_socket
def test_a_full_disk_and_no_network(hub: StubHub, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 1000))
    with pytest.raises(BackendError, match=r"need 0.3 MB, and 0.0 MB are free .* set HF_HOME"):
        w.weights_folder("owner/model", renderer="musicgen")
    monkeypatch.undo()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(BackendError, match="HF_HUB_OFFLINE forbids"):
        w.weights_folder("owner/other", renderer="musicgen")


@pytest.mark.enable_socket
def test_what_forbids_commercial_use_is_refused_before_anybody_is_asked(hub: StubHub) -> None:
    for name, words in (("facebook/musicgen-small", "forbid commercial use"), ("owner/model", "licence is 'not known'")):
        with pytest.raises(BackendError, match=words):
            w.weights_folder(name, renderer="musicgen", commercial=True)
        with pytest.raises(BackendError, match=words), meant_for_commercial_use(True):
            w.weights_folder(name, renderer="musicgen")
    assert "take a pipeline whose weights allow it, such as magenta-rt" in w.commercial_fault("facebook/musicgen-small")
    assert hub.asked == []
    w.weights_folder("owner/model", renderer="musicgen")
    w.weights_folder("owner/model", renderer="musicgen", commercial=True)  # its card says mit


def test_folders_that_can_not_be_loaded(tmp_path: Path) -> None:
    def fault(**files: bytes) -> str:
        shutil.rmtree(tmp_path / "m", ignore_errors=True)
        for name, content in files.items():
            place = tmp_path / "m" / name.replace("__", "/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        with pytest.raises(BackendError) as caught:
            w.weights_folder(str(tmp_path / "m"), renderer="musicgen")
        assert str(tmp_path) not in str(caught.value)
        assert not w.is_here(str(tmp_path / "m"))
        return str(caught.value)

    assert "no config.json" in fault(**{"a.txt": b""})
    assert "a pickle can run code" in fault(**{"config.json": b"{}", "pytorch_model.bin": b""})
    index = json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "../x.safetensors"}}).encode()
    parts = {"config.json": b"{}", "model.safetensors.index.json": index, "model-00001-of-00002.safetensors": b""}
    assert "not whole" in fault(**parts)
    assert "index.json is not valid" in fault(**{**parts, "model.safetensors.index.json": b'{"weight_map": 3}'})
    assert "not valid JSON" in fault(**{"model_index.json": b"[" * 100_000})
    assert "never run" in fault(**{"model_index.json": b'{"vae": ["os", "system"]}'})
    assert "never run" in fault(**{"model_index.json": b'{"../vae": ["diffusers", "V"]}'})
    assert "vae is missing" in fault(**{"model_index.json": b'{"vae": ["diffusers", "V"]}'})
    assert "a pickle" in fault(
        **{"model_index.json": b'{"vae": ["diffusers", "V"]}', "vae__config.json": b"{}", "vae__m.bin": b""}
    )


def test_a_hundredth_of_the_tensors_may_lack() -> None:
    w.check_whole("mine", 1, 100)
    w.check_whole("mine", 0, 0)
    with pytest.raises(BackendError, match=r"^weights mine lack 2 of 100 tensors; fetch them again$"):
        w.check_whole("mine", 2, 100)


def test_what_is_in_no_list_comes_with_the_next_piece() -> None:
    assert "`img2music models install facebook/musicgen-large` fetches them" in w.not_here("facebook/musicgen-large")
    assert "the next piece fetches them" in w.not_here("owner/that-nobody-knows")


def test_names_of_others_and_names_that_are_none() -> None:
    with pytest.raises(UsageError, match="are for the renderer 'audiocraft', not 'musicgen'; it plays facebook/musicgen-small"):
        w.weights_folder("facebook/musicgen-style", renderer="musicgen")
    for odd in ("", "x", "a/b/c", "../a", "a/..b", "a\0b/c", "x" * 5000, "https://a/b"):
        with pytest.raises(UsageError, match="neither a folder nor a name"):
            w.weights_folder(odd, renderer="musicgen")
    with pytest.raises(BackendError, match="`img2music models install mrt2_small` fetches them"):
        w.weights_folder("mrt2_small", renderer="magenta-rt")


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        (b"---\nlicense: cc-by-nc-4.0\n---\n", ("cc-by-nc-4.0", False)),
        (b"---\r\nlicense: 'Apache-2.0'\r\n---\r\n", ("Apache-2.0", True)),
        (b"---\nlicense:\n- mit\n- cc-by-nc-sa-4.0\n---\n", ("mit and cc-by-nc-sa-4.0", False)),
        (b"---\nlicense: other\n---\n", ("not known", None)),
        (b"---\nlicense: other\nlicense_name: my-own\n---\n", ("my-own", None)),
        (b"---\nlicense: [mit, other]\nlicense_name: strange\n---\n", ("mit and strange", None)),
        (b"---\nlicense: &a mit\nx: *a\n---\n", ("not known", None)),
        (b"---\nlicense: " + b"[" * 5000 + b"\n---\n", ("not known", None)),
        (b"---\nlicense: 3\n---\n", ("not known", None)),
        (b"---\nlicense: mit\n" + b"#" * 100_000 + b"\n---\n", ("not known", None)),
        (b"license: mit\n", ("not known", None)),
        (b"---\nlicense: mit\n", ("not known", None)),
        (b"---\n\xff\xfe\n---\n", ("not known", None)),
        (b'---\nlicense: "mit\\u001b[31m"\n---\n', ("mit?[31m", None)),
        (b"", ("not known", None)),
    ],
)
def test_model_cards_of_strangers(card: bytes, licence: tuple[str, bool | None], tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(card)
    assert licence_on_card(tmp_path) == licence
    assert licence_on_card(tmp_path / "nowhere") == ("not known", None)


def test_what_licences_allow() -> None:
    allowed = ["MIT", "apache-2.0", "CC-BY-4.0", "cc-by-sa-4.0", "cc0-1.0", "openrail++", "bsd-3-clause", "creativeml-openrail-m"]
    assert [commercial_use_of(name) for name in allowed] == [True] * len(allowed)
    forbidden = ["CC-BY-NC-4.0", "cc-by-nc-sa-4.0", "Non-Commercial", "qwen-research", "some_noncommercial_licence"]
    assert [commercial_use_of(name) for name in forbidden] == [False] * len(forbidden)
    assert [commercial_use_of(name) for name in ("other", "", "gemma", "mit or so", "bench")] == [None] * 5
    assert talking_model_licence("Qwen/Qwen2.5-VL-3B-Instruct") == ("Qwen Research", False)
    assert talking_model_licence("CohereLabs/aya-vision-8b")[1] is False
    assert talking_model_licence("Qwen/Qwen2.5-VL-7B-Instruct") == ("not known", None)
    assert talking_model_licence("qwen2.5-32b") == ("not known", None)


@pytest.mark.parametrize("name", ["/home/nobody/nowhere", "./nowhere/", "C:\\Users\\me\\nowhere"])
def test_a_folder_that_is_not_there_is_not_to_be_installed(name: str) -> None:
    said = w.readiness({"weights": name})
    assert (
        said == "no folder of weights lies where the option weights says (nowhere); check the path, or see `img2music models ls`"
    )
    assert "the next piece fetches them" in w.readiness({"weights": "some/model"})
