"""Data that keep coming: streams of batches, task after task, that are functions of a seed and the step."""

from search.streams.batches import from_batches
from search.streams.classes import class_incremental, class_pairs
from search.streams.drifting import bit_flipping
from search.streams.images import permuted_pixels, random_labels
from search.streams.named import STREAMS, WITHOUT_DATA, make_stream
from search.streams.stream import Batch, Stream

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
