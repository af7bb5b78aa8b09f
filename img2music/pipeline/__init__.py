"""The pipeline: five stages in a row, every intermediate kept, and all of it written down.

`Pipeline.load("offline").compose("photo.jpg")` makes a `Piece`, and `steps` yields what happens on the way, document by document;
`see`, `plan`, `realize`, `perform` and `render` run one stage alone; `replay` makes a piece again from its manifest, `recompose` makes
it anew but for what is kept.
"""

from img2music.cancellation import Cancelled, CancelToken
from img2music.pipeline.presets import pipeline_names
from img2music.pipeline.progress import DocumentMade
from img2music.pipeline.recomposition.recompose import recompose
from img2music.pipeline.replay import FileCheck, Replay, replay
from img2music.pipeline.run import Pipeline
from img2music.pipeline_config import PipelineConfig
from img2music.provenance import Event

__all__ = [
    "CancelToken",
    "Cancelled",
    "DocumentMade",
    "Event",
    "FileCheck",
    "Pipeline",
    "PipelineConfig",
    "Replay",
    "pipeline_names",
    "recompose",
    "replay",
]
