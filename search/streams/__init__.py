"""Data that keep coming: streams of batches, task after task, that are functions of a seed and the step."""

from .batches import from_batches
from .classes import class_incremental, class_pairs
from .drifting import bit_flipping
from .images import permuted_pixels, random_labels
from .named import STREAMS, WITHOUT_DATA, make_stream
from .stream import Batch, Stream

__all__ = [
    "STREAMS",
    "WITHOUT_DATA",
    "Batch",
    "Stream",
    "bit_flipping",
    "class_incremental",
    "class_pairs",
    "from_batches",
    "make_stream",
    "permuted_pixels",
    "random_labels",
]
