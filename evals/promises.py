"""Random briefs, read back by programs that know nothing of img2music: is every promise kept?

    python evals/promises.py [--briefs 100] [--seed 1]

Each brief (tempo 40-208, twelve tonics, six modes, eight metres, 10-120 s, up to four named instruments or a style) is planned for one
of the example pictures and written without sound. mido reads the MIDI file (tempo, metre, signature, length, programs), music21 the
MusicXML document (signature, full bars), abc2midi the ABC tune (no complaint, same number of notes), if it is installed.
Prints how many of the briefs kept each promise, with Wilson's 95 % interval.
"""

from __future__ import annotations

import argparse
import io
import random
import shutil
import subprocess
import tempfile
from collections import Counter
from math import sqrt
from pathlib import Path

import mido
import music21

import img2music
from img2music.io.styles import style_names
from img2music.theory import METERS, MODES, Key, instrument, instrument_names

ROOT = Path(__file__).parents[1]
TONICS = ("C", "C#", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def random_brief(chance: random.Random) -> img2music.Brief:
    """A wish list of the kinds named in the module's docstring."""
    keys = [f"{tonic} {mode}" for tonic in TONICS for mode in MODES]
    while True:
        key = chance.choice(keys)
        try:
            Key.parse(key)
            break
        except img2music.Img2MusicError:  # more than seven accidentals: nobody writes that
            continue
    named = chance.random() < 0.5
    return img2music.Brief.of(
        seconds=round(chance.uniform(10, 120), 2),
        tempo_bpm=float(chance.randint(40, 208)),
        key=key,
        meter=chance.choice(METERS),
        style=None if named else chance.choice(style_names()),
        instruments=tuple(chance.sample(instrument_names(), chance.randint(1, 4))) if named else None,
        seed=chance.randint(0, 9999),
    )


def kept(brief: img2music.Brief, piece: img2music.Piece) -> dict[str, bool]:
    """Each promise and whether the outside readers found it kept."""
    files = {name: content for name, content in piece.files() if name.startswith("score.")}
    midi = mido.MidiFile(file=io.BytesIO(files["score.mid"]))
    messages = [message for track in midi.tracks for message in track]
    tempo = next(message.tempo for message in messages if message.type == "set_tempo")
    meter = next(message for message in messages if message.type == "time_signature")
    signature = next(message.key for message in messages if message.type == "key_signature")
    named = music21.key.Key(signature.rstrip("m").replace("b", "-"), "minor" if signature.endswith("m") else "major")
    programs = {message.program for message in messages if message.type == "program_change"}
    page = music21.converter.parseData(files["score.musicxml"].decode(), format="musicxml")
    if not isinstance(page, music21.stream.Score):
        raise SystemExit("music21 read no score")
    bars = list(page.recurse().getElementsByClass("Measure"))
    written = {mark.sharps for part in page.parts for mark in part.flatten().getElementsByClass("KeySignature")}
    score = piece.score
    result = {
        "tempo": tempo == round(60e6 / (brief.tempo_bpm or 0)),
        "metre": f"{meter.numerator}/{meter.denominator}" == brief.meter,
        "signature": named.sharps == score.key.signature and written <= {score.key.signature, 0},
        "length within 10 ms": abs(midi.length - brief.seconds) <= 0.01,
        "instruments": programs == {instrument(part.instrument).program for part in piece.plan.parts}
        and (not brief.instruments or {part.instrument for part in piece.plan.parts} == set(brief.instruments)),
        "bars full": len(bars) == score.bars * len(score.parts)
        and all(bar.duration.quarterLength == score.meter.bar_quarters for bar in bars),
        "notes in range": all(
            part.instrument.kit or part.instrument.low <= note.pitch <= part.instrument.high
            for part in score.parts
            for note in part.notes
        ),
    }
    if shutil.which("abc2midi"):
        result["ABC read without complaint"] = reads_abc(files["score.abc"], sum(len(part.notes) for part in score.parts))
    return result


def reads_abc(tune: bytes, notes: int) -> bool:
    """Whether abc2midi takes a tune without a word and finds as many notes."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "score.abc").write_bytes(tune)
        done = subprocess.run(
            ["abc2midi", "score.abc", "-o", "score.mid"], cwd=folder, capture_output=True, text=True, check=False
        )
        if "rror" in done.stdout or "arning" in done.stdout:
            return False
        file = mido.MidiFile(Path(folder) / "score.mid")
        struck = sum(message.type == "note_on" and message.velocity > 0 for track in file.tracks for message in track)
        return bool(struck == notes)


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a share (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    share = hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    reach = z / (1 + z * z / total) * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return middle - reach, min(1.0, middle + reach)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--briefs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    pipeline = img2music.Pipeline.load("offline")
    scenes = [pipeline.see(picture) for picture in sorted((ROOT / "demo" / "examples").glob("*.jpg"))]
    hits: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for _ in range(options.briefs):
        brief = random_brief(chance)
        piece = pipeline.compose_from(chance.choice(scenes), brief, audio=None)
        for promise, held in kept(brief, piece).items():
            total[promise] += 1
            hits[promise] += held
            if not held:
                print(f"not kept: {promise}: {brief.model_dump(exclude_defaults=True)}")
    for promise, count in total.items():
        low, high = wilson(hits[promise], count)
        print(f"{promise:28} {hits[promise]:4} of {count:4}   {hits[promise] / count:.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main()
