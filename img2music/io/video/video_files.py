"""Video files: frames and sound as an MP4 that plays everywhere (H.264 and AAC), written by PyAV.

Conventions: frames are sRGB, uint8 (height, width, 3), and come as changes: rectangles of the canvas that look otherwise from some
second on; whatever does not change is not drawn again. In the file they are limited-range YCbCr 4:2:0 by ITU-R BT.709 (2015), and it says
so. Sound is resampled to 48 kHz stereo, clipped beyond full scale. The picture lasts as long as the sound, rounded up to whole frames.
The index stands before the data, so that a browser plays while it loads. No dates are written and one thread encodes: the same frames,
sound and versions of the libraries give the same bytes on one machine (the encoders choose their arithmetic by processor).

Memory: one canvas, a second of sound, what the encoder looks ahead (some ten frames), and the finished file.
Does not know: levels, subtitles, chapters, other codecs.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from img2music.atomic_files import temporary_folder
from img2music.cancellation import checkpoint
from img2music.errors import BackendError, MissingPackageError, UsageError
from img2music.io.escape import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from img2music.audio import Audio

__all__ = ["FrameChange", "VideoFrames", "write_video"]

_SOUND_RATE_HZ = 48_000
_SOUND_BITS_A_SECOND = 192_000
_KEY_FRAME_SECONDS = 10
"""A player that jumps decodes from the last whole picture; each costs as much as some hundred frames that stay the same."""
# Measured on a photograph, 30 s at 1920 x 1080 and 10 frames a second, one thread: ultrafast 2.9 s and 2.8 MB, veryfast 4.5 s and
# 0.8 MB, medium 18 s and 1.8 MB (at 1280 x 720 veryfast takes 2.3 s).
_NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG})
_H264 = {"preset": "veryfast", "tune": "stillimage", "crf": "20"}
_BT709 = 1
"""Of primaries, transfer and matrix (ITU-T H.273, tables 2 to 4)."""
_LIMITED_RANGE = 1
_KR, _KB = 0.2126, 0.0722  # BT.709, item 3.2
_LARGEST_SIDE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class FrameChange:
    """From a second on, a rectangle of the canvas looks otherwise. `left`, `top` and the sides of `rgb` are even."""

    seconds: float
    left: int
    top: int
    rgb: NDArray[np.uint8]
    """(height, width, 3)."""


class VideoFrames(Protocol):
    """What is seen: a canvas and how it changes."""

    @property
    def width(self) -> int:
        """Of the canvas, in pixels, even."""

    @property
    def height(self) -> int:
        """Likewise."""

    @property
    def frames_a_second(self) -> int:
        """Of the file."""

    def changes(self) -> Iterator[FrameChange]:
        """In order of seconds; the first, at 0, covers the canvas."""
        ...


def write_video(frames: VideoFrames, audio: Audio, *, title: str = "", comment: str = "") -> bytes:
    """The content of an MP4 file: `frames` as long as `audio` sounds.

    Args:
        frames: what is seen.
        audio: what is heard; one channel is heard on both sides.
        title: what players show; control characters are left out.
        comment: likewise.

    Raises:
        UsageError: no sound, or a canvas whose sides are odd or beyond 4096 pixels.
        MissingPackageError: PyAV is not installed.
        BackendError: the encoder failed.
        Cancelled: the work was stopped; nothing is left behind.
    """
    try:
        import av
    except ModuleNotFoundError:
        raise MissingPackageError("a video needs PyAV: pip install 'img2music[video]'") from None
    if not audio.samples.size:
        raise UsageError("a video needs sound; make the piece with sound first")
    for side in (frames.width, frames.height):
        if side % 2 or not 0 < side <= _LARGEST_SIDE:
            raise UsageError(f"a video is {frames.width} x {frames.height} pixels; take even sides up to {_LARGEST_SIDE}")
    with temporary_folder("img2music-video-") as folder:  # the index can only be moved to the front of a file
        path = folder / "video.mp4"
        try:
            with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
                container.metadata["title"] = one_line(title)
                container.metadata["comment"] = one_line(comment)
                _encode(container, frames, audio)
        except (av.error.FFmpegError, av.codec.codec.UnknownCodecError) as error:
            if getattr(error, "errno", None) in _NO_ROOM:
                raise OSError(error.errno, "no room") from None  # the folder's fault
            raise BackendError(f"can't write the video ({error}); check that this PyAV has libx264 and aac") from None
        checkpoint()
        return path.read_bytes()


def _encode(container: Any, frames: VideoFrames, audio: Audio) -> None:
    """Everything into an open file, sound and picture side by side in time."""
    rate = frames.frames_a_second
    video = container.add_stream("libx264", rate=rate, options={**_H264, "g": str(_KEY_FRAME_SECONDS * rate)})
    video.width, video.height, video.pix_fmt = frames.width, frames.height, "yuv420p"
    context = video.codec_context
    context.thread_count = 1
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED_RANGE
    sound = container.add_stream("aac", rate=_SOUND_RATE_HZ, layout="stereo", bit_rate=_SOUND_BITS_A_SECOND)
    samples = int(audio.samples.shape[1])
    count = -(-samples * rate // audio.sample_rate)
    heard = 0
    for number, picture in enumerate(_pictures(frames, count)):
        checkpoint(number, count)
        picture.pts = number
        container.mux(video.encode(picture))
        if number % rate == 0:
            until = min(samples, -(-(number + rate) * audio.sample_rate // rate))
            container.mux(sound.encode(_sound(audio, heard, until)))
            heard = until
    container.mux(video.encode(None))
    container.mux(sound.encode(None))


def _sound(audio: Audio, begin: int, end: int) -> Any:
    """Samples of the sound as a frame of floats for two channels."""
    from av import AudioFrame

    block = audio.samples[:2, begin:end]
    block = np.clip(block if len(block) == 2 else np.repeat(block, 2, axis=0), -1, 1)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = audio.sample_rate, begin, Fraction(1, audio.sample_rate)
    return frame


def _pictures(frames: VideoFrames, count: int) -> Iterator[Any]:
    """So many frames; as long as nothing changes it is the same one."""
    from av import VideoFrame

    canvas = _Canvas(frames.width, frames.height)
    coming = iter(frames.changes())
    ahead = next(coming, None)
    picture = None
    for number in range(count):
        # A change belongs to the frame that begins nearest to it.
        until = (number + 0.5) / frames.frames_a_second
        due = []
        while ahead is not None and ahead.seconds < until:
            due.append(ahead)
            ahead = next(coming, None)
        if due or picture is None:
            canvas.draw(due)
            picture = VideoFrame.from_ndarray(canvas.planes, format="yuv420p")
            picture.color_primaries = picture.color_trc = picture.colorspace = _BT709
            picture.color_range = _LIMITED_RANGE
        yield picture


class _Canvas:
    """The three planes of a picture, of which rectangles are drawn; black at first."""

    def __init__(self, width: int, height: int) -> None:
        self.planes = np.full((height * 3 // 2, width), 128, np.uint8)
        flat, pixels = self.planes.reshape(-1), width * height
        self.luma = flat[:pixels].reshape(height, width)
        self.luma[:] = 16
        self.blue = flat[pixels : pixels * 5 // 4].reshape(height // 2, width // 2)
        self.red = flat[pixels * 5 // 4 :].reshape(height // 2, width // 2)

    def draw(self, changes: Iterable[FrameChange]) -> None:
        """Later changes lie over earlier ones."""
        for change in changes:
            height, width = change.rgb.shape[:2]
            if change.left % 2 or change.top % 2 or width % 2 or height % 2:
                raise ValueError(f"a change lies on even pixels, not at {change.left}, {change.top} with {width} x {height}")
            luma, blue, red = _bt709(change.rgb)
            bottom, right = change.top + height, change.left + width
            self.luma[change.top : bottom, change.left : right] = luma
            half = np.s_[change.top // 2 : bottom // 2, change.left // 2 : right // 2]
            self.blue[half], self.red[half] = blue, red


def _bt709(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Luma, and both colour differences of each four pixels' mean, all in limited range."""
    height, width = rgb.shape[:2]
    weights = np.array([_KR, 1 - _KR - _KB, _KB], np.float32)
    colours = rgb.astype(np.float32)
    luma = colours @ weights
    quarter = colours.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))
    grey = quarter @ weights
    blue = (quarter[..., 2] - grey) * np.float32(112 / 255 / (1 - _KB)) + 128
    red = (quarter[..., 0] - grey) * np.float32(112 / 255 / (1 - _KR)) + 128
    return _rounded(luma * np.float32(219 / 255) + 16), _rounded(blue), _rounded(red)


def _rounded(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(values).astype(np.uint8)
