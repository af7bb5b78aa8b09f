"""Data that scripts read and that is no part of this project: what it is, where to get it, which files show that it is there.

Every set is named by the folder that a user gives. `files` are patterns below it; each has to match
something (alternatives are parted by a bar).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "BASS", "BERKELEY", "BILLBOARD", "EMOPIA", "GROOVE", "JSB", "LEAD_SHEETS", "OASIS", "OPENEWLD", "PHOTOGRAPHS", "POP909", "VGMIDI", "DataSet",
    "csv_rows",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DataSet:
    """One set."""

    title: str
    """Name, authors, licence."""
    source: str
    """Where to get it."""
    files: tuple[str, ...]

    def missing(self, folder: Path) -> str | None:
        """The first pattern that nothing in `folder` matches; None where the set is whole."""
        for pattern in self.files:
            if not any(next(folder.glob(name), None) for name in pattern.split("|")):
                return pattern.replace("|", ", ")
        return None

    @property
    def line(self) -> str:
        """What it is and where to get it."""
        return f"{self.title}; {self.source}"


def csv_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table whose first line names the columns; a byte order mark does not count."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


PHOTOGRAPHS = DataSet(
    "any photographs", "a folder of your own, or demo/examples", ("*.jpg|*.jpeg|*.png|*.webp|*.JPG|*.JPEG|*.PNG",)
)
OASIS = DataSet(
    "OASIS, photographs and how people feel at them (Kurdi, Lozano & Banaji 2017; for evaluation only)",
    "https://www.benedekkurdi.com/#oasis",
    ("images/*.jpg", "norms.csv"),
)
BASS = DataSet(
    "BASS, silhouettes that people rated (Kawai, Lukács & Ansorge; CC BY 4.0)",
    "https://github.com/gasparl/BASS",
    ("images/*.png", "BASS_data.csv"),
)
BERKELEY = DataSet(
    "Berkeley Color Project, moods of 37 colours (Palmer, Schloss, Xu & Prado-León 2013)",
    "supplement of PNAS 110, doi 10.1073/pnas.1212562110",
    ("T_BCP.csv",),
)
EMOPIA = DataSet(
    "EMOPIA, piano clips by quadrant of feeling (Hung et al. 2021; CC BY-NC-SA 4.0, for evaluation only)",
    "https://zenodo.org/record/5090631",
    ("labels.csv", "midi/*.mid"),
)
VGMIDI = DataSet(
    "VGMIDI, rated piano arrangements of game music (Ferreira & Whitehead 2019; no licence, for evaluation only)",
    "https://github.com/lucasnfe/vgmidi",
    ("ratings.csv", "midi/*.mid"),
)
OPENEWLD = DataSet("OpenEWLD, lead sheets (F. Simonetta 2018; MIT)", "https://github.com/00sapo/OpenEWLD", ("dataset/*/*/*.mxl",))
POP909 = DataSet(
    "POP909 with phrases (Wang et al. 2020; Dai, Zhang & Dannenberg 2020; MIT, statistics only)",
    "https://github.com/music-x-lab/POP909-Dataset, labels from https://github.com/Dsqvival/hierarchical-structure-analysis",
    ("[0-9]*/melody.txt", "[0-9]*/human_label1.txt"),
)
LEAD_SHEETS = DataSet(
    "a folder that holds POP909 and OpenEWLD under the names pop909 and openewld",
    "https://github.com/music-x-lab/POP909-Dataset and https://github.com/00sapo/OpenEWLD",
    ("pop909/[0-9]*/melody.txt", "pop909/[0-9]*/human_label1.txt", "openewld/dataset/*/*/*.mxl"),
)
BILLBOARD = DataSet(
    "McGill Billboard, chords of chart songs (Burgoyne, Wild & Fujinaga 2011; CC0)",
    "https://ddmal.music.mcgill.ca/research/The_McGill_Billboard_Project_(Chord_Analysis_Dataset)",
    ("salami_chords/*/salami_chords.txt",),
)
JSB = DataSet(
    "Bach's chorales as sixteenths (Boulanger-Lewandowski et al. 2012; music in the public domain)",
    "https://github.com/czhuang/JSB-Chorales-dataset",
    ("Jsb16thSeparated.json",),
)
GROOVE = DataSet(
    "Groove MIDI Dataset, drummers (Gillick et al. 2019; CC BY 4.0)",
    "https://magenta.tensorflow.org/datasets/groove",
    ("info.csv", "drummer*/*/*.mid"),
)
