"""Where things lie in a checkout; the scripts are run from one (`python -m evals.bench.bench_program`)."""

from __future__ import annotations

from pathlib import Path

__all__ = ["ASSETS", "EXAMPLES", "ROOT", "example_pictures"]

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "img2music" / "assets"
EXAMPLES = ROOT / "demo" / "examples"


def example_pictures() -> list[Path]:
    """The photographs that come with img2music, in the order of their names."""
    return sorted(EXAMPLES.glob("*.jpg"))
