"""Long pieces from models that play only a stretch at a time: where each stretch lies, how they are joined, how the sound is finished.

    pieces = [play(window) for window in (plan := windows(performance, 30.0, 6.0))]
    sound = finish(join(pieces, plan, sounding_seconds(performance), 32_000), performance)

`bar_windows` lays windows over a performance, `crossfade` joins what was played in them (`seam_match` measures how two sounds meet) and
`finishing` makes the mix: 48 kHz, stereo, exact length, mastered.

Conventions: seconds from the start of the piece; sound is float32 (channels, frames).
"""

from img2music.listening.features.resampling import resample
from img2music.renderers.neural.joins.bar_windows import Window, sounding_seconds, windows
from img2music.renderers.neural.joins.crossfade import cut, join
from img2music.renderers.neural.joins.finishing import finish

__all__ = ["Window", "cut", "finish", "join", "resample", "sounding_seconds", "windows"]
