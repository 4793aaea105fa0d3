"""What a search comes from."""

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import blake2b

import numpy as np

from ...executors import Task
from ...executors.keeping import digests
from ...executors.trust import stored_name
from ...options import settled
from ...runs.jsonfiles import digest
from .options import EvolutionOptions


def origin_of(task: Task, options: EvolutionOptions, weights: Mapping[str, np.ndarray] | None) -> str:
    """The digest of what a search comes from: builder, arguments, contents of files, options, weights at the start."""
    total = blake2b(digest_size=16)
    for name, value in sorted((weights or {}).items()):
        total.update(repr((name, value.dtype.str, value.shape)).encode())
        total.update(np.ascontiguousarray(value).tobytes())
    told = settled(EvolutionOptions, asdict(options))
    return digest([stored_name(task.function), task.arguments | digests(task), told, total.hexdigest()])
