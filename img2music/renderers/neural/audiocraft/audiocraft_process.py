"""Starting audiocraft in its environment: to play, or only to fetch weights with all that they need.

Without leave nothing is fetched: the Hugging Face hub is kept back by its own variables, everything else by the worker.
"""

from __future__ import annotations

from pathlib import Path

from img2music.errors import BackendError
from img2music.registry.sound_models import find_sound_model
from img2music.renderers.external.environments import environment_remedy
from img2music.renderers.external.worker import Worker
from img2music.renderers.neural.audiocraft.audiocraft_environment import find_python, model_kind
from img2music.renderers.neural.weights import licence_facts

__all__ = ["MODULE_FOLDERS", "fetch_weights", "start_audiocraft", "with_remedy"]

MODULE_FOLDERS: tuple[Path, ...] = ()
"""Where the worker looks for modules before its environment."""
_NAME = "audiocraft"
_SCRIPT = Path(__file__).with_name("audiocraft_worker.py")
_START_SECONDS, _ANSWER_SECONDS, _DOWNLOAD_SECONDS = 120.0, 1200.0, 14_400.0


def start_audiocraft(interpreter: Path, *, download: bool) -> Worker:
    """The program, to be entered; see `Worker`.

    Args:
        interpreter: the Python of its environment.
        download: whether what is not here yet may be fetched.
    """
    environment = {"TOKENIZERS_PARALLELISM": "false", "PYTHONDONTWRITEBYTECODE": "1"}
    if not download:
        environment.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    return Worker(
        interpreter,
        _SCRIPT,
        name=_NAME,
        remedy=environment_remedy(_NAME),
        start_seconds=_START_SECONDS,
        answer_seconds=_DOWNLOAD_SECONDS if download else _ANSWER_SECONDS,
        module_folders=MODULE_FOLDERS,
        environment=environment,
    )


def fetch_weights(weights: str) -> None:
    """Fetches weights with all that they need, by audiocraft itself in its environment, where they are loaded once.

    Raises:
        UsageError: weights that it does not play.
        BackendError: no environment, no network, a full disk, weights that hold more than numbers: one line. Cancelled: the work was stopped.
    """
    request = {"model": model_kind(weights), "weights": weights, "device": "cpu", "download": True, "fetch": True}
    with start_audiocraft(find_python(), download=True) as worker:
        worker.ask(request)


def with_remedy(error: BackendError, weights: str) -> BackendError:
    """The error of a question; of what is not here also how it comes, how much it is and under which licence."""
    if "downloading is not allowed" not in str(error):
        return error
    fetches = f"`img2music models install {weights}` fetches it, or " if find_sound_model(weights) else ""
    return BackendError(f"{error}; {fetches}set download: true in the pipeline ({licence_facts(weights)})")
