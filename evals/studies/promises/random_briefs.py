"""Random briefs, read back by programs that know nothing of img2music: is every promise kept?

    nice python -m evals.studies.promises.random_briefs [--briefs 500] [--seed 1] [--jobs 2] [--audio 20] [--inside] [--record FILE]

Each brief (tempo 40-208, twelve tonics, major, minor and four modes, metres 2/4 3/4 4/4 5/4 6/8 7/8, 10-300 s, up to four named
instruments or a style) is planned for one of the example pictures and written. mido reads the MIDI file, music21 the MusicXML
document, abc2midi (Debian: abcmidi) the ABC tune; each of them has to find the tempo, the metre, the key signature, the
instruments and the length that were asked for. music21 also says in which key the notes are: for major and minor pieces the key
that was asked for, its relative (same signature, other mode), or another; once with its default weights (Aarden & Essen's, learned
from German folk songs), once with Krumhansl & Kessler's. Beside that stands what our own compliance table says, line by line, and
whether it can be trusted: the same notes under a wrong label (a fifth or a semitone away, the relative key) and the same numerals under
the wrong mode, realized anew, have to be flagged. (A tune without chords follows its scale and not the numerals: then the
wrong mode is the notes' own, and only the plan's numerals tell.) With `--inside` that is all that is asked, in half the time.
The first `--audio` briefs are made with sound too, and soundfile reads how long it is.

Prints how many of the briefs kept each promise, with Wilson's 95 % interval, and each promise that was broken with its brief.
With `--record` every brief's result is appended to a file, and a second run with the same program and seed goes on where the
first one stopped.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import sys
from collections import Counter
from functools import cache, partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import img2music
from evals.shared.command_line import ScriptParser
from evals.shared.independent_readers import FileContents, read_abc_with_abc2midi, read_midi_with_mido, read_musicxml_with_music21
from evals.shared.paths import ROOT, example_pictures
from img2music.evaluation.statistics import wilson_interval
from img2music.io.midi.export_midi import write_midi
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.io.style_files import style_names
from img2music.metrics.compliance.compliance_check import check_compliance
from img2music.metrics.compliance.musicxml_contents import MusicXmlContents
from img2music.metrics.symbolic.voice_leading_faults import overlapping_unisons
from img2music.theory import MODES, Key, instrument, instrument_names

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from img2music.metrics.compliance.file_notes import FilePart
    from img2music.plan import CompositionPlan

TONICS = ("C", "C# Db", "D", "D# Eb", "E", "F", "F# Gb", "G", "G# Ab", "A", "A# Bb", "B")
MOVED = {"a fifth up": 7, "a fifth down": 5, "a semitone up": 1}
"""Semitones by which a label is moved away from its notes."""
METERS = ("2/4", "3/4", "4/4", "5/4", "6/8", "7/8")
TEMPO_MICROSECONDS = 1.0
"""MIDI keeps whole microseconds a quarter note; abc2midi cuts where others round."""
SECONDS = 0.01


def random_brief(chance: random.Random) -> img2music.Brief:
    """A wish list of the kinds named in the module's docstring."""
    tonic, mode = chance.choice(TONICS), chance.choice(sorted(MODES))
    names = [name for one in tonic.split() if (name := _key_name(one, mode))]  # nobody writes more than seven accidentals
    named = chance.random() < 0.5
    return img2music.Brief.of(
        seconds=round(chance.uniform(10, 300), 2),
        tempo_bpm=float(chance.randint(40, 208)),
        key=chance.choice(names),
        meter=chance.choice(METERS),
        style=None if named else chance.choice(style_names()),
        instruments=tuple(chance.sample(instrument_names(), chance.randint(1, 4))) if named else None,
        seed=chance.randint(0, 9999),
    )


def _key_name(tonic: str, mode: str) -> str | None:
    try:
        return Key.parse(f"{tonic} {mode}").name
    except img2music.Img2MusicError:
        return None


