"""Run directories: everything about one run, made so that a kill at any moment leaves something to go on from.

    config.json                      options, versions, thread count, pinned lowerings
    metrics.jsonl                    one row an epoch
    journal.jsonl                    one entry an edit
    start.safetensors                the graph at the start
    graph.safetensors                the graph at the last checkpoint
    weights.log                      what the network weighed at checkpoints and events, for its page
    checkpoint.safetensors           network, optimizer, loop, the rows so far, and the graph that belongs to them
    checkpoint.previous.safetensors  the one before it
    lock                             while a process works there: which

The checkpoint is the one source of truth: it carries its own copies of the graph and of the rows, and says which lines
of the journal belong to it. What was written after it is cut off when the run is resumed, so nothing else needs to be
atomic. Everything that is read back carries a checksum (files from before there were any load unchecked); where the
newest checkpoint is damaged, the one before it is taken.
"""

from .environment import differences, environment
from .held import restored_from
from .links import refuse_links_out
from .lock import locked
from .making import (
    continued_run,
    create_run,
    is_of_runs,
    next_directory,
    open_run,
    refuse_taken,
    remove,
    started_run,
)
from .run import FILES, FORMAT, Run

__all__ = [
    "FILES",
    "FORMAT",
    "Run",
    "continued_run",
    "create_run",
    "differences",
    "environment",
    "is_of_runs",
    "locked",
    "next_directory",
    "open_run",
    "refuse_links_out",
    "refuse_taken",
    "remove",
    "restored_from",
    "started_run",
]
