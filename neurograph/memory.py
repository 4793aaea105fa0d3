"""How much memory is free, refusals of networks that could not fit into it, and memory given back.

An allocator keeps what is freed below anything that is not: after a few million synapses were joined, three bytes of
passing arrays for each of what stays. So where many were, it is asked to let them go.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

from neurograph.errors import OptionError

NEURON, SYNAPSE = 400, 60  # bytes of a neuron and of a synapse without its kernel, from below
MOST = 2**31 - 1  # rows of a table
BULK = 2**17  # rows whose passing columns are worth giving back: tens of megabytes
_SMALL = 2**26  # bytes that are not asked about: reading what is free takes some microseconds


def free_bytes() -> int | None:
    """Main memory that this process can still get, None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return None
    available = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    limits = (_group_bytes("memory.max"), _group_bytes("memory.current"))
    within = [limits[0] - limits[1]] if limits[0] is not None and limits[1] is not None else []
    return min(available + within, default=None)


def require_room(what: str, neurons: int = 0, synapses: int = 0, numbers: int = 0) -> None:
    """Refuse, by `OptionError`, what could not be held, before time is spent on it.

    Parameters
    ----------
    what
        What they belong to, in errors.
    neurons, synapses
        How many are to be added.
    numbers
        Of their weights, 8 bytes each.
    """
    needed = NEURON * neurons + SYNAPSE * synapses + 8 * numbers
    if needed < _SMALL:
        return
    counts = ((neurons, "neurons"), (synapses, "synapses"))
    many = " and ".join(f"{count:,} {name}" for count, name in counts if count)
    if max(neurons, synapses) > MOST:
        raise OptionError(f"{what}: {many} are more than a network can hold, {MOST:,}: choose smaller populations")
    require_bytes(needed, f"{what}: {many}", "choose smaller populations")


def require_bytes(needed: int, what: str, way_out: str) -> None:
    """Refuse, by `OptionError`, what takes more memory than is free.

    Parameters
    ----------
    needed
        In bytes.
    what, way_out
        What it is for, and what to do instead, in the error.
    """
    free = free_bytes() if needed >= _SMALL else None
    if free is not None and needed > free:
        sizes = f"{needed / 2**30:,.1f} GiB, and {free / 2**30:,.1f} GiB are free"
        raise OptionError(f"{what} take at least {sizes}: {way_out}")


def _group_bytes(name: str) -> int | None:
    """A number that the process's control group (a container) sets, None where there is none."""
    try:
        return int((Path("/sys/fs/cgroup") / name).read_text())
    except (OSError, ValueError):  # "max" where there is no limit
        return None


def give_back(rows: int) -> None:
    """Return to the system what passing arrays of so many rows have left in the heap: 0.2 ms a megabyte, once."""
    if rows >= BULK and (trim := _trimmer()) is not None:
        trim(0)


@cache
def _trimmer() -> Any:
    """The C library's `malloc_trim`; None where it is not glibc, and has no such call."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, TypeError, AttributeError):
        return None
    trim.argtypes = (ctypes.c_size_t,)
    return trim
