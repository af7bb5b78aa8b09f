"""`python -m img2music` is the same as `img2music`: the door of the command line, which can be left by Ctrl-C from its first moment."""

import sys

__all__ = ["run"]

_INTERRUPTED = 130


def run() -> int:
    """Runs one command and returns its exit code."""
    try:
        from img2music.cli import main  # takes a moment
    except KeyboardInterrupt:
        sys.stderr.write("img2music: interrupted\n")
        return _INTERRUPTED
    return main()


if __name__ == "__main__":
    sys.exit(run())