def promises_kept(brief: img2music.Brief, piece: img2music.Piece) -> dict[str, bool]:
    """Each promise and whether the outside readers found it kept."""
    files: dict[str, bytes] = {}
    for name, content in piece.files():
        files[name] = content
        if name == "score.abc":
            break
    played, page = read_midi_with_mido(files["score.mid"]), read_musicxml_with_music21(files["score.musicxml"].decode())
    readers = {"mido": played, "music21": page}
    if shutil.which("abc2midi"):
        readers["abc2midi"] = read_abc_with_abc2midi(files["score.abc"])
    score, parts = piece.score, piece.plan.parts
    asked = [instrument(name) for name in brief.instruments or [part.instrument for part in parts]]
    programs = frozenset(player.program for player in asked if not player.kit)
    kits = any(player.kit for player in asked)
    quarters, notes = float(score.duration_quarters), sum(len(part.notes) for part in score.parts)
    result = {}
    for reader, found in readers.items():
        result[f"tempo, {reader}"] = (
            found.tempo is not None and abs(found.tempo - 60e6 / (brief.tempo_bpm or 1)) <= TEMPO_MICROSECONDS
        )
        result[f"metre, {reader}"] = found.meter == brief.meter
        result[f"signature, {reader}"] = found.sharps == score.key.signature or (reader == "music21" and not programs)
        result[f"instruments, {reader}"] = found.drums == kits and (
            found.names == tuple(part.name for part in parts) if reader == "music21" else found.programs == programs
        )
        # The MIDI file lasts as long as was asked; the page as long as its bars, which leave the last chord time to ring.
        result[f"length, {reader}"] = (
            abs(found.length - brief.seconds) <= SECONDS if reader == "mido" else abs(found.length - quarters) <= 0.25
        )
    result["parts are the instruments named"] = not brief.instruments or {part.instrument for part in parts} == set(
        brief.instruments
    )
    result["signature is the key's"] = score.key.signature == Key.parse(brief.key or "").signature
    result["bars end before the length"] = quarters * 60 / (brief.tempo_bpm or 1) <= brief.seconds + SECONDS
    result["bars full in every voice, music21"] = not page.complaints
    result["every note on the page, music21"] = page.notes == notes
    if "abc2midi" in readers:
        result["every note in the tune, abc2midi"] = readers["abc2midi"].notes == notes
        result["no complaint of abc2midi"] = not [line for line in readers["abc2midi"].complaints if "twice" not in line]
    result["no note out of range, mido"] = in_range(played)
    result["no key struck twice at once, mido"] = not played.complaints
    result["no key of a player struck twice at once, page"] = not overlapping_unisons(score.parts)
    if piece.audio is not None:
        result["sound as long as asked"] = abs(sound_seconds(piece) - brief.seconds) <= SECONDS
    if page.key is not None and page.krumhansl is not None and score.key.mode in {"major", "minor"}:
        result |= key_found(score.key, page.key, "music21") | key_found(score.key, page.krumhansl, "Krumhansl")
    return result


def compliance_rows(piece: img2music.Piece) -> dict[str, bool]:
    """What our own compliance table says; lines that measure nothing are left out."""
    rows = piece.manifest.compliance
    result = {f"{row.promise}, compliance": row.passed for row in rows if row.passed is not None}
    mode = piece.plan.parsed_key.mode
    result |= {f"key of the notes, {mode}, compliance": bool(row.passed) for row in rows if row.tonality is not None}
    return result | {"numerals belong to the mode": piece.plan.contradiction() is None}


def flagged(piece: img2music.Piece, stages: img2music.Pipeline) -> dict[str, bool]:
    """Whether wrong labels are found out: of the same notes, and of the same numerals in the other mode."""
    plan, key = piece.plan, piece.plan.parsed_key
    midi, musicxml = write_midi(piece.performance), write_musicxml(piece.score)
    if not MusicXmlContents.read(musicxml).pitched_parts:
        return {}
    labels = {name: _named(key.pitch_classes[0] + step, key.mode) for name, step in MOVED.items()}
    result = {}
    if key.mode in {"major", "minor"}:
        other = "minor" if key.mode == "major" else "major"
        labels["the relative key"] = _named(key.pitch_classes[0] + (3 if key.is_minor else 9), other)
        swapped = plan.model_copy(update={"key": _named(key.pitch_classes[0], other)})
        score = stages.realize(swapped)
        lines = [line for line in MusicXmlContents.read(write_musicxml(score)).lines if not line.is_kit]
        found = _in_key(swapped, write_midi(stages.perform(score, swapped)), write_musicxml(score))
        kind = "with chords" if len(lines) > 1 or any(_chords(line) for line in lines) else "a line alone"
        result = {
            f"wrong mode flagged, notes, {kind}": not found,
            "wrong mode flagged, numerals": swapped.contradiction() is not None,
        }
        result["wrong mode flagged, either"] = any(result.values())
    for name, label in labels.items():
        result[f"wrong label flagged: {name}"] = not _in_key(plan.model_copy(update={"key": label}), midi, musicxml)
    return result


def _in_key(plan: CompositionPlan, midi: bytes, musicxml: str) -> bool:
    """Whether the compliance table takes the notes, whatever the files' labels, to be in the plan's key."""
    row = next(row for row in check_compliance(plan, img2music.Brief(), midi=midi, musicxml=musicxml) if row.promise == "key")
    return row.tonality is not None and row.tonality.kept


def _chords(line: FilePart) -> bool:
    """Whether a part ever strikes two notes at once."""
    return len({note.onset_quarters for note in line.notes}) < len(line.notes)


def _named(tonic: int, mode: str) -> str:
    return next(name for one in TONICS[tonic % 12].split() if (name := _key_name(one, mode)))


