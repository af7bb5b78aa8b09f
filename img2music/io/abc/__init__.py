"""ABC 2.1: the score as text that people and language models read and write."""

from img2music.io.abc.export_abc import write_abc
from img2music.io.abc.import_abc import read_abc

__all__ = ["read_abc", "write_abc"]
