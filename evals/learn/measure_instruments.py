"""How loud each instrument is in the soundfont that comes with img2music: the table in `img2music.performers.balance`.

    python -m evals.learn.measure_instruments

Each instrument plays a scale of quarter notes at 100 a minute round the heart of its register, velocity 80, controller 7 at
100, dry; ensembles and pads (eight voices that sustain) play whole notes, since many take a second to speak; a kit plays kick,
hat, snare, hat. Integrated loudness by pyloudnorm (ITU-R BS.1770-4), in LUFS.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import mido

from evals.shared.command_line import ScriptParser
from img2music.renderers.soundfont.sf2_writer import write_sf2
from img2music.renderers.soundfont.sf3 import open_font
from img2music.resources import asset_path
from img2music.theory import instrument, instrument_names

if TYPE_CHECKING:
    from collections.abc import Sequence

SCALE = (0, 2, 4, 5, 7, 5, 4, 2)
GROOVE = (36, 42, 38, 42)


def phrase(name: str) -> bytes:
    """The test phrase of one instrument as a MIDI file."""
    player = instrument(name)
    channel = 9 if player.kit else 0
    bottom = min(max(player.tessitura_centre - 4, player.low), player.high - 7)
    length = 1920 if player.sustains and player.voices >= 8 else 480
    pitches = GROOVE * 4 if player.kit else [bottom + step for step in SCALE] * 2
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=600_000))
    track.append(mido.Message("program_change", channel=channel, program=player.program))
    for controller, value in ((7, 100), (91, 0), (93, 0)):
        track.append(mido.Message("control_change", channel=channel, control=controller, value=value))
    for pitch in pitches:
        track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=80, time=24))
        track.append(mido.Message("note_off", channel=channel, note=pitch, time=length - 24))
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.need_packages("pyloudnorm", install="pip install -e '.[test]'")
    parser.parse_args(arguments)

    import midirenderer
    import pyloudnorm
    import soundfile

    stream = io.BytesIO()
    write_sf2(open_font(asset_path("FluidR3Mono_GM.sf3")), stream)
    font = stream.getvalue()
    meter = pyloudnorm.Meter(48_000)
    for name in instrument_names():
        sound, _ = soundfile.read(io.BytesIO(midirenderer.render_wave_from(font, phrase(name))))
        print(f'    "{name}": {meter.integrated_loudness(sound):.1f},')


if __name__ == "__main__":
    main()
