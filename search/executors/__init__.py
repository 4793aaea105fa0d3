"""One ordered `map(function, items)`: in this process, in a pool of processes, on a Dask cluster.

    with ProcessPool(workers=4, timeout=600) as pool:               # this machine
        search(task, EvolutionOptions(sharing="synchronous"), executor=pool)

    with Dask("tcp://host:8786", fallback=True) as cluster:         # others: `dask scheduler` on one of them, and
        search(task, options, run="runs/search", executor=cluster)  # `dask worker tcp://host:8786 --nthreads 1` on each

What travels is a `Task`, which only says what to build, and plain items. So anything else with an ordered map will do
as well; `examples/nhn_ray.py` makes one of Ray. Whoever worked an item out, the result is the same to the bit, given
the same versions, kind of processor and number of threads.
"""

from .cluster import Dask
from .options import EXECUTORS, Arriving, Executor, ExecutorOptions, make_executor
from .outcomes import Failed, WorkerError
from .processes import ProcessPool
from .serial import Serial
from .task import Task, builder
from .work import Work

__all__ = [
    "EXECUTORS",
    "Arriving",
    "Dask",
    "Executor",
    "ExecutorOptions",
    "Failed",
    "ProcessPool",
    "Serial",
    "Task",
    "Work",
    "WorkerError",
    "builder",
    "make_executor",
]
