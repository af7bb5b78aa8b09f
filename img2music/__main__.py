"""`python -m img2music` is the same as `img2music`."""

import sys

from img2music.cli import main

if __name__ == "__main__":
    sys.exit(main())
