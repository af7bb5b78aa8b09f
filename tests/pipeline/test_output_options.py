"""The options that all ways of making a piece share."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from img2music import Brief, Pipeline
from img2music.brief import _OPTIONS, Wishes
from img2music.errors import UsageError
from img2music.manifest import AudioInfo
from img2music.pipeline.output_options import Output, OutputOptions, recorded_output, split_options
from tests.support.made_scenes import make_scene


def test_options_and_wishes_are_parted_and_none_is_lost() -> None:
    given: Any = {"audio": None, "seconds": 5, "stems": False, "loudness": 3}
    output, wishes = split_options(given)
    assert output == {"audio": None, "stems": False}
    assert wishes == {"seconds": 5, "loudness": 3}


def test_no_option_is_a_wish_and_a_brief_knows_every_option() -> None:
    assert not set(OutputOptions.__annotations__) & set(Wishes.__annotations__)
    assert set(_OPTIONS) == {*OutputOptions.__annotations__, "max_pixels", "model", "pipeline", "prompts"}


def test_an_unknown_option_names_the_nearest() -> None:
    wrong: Any = {"stem": True}
    with pytest.raises(UsageError, match=r"no option 'stem' \(did you mean 'stems'\?\)"):
        Pipeline.load().compose_from(make_scene(), Brief.of(seconds=5), **wrong)


@pytest.mark.parametrize("audio", [None, AudioInfo(format="mp3", stems=True, embed=True, sample_rate=44100)])
def test_a_record_gives_the_options_back(audio: AudioInfo | None) -> None:
    output = Output.of(**recorded_output(audio))
    assert (output.audio, output.stems, output.embed_audio) == (
        (None, False, False) if audio is None else (audio.format, audio.stems, audio.embed)
    )
    assert pickle.loads(pickle.dumps(output)) == output  # noqa: S301  our own bytes
