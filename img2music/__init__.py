"""A picture becomes a finished piece of music that can be heard, read, edited and explained.

    >>> import img2music
    >>> piece = img2music.compose("photo.jpg", seed=7)  # doctest: +SKIP
    >>> piece.save("out/photo")  # doctest: +SKIP

`compose` does everything; `Pipeline` does one stage at a time. Every error derives from `Img2MusicError`. Nothing is loaded
before it is used, so importing costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Unpack

    from img2music.audio import Audio
    from img2music.brief import Brief
    from img2music.errors import Img2MusicError
    from img2music.io.pictures import PictureSource
    from img2music.performance import Performance
    from img2music.piece import Piece
    from img2music.pipeline import Event, Pipeline
    from img2music.pipeline.output_options import PieceOptions
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene
    from img2music.score import Score

    __version__: str

__all__ = [
    "Audio",
    "Brief",
    "CompositionPlan",
    "Event",
    "Img2MusicError",
    "Performance",
    "Piece",
    "Pipeline",
    "Scene",
    "Score",
    "__version__",
    "compose",
]

_HOMES = {
    "Audio": "audio",
    "Brief": "brief",
    "CompositionPlan": "plan",
    "Event": "pipeline",
    "Img2MusicError": "errors",
    "Performance": "performance",
    "Piece": "piece",
    "Pipeline": "pipeline",
    "Scene": "scene",
    "Score": "score",
}


def compose(
    picture: PictureSource,
    brief: Brief | None = None,
    *,
    pipeline: str | Path = "offline",
    model: str | None = None,
    prompts: Iterable[str] = (),
    max_pixels: int | None = None,
    **options: Unpack[PieceOptions],
) -> Piece:
    """A finished piece from a picture: ``compose("photo.jpg", seconds=30, key="D minor", seed=7)``.

    Args:
        picture: path of a picture ("-" is standard input), the bytes of one, a file opened in mode "rb", a Pillow image, or a numpy
            array of (height, width) or (height, width, 3); see `img2music.io.pictures.PictureSource`.
        brief: what is asked for; what it leaves open is decided from the picture.
        pipeline: name of a preset, or path of a pipeline file.
        model: for a pipeline that asks one, the line that names another: ``"openai:gpt-4o-mini"``, see `img2music.models`.
        prompts: names or files of prompt templates to ask with.
        max_pixels: a picture of more pixels is refused before it is decoded; None is what memory allows, see `open_picture`.
        options: what is asked for, as fields of a `Brief`: seconds (1 to 1800, or "1:30"), tempo_bpm (20 to 300), key, meter, style,
            instruments, words, seed, loop; and what is wanted beyond the notes: audio (format of the sound's file, "wav" unless
            given; None makes no sound, which is much faster), stems (each part's sound too), takes (how many candidates are
            written, 1 to 100; the one with the best measurements is kept), embed_audio (whether the report carries the sound even
            where it is large), pdf (the engraved pages as PDF), parts (each player's own part), video ("picture" or "score", with
            the sound) and video_shape ("wide", "square", "tall"), on_event (told of each step).

    Returns:
        The piece: `.scene`, `.plan`, `.score`, `.performance`, `.audio` (float32 (channels, frames) in [-1, 1]), `.save(folder)`.

    Raises:
        PictureError: no readable picture. BriefError: a wish that can't be met. UsageError: an unknown name.
        BackendError: a stage failed. All of them are `Img2MusicError`.
    """
    from img2music.pipeline import Pipeline

    return Pipeline.load(pipeline, model=model, prompts=prompts).compose(picture, brief, max_pixels=max_pixels, **options)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("img2music")
        except PackageNotFoundError:  # run from a folder that was never installed
            return "unknown"
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"img2music.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'img2music' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
