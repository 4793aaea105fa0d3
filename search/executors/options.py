"""The choice of an executor, and its options."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ..options import Checked, option
from .cluster import Dask, check_address
from .processes import ProcessPool
from .serial import Serial
from .work import Work


class Executor(Protocol):
    """Works out items, wherever; a context manager that closes itself."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """The function's results, in the order of the items.

        Parameters
        ----------
        function
            Of one item; a `Task`, or anything that can be pickled by name. It runs in whatever process there is.
        items
            Plain data.

        Returns
        -------
        list
            As long as the items, with `Failed` in place of results that could not be had.
        """
        ...

    def close(self) -> None: ...
    def __enter__(self) -> "Executor": ...
    def __exit__(self, *error: object) -> None: ...


@runtime_checkable
class Arriving(Protocol):
    """An executor that hands over results as they come: `Serial`, `ProcessPool` and `Dask` are such."""

    def arrivals(self, work: Work) -> Iterator[int]:
        """Places of a work's items in the order in which their results come; items may be added meanwhile.

        Items that are lost are tried again as often as `work` says, and are `Failed` then.
        """
        ...


@dataclass(frozen=True)
class ExecutorOptions(Checked):
    """Where individuals are evaluated; `option`'s texts below say what each field means."""

    executor: str = option(
        "serial",
        "where individuals are evaluated; a search elsewhere is sharing=synchronous, with other numbers than serial's",
        choices=("serial", "processes", "dask"),
    )
    workers: int = option(2, "worker processes of processes, and of dask without an address", least=1, reach=1024)
    address: str | None = option(None, "of a Dask scheduler, as in tcp://host:8786; none starts a cluster here")
    timeout: float = option(0.0, "seconds an individual may take in a worker; 0 means any time", least=0, reach=1e7)
    retries: int = option(
        1, "how often an individual is tried again after its worker was lost or took too long", least=0
    )
    startup: float = option(300.0, "seconds that a worker may take to start, with network and data", above=0, reach=1e7)
    fallback: bool = option(False, "whether to go on in this process when a Dask cluster goes away")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.address is not None:
            check_address(self.address)


def _processes(options: ExecutorOptions) -> Executor:
    return ProcessPool(options.workers, options.timeout, options.retries, options.startup)


def _dask(options: ExecutorOptions) -> Executor:
    return Dask(
        options.address, options.workers, options.timeout, options.retries, options.startup, fallback=options.fallback
    )


EXECUTORS: dict[str, Callable[[ExecutorOptions], Executor]] = {
    "serial": lambda _: Serial(),
    "processes": _processes,
    "dask": _dask,
}


def make_executor(options: ExecutorOptions | None = None) -> Executor:
    """The executor that the options ask for.

    Raises
    ------
    OptionError, WorkerError
        Where it cannot be made; see `Dask`.
    """
    chosen = options or ExecutorOptions()
    return EXECUTORS[chosen.executor](chosen)
