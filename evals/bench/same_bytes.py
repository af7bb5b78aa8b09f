"""Did a change of the program change a piece? Ninety-nine pieces, every file of each hashed, beside the hashes of an earlier run.

    python -m evals.bench.same_bytes --record before.json
    python -m evals.bench.same_bytes --against before.json [--jobs 2]

Each style is played three times: in modes, metres, keys, lengths and pictures that go round, some as loops, some with plain words, every
eleventh with its sound. Nothing but the public interface is used, so any two versions of the program can be compared. Left out is what
differs between two runs of one version: the manifest's `timing` and the `checksum` over it.

Prints a line a piece that differs, with the files that do, and one line for all: a digest to quote. Leaves with 1 where a piece differs.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import img2music
from evals.shared.command_line import ScriptParser
from evals.shared.paths import example_pictures

if TYPE_CHECKING:
    from collections.abc import Sequence

MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian")
METERS = (None, "4/4", "3/4", None, "6/8", "5/4", "2/4", None, "7/8", "12/8")
TONICS = ("C", "F#", "Bb", "D", "Ab", "E", "G", "Eb", "A", "B", "F", "C#")
WORDS = (None, "slow and sad", "a fast waltz with flute", "calm, in the evening")


def briefs() -> list[dict[str, Any]]:
    """What is asked for, a dictionary of `img2music.compose` a piece."""
    folder = Path(img2music.__file__).parent / "styles"
    found = []
    for number, style in enumerate(sorted(path.stem for path in folder.glob("*.yaml")) * 3):
        asked: dict[str, Any] = {"style": style, "seconds": 12 + number % 5 * 7, "seed": number}
        if number % 2:
            asked["key"] = f"{TONICS[number % len(TONICS)]} {MODES[number % len(MODES)]}"
        asked |= {name: value for name, value in (("meter", METERS[number % len(METERS)]),) if value}
        if number % 6 == 5 and (words := WORDS[number % len(WORDS)]):
            asked["words"] = words
        if number % 13 == 12:
            asked["loop"] = True
        if number % 4 == 3:
            asked["tempo_bpm"] = 50 + number
        found.append(asked)
    return found


def without_run_facts(name: str, data: bytes) -> bytes:
    """A file without what differs between two runs."""
    if name == "piece.json":
        manifest = json.loads(data)
        for field in ("timing", "checksum"):
            manifest.pop(field, None)
        return json.dumps(manifest, sort_keys=True).encode()
    return data


def hash_piece(number_and_brief: tuple[int, dict[str, Any]]) -> tuple[str, dict[str, str]]:
    """The hashes of one piece's files."""
    number, brief = number_and_brief
    pictures = example_pictures()
    picture = pictures[number % len(pictures)]
    label = f"{number:02} {picture.stem} " + json.dumps(brief, sort_keys=True)
    try:
        piece = img2music.compose(picture, audio="wav" if number % 11 == 0 else None, **brief)
    except img2music.Img2MusicError as error:
        return label, {"refused": f"{type(error).__name__}: {error}"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "piece"
        piece.save(out)
        return label, {
            path.relative_to(out).as_posix(): hashlib.sha256(without_run_facts(path.name, path.read_bytes())).hexdigest()[:16]
            for path in sorted(out.rglob("*"))
            if path.is_file()
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the pieces, and compare them where asked."""
    parser = ScriptParser(__doc__)
    parser.add_argument("--record", type=Path, help="write the hashes to this file")
    parser.add_file("--against", help="compare with the hashes in this file")
    parser.add_argument("--jobs", type=int, default=2, help="processes at once (2)")
    options = parser.parse_args(arguments)
    with get_context("spawn").Pool(options.jobs) as pool:
        pieces = dict(pool.map(hash_piece, enumerate(briefs()), chunksize=4))
    digest = hashlib.sha256(json.dumps(pieces, sort_keys=True).encode()).hexdigest()
    if options.record:
        options.record.write_text(json.dumps(pieces, indent=1), encoding="utf-8")
    differing = 0
    if options.against:
        before = json.loads(options.against.read_text(encoding="utf-8"))
        for label in sorted(before.keys() | pieces.keys()):
            old, new = before.get(label, {}), pieces.get(label, {})
            files = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
            if files:
                differing += 1
                print(f"{label}: {', '.join(files)}")
    refused = sum("refused" in files for files in pieces.values())
    print(
        f"{len(pieces)} pieces, {refused} refused, {sum(len(files) for files in pieces.values())} files, digest {digest[:16]}, {differing} differ"
    )
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
