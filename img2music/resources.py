"""Finds the data that comes with the program: styles, pipelines, prompts, assets, example pictures.

In a wheel they lie inside the package; in a checkout `pipelines/`, `prompts/` and `demo/examples/` lie beside it.
Knows nothing of what the files mean.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["asset_path", "cache_folder", "data_folder"]


def data_folder(folder: str) -> Traversable:
    """The data folder `folder` ("styles", "pipelines", "demo/examples" ...).

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    installed = files("img2music").joinpath(folder)
    if installed.is_dir():
        return installed
    checkout = Path(__file__).parents[1] / folder
    if checkout.is_dir():
        return checkout
    raise FileNotFoundError(
        f"img2music's data folder {folder!r} is in neither {installed} nor {checkout}; install img2music again"
    )


def asset_path(name: str) -> Path:
    """Path of a file in `img2music/assets` (the soundfont, a text font).

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    path = Path(__file__).parent / "assets" / name
    if not path.is_file():
        raise FileNotFoundError(f"img2music's asset {name!r} is not at {path}; install img2music again")
    return path


def cache_folder() -> Path:
    """Where derived files may be kept between runs: ``$IMG2MUSIC_CACHE`` or the platform's cache folder.

    The folder is not made here; everything in it can be deleted at any time.
    """
    import os

    chosen = os.environ.get("IMG2MUSIC_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("img2music", appauthor=False))
