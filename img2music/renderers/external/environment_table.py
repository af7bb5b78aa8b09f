"""Which environments of their own there are, and what each is made of: a row for each renderer whose packages can't share ours.

Sizes are of the download, in gigabytes, rounded up. Versions are those that our side was written against, so that what worked goes on working.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ENVIRONMENTS", "Environment"]


@dataclass(frozen=True, slots=True)
class Environment:
    """What an environment is made of."""

    name: str
    """Of the renderer that works in it."""
    pythons: tuple[str, ...]
    """Versions of Python that its packages run on, the best first: "3.11"."""
    packages: tuple[tuple[str, ...], ...]
    """What pip is asked for, a line each: its arguments."""
    gigabytes: float
    """Of all packages."""
    licence: str
    """Of the packages."""
    fetches: tuple[tuple[str, ...], ...] = ()
    """What fetches the weights, a command each: arguments of its Python, in which "{name}" is their name. Empty where they come in another way."""
    keeps: str = ""
    """Where the weights lie."""
    modules: tuple[str, ...] = ()
    """What has to be there to be imported, for a look at whether the environment is whole."""
    files: tuple[tuple[str, ...], ...] = ()
    """What else is put into it once its packages are there, a command each: arguments of its Python."""
    source: str = "the Python Package Index"
    """Where the packages come from."""


_MRT = "from magenta_rt.cli import main; main()"
_AUDIOCRAFT = "facebookresearch/audiocraft"
_COMMIT = "ed418e4bce89c93f5281ad34f4618b23958157ec"
_CHORDS = "assets/chord_to_index_mapping.pkl"
_FETCH_CHORDS = (
    "import pathlib, sys, urllib.request as r; to = pathlib.Path(sys.prefix, sys.argv[2]); to.parent.mkdir(exist_ok=True); "
    "to.write_bytes(r.urlopen(sys.argv[1], timeout=60).read())"
)
ENVIRONMENTS: dict[str, Environment] = {
    environment.name: environment
    for environment in (
        Environment(
            name="magenta-rt",
            pythons=("3.11", "3.12"),
            # 2.0.3 is what our side was written against; typeguard 4 refuses its annotations.
            packages=(("magenta-rt[jax]==2.0.3", "typeguard==2.13.3"),),
            gigabytes=0.5,
            licence="Apache-2.0",
            fetches=(("-I", "-c", _MRT, "models", "init"), ("-I", "-c", _MRT, "checkpoints", "download", "{name}")),
            keeps="$MAGENTA_HOME, or Documents/Magenta in your home folder",
            modules=("numpy", "jax", "magenta_rt"),
        ),
        Environment(
            name="audiocraft",
            pythons=("3.10", "3.11", "3.9"),
            # JASCO is in the repository and in no release. What it needs is named here, as its own list pins av==11, which pip has to build;
            # what only trains, judges or serves is left out. Later versions of transformers and spacy no longer take its torch and numpy.
            packages=(
                (
                    *(
                        "torch==2.1.0",
                        "torchaudio==2.1.0",
                        "xformers==0.0.22.post7",
                        "numpy<2",
                        "transformers<4.45",
                        "spacy<3.8",
                        "av>=12",
                    ),
                    *(
                        "einops",
                        "flashy",
                        "hydra-core",
                        "hydra-colorlog",
                        "julius",
                        "num2words",
                        "sentencepiece",
                        "huggingface-hub",
                    ),
                    *("demucs", "librosa", "soundfile", "torchmetrics", "encodec", "protobuf"),
                ),
                ("--no-deps", f"https://github.com/{_AUDIOCRAFT}/archive/{_COMMIT}.zip"),
            ),
            gigabytes=4.0,
            licence="MIT",
            keeps="the cache of the Hugging Face hub ($HF_HOME), and that of torch ($TORCH_HOME)",
            modules=("torch", "numpy", "audiocraft", "audiocraft.models"),
            # The names of JASCO's chords lie beside the package in its repository, and pip installs the package alone.
            files=(("-I", "-c", _FETCH_CHORDS, f"https://raw.githubusercontent.com/{_AUDIOCRAFT}/{_COMMIT}/{_CHORDS}", _CHORDS),),
            source="the Python Package Index and github.com",
        ),
    )
}
"""By name."""