def in_range(played: FileContents) -> bool:
    """Whether all notes lie in the range of an instrument with their program."""
    players = [instrument(name) for name in instrument_names()]
    return all(
        any(player.program == program and player.low <= low and high <= player.high for player in players if not player.kit)
        for program, low, high in played.pitches
    )


def sound_seconds(piece: img2music.Piece) -> float:
    """Length of the audio file."""
    import soundfile

    content = next(content for name, content in piece.files() if name.startswith("audio."))
    with soundfile.SoundFile(io.BytesIO(content)) as file:
        return float(file.frames / file.samplerate)


def key_found(asked: Key, found: tuple[str, str], weights: str) -> dict[str, bool]:
    """Whether an analysis found the key itself, or at least its relative."""
    tonic = asked.pitch_classes[0]
    relative = (tonic - 3) % 12 if asked.mode == "major" else (tonic + 3) % 12
    exact = found == (str(tonic), asked.mode)
    return {
        f"{asked.mode} key found, {weights}": exact,
        f"key found exactly, {weights}": exact,
        f"key found, or its relative, {weights}": exact
        or found == (str(relative), "minor" if asked.mode == "major" else "major"),
    }


@cache
def _program_digest() -> str:
    """Says whether two runs were made by the same program."""
    digest = sha256()
    for path in sorted((ROOT / "img2music").rglob("*")):
        if path.suffix in {".py", ".yaml", ".json", ".bin"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _scenes() -> list[img2music.Scene]:
    pipeline = img2music.Pipeline.load("offline")
    return [pipeline.see(picture) for picture in example_pictures()]


def run(number: int, *, seed: int, audio: int, inside: bool) -> dict[str, Any]:
    """One brief, made and read back."""
    chance = random.Random(f"{seed}/{number}")
    brief = random_brief(chance)
    # Sound costs most, and shows the same in a minute as in five.
    brief = brief.model_copy(update={"seconds": round(10 + brief.seconds / 6, 2)}) if number < audio else brief
    row: dict[str, Any] = {"number": number, "brief": brief.model_dump(exclude_defaults=True, mode="json")}
    stages = img2music.Pipeline.load("offline")
    try:
        piece = stages.compose_from(chance.choice(_scenes()), brief, audio="wav" if number < audio else None)
    except Exception as error:  # a crash breaks a promise too, and the other briefs still count
        return row | {"kept": {"made at all": False}, "error": f"{type(error).__name__}: {error}"}
    return row | {"kept": ({} if inside else promises_kept(brief, piece)) | compliance_rows(piece) | flagged(piece, stages)}


def rows(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Results on record first, then new ones as they come."""
    stamp = {"program": _program_digest(), "seed": options.seed, "audio": options.audio, "inside": options.inside}
    done: set[int] = set()
    if options.record and options.record.is_file():
        for line in options.record.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if all(row.get(name) == value for name, value in stamp.items()) and row["number"] < options.briefs:
                done.add(row["number"])
                yield row
    waiting = [number for number in range(options.briefs) if number not in done]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # "spawn" and few pieces a worker: music21 keeps what it has read.
    with get_context("spawn").Pool(options.jobs, maxtasksperchild=25) as pool:
        for row in pool.imap_unordered(partial(run, seed=options.seed, audio=options.audio, inside=options.inside), waiting):
            if options.record:
                with options.record.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(stamp | row) + "\n")
            yield row


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("--briefs", type=int, default=100, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the briefs (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once (%(default)s)")
    parser.add_argument("--audio", type=int, default=0, help="how many briefs are made with sound")
    parser.add_argument("--inside", action="store_true", help="only what our own compliance table says")
    parser.add_argument("--record", type=Path, help="file of results, one JSON object a line; a second run goes on from it")
    parser.need_packages("music21", install="pip install -e '.[test]'")
    options = parser.parse_args(arguments)
    hits: Counter[str] = Counter()
    total: Counter[str] = Counter()
    broken = []
    for count, row in enumerate(rows(options), 1):
        for promise, held in ({"made at all": True} | row["kept"]).items():
            total[promise] += 1
            hits[promise] += held
            if not held:
                broken.append(f"{promise}: brief {row['number']} {row['brief']} {row.get('error', '')}")
        if sys.stderr.isatty():
            print(f"\r{count} of {options.briefs}", end="", file=sys.stderr)
    for promise, number in sorted(total.items(), key=lambda item: ("flagged" in item[0], "compliance" in item[0])):
        low, high = wilson_interval(hits[promise], number)
        print(f"{promise:48} {hits[promise]:4} of {number:4}   {hits[promise] / number:.3f} [{low:.3f}, {high:.3f}]")
    print(*(f"not kept: {one}" for one in sorted(broken)), sep="\n")


if __name__ == "__main__":
    main()
