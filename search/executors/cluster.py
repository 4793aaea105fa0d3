"""A Dask cluster: workers on other machines, through the `distributed` package."""

import logging
import socket
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from importlib.util import find_spec
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from neurograph.errors import OptionError, reason

from ..runs import environment
from .outcomes import Failed, WorkerError, reason_of
from .serial import Serial
from .work import Work

_CONNECT = 30.0  # seconds to wait for a scheduler
_MISSING = 'the executor dask needs distributed: pip install "neurograph-compiler[dask]"'
_POLL = 5.0  # seconds between looks at whether the cluster has workers left


class Dask:
    """Workers of a Dask cluster. Each works on one item at a time, so give each worker one thread (`--nthreads 1`).

    Lost workers are Dask's own business: it hands their items to others (`distributed.scheduler.allowed-failures` says
    how often). What is left to this class are items that take too long, and clusters that go away.

    Parameters
    ----------
    address
        Of the scheduler, as in tcp://host:8786; None starts a cluster of processes on this machine.
    workers
        How many of those.
    timeout
        Seconds an item may take; 0 means any time. Its worker is restarted then, where it has a nanny. Until a `map`
        has its first result, workers may be building, and `startup` is added.
    retries
        How often an item is tried again after that.
    startup
        Seconds to wait for a first worker, and for another when all are lost.
    fallback
        Whether items are worked out in this process, after a warning, when the cluster is gone; else `WorkerError`.

    Raises
    ------
    OptionError
        When `distributed` is not installed.
    WorkerError
        When the scheduler cannot be reached or has no workers.
    """

    def __init__(
        self,
        address: str | None = None,
        workers: int = 2,
        timeout: float = 0,
        retries: int = 1,
        startup: float = 300,
        fallback: bool = False,
    ) -> None:
        self.timeout, self.retries, self.startup, self.fallback = timeout, retries, startup, fallback
        self._cluster: Any = None
        self.client = self._connected(address, workers)
        self._warn_of_other_versions()

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """See `search.executors.Executor`.

        Raises
        ------
        WorkerError
            When the cluster is gone and there is no `fallback`.
        """
        work = Work(function, items, self.retries)
        for _ in self.arrivals(work):
            pass
        return work.results

    def arrivals(self, work: Work) -> Iterator[int]:
        """See `search.executors.Arriving`; raises as `map` does."""
        try:
            yield from self._work(work)
        except _Gone as error:
            if not self.fallback:
                raise WorkerError(
                    f"the Dask cluster went away: {error}. Start it again and resume the run, or go on with another "
                    "executor: the results are the same"
                ) from None
            warnings.warn(f"the Dask cluster went away: {error}; going on in this process", stacklevel=2)
            yield from work.arrived
            work.arrived.clear()
            work.waiting = deque(work.unfinished)
            yield from Serial().arrivals(work)

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        for part in (self.client, self._cluster):
            if part is not None:
                part.close(timeout=10)

    def __enter__(self) -> "Dask":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _connected(self, address: str | None, workers: int) -> Any:
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            raise OptionError(_MISSING) from None
        if address is None:
            self._cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=":0",  # any free port
                silence_logs=logging.CRITICAL,
            )
        try:
            client = Client(self._cluster or address, timeout=min(self.startup, _CONNECT))
        except (OSError, ValueError) as error:
            raise WorkerError(
                f"no Dask scheduler answers at {address}: {error}. `dask scheduler` starts one, and says its address"
            ) from None
        try:
            client.wait_for_workers(1, timeout=self.startup)
        except TimeoutError:
            client.close(timeout=10)
            raise WorkerError(
                f"the Dask scheduler at {address} has had no worker for {self.startup:g} seconds; "
                f"`dask worker {address} --nthreads 1` starts one"
            ) from None
        return client

    def _warn_of_other_versions(self) -> None:
        """Bit-equal results need the same versions everywhere."""
        try:
            there = self.client.run(environment)
        except ImportError as error:
            self.close()
            raise WorkerError(f"the Dask workers lack this package: {error}. Install it in their environment") from None
        here = environment()["versions"]
        for address, found in there.items():
            other = [
                f"{name} {found['versions'].get(name)}" for name in here if found["versions"].get(name) != here[name]
            ]
            if other:
                warnings.warn(
                    f"worker {address} has {', '.join(other)}: results may differ in the last bits", stacklevel=4
                )

    def _work(self, work: Work) -> Iterator[int]:
        flying: dict[Any, tuple[int, float]] = {}  # future -> place of the item, when its time is up
        heard, alone = False, None
        try:
            while work.unfinished:
                workers = len(self.client.nthreads())
                alone = None if workers else alone or monotonic()
                if alone is not None and monotonic() - alone > self.startup:
                    raise _Gone(f"it has had no worker for {self.startup:g} seconds")
                self._hand_out(work, flying, workers, 0 if heard else self.startup)
                heard |= _take_in(work, flying)
                self._give_up_late(work, flying)
                while work.arrived:
                    yield work.arrived.popleft()
        except _Gone:
            raise
        except Exception as error:  # distributed raises many kinds; items themselves never do, see _result
            if self.client.status == "running" and not isinstance(error, OSError | CancelledError):
                raise
            raise _Gone(reason_of(error)) from error
        finally:
            if flying and self.client.status == "running":
                self.client.cancel(list(flying), force=True)

    def _hand_out(self, work: Work, flying: dict[Any, tuple[int, float]], workers: int, grace: float) -> None:
        """Give every idle worker an item; the rest waits here, so that an item's time begins when its work does."""
        while work.waiting and len(flying) < workers:
            place = work.waiting.popleft()
            future = self.client.submit(work.function, work.items[place], pure=False)
            flying[future] = place, monotonic() + (self.timeout + grace if self.timeout else float("inf"))

    def _give_up_late(self, work: Work, flying: dict[Any, tuple[int, float]]) -> None:
        for future in [future for future, (_, end) in flying.items() if monotonic() > end]:
            at = [address for address, keys in self.client.processing().items() if future.key in keys]
            self.client.cancel([future], force=True)
            place, _ = flying.pop(future)
            try:
                self.client.restart_workers(at, timeout=self.startup)  # cancelling does not stop what runs
            except (ValueError, TimeoutError) as error:  # without a nanny nothing can; the worker is busy till it ends
                warnings.warn(f"worker {', '.join(at)} could not be restarted: {reason_of(error)}", stacklevel=4)
            work.again(place, f"it took longer than {self.timeout:g} seconds")


def check_address(address: str) -> None:
    """Refuse, by `OptionError`, what cannot be the address of a scheduler."""
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        there = bool(parts.hostname) and (parts.port is not None or parts.scheme == "inproc")
    except ValueError:  # of a port that is none
        there = False
    if not there:
        raise OptionError(f"address must be that of a Dask scheduler, as in tcp://host:8786, not {address!r}")


def require_scheduler(address: str | None, seconds: float = 5.0) -> None:
    """Refuse, without making a cluster, an executor dask for which something is missing.

    Parameters
    ----------
    address
        Of the scheduler; None where a cluster is to be started here.
    seconds
        To wait for a connection.

    Raises
    ------
    OptionError
        `distributed` is not installed, or nothing listens at the address.
    """
    if find_spec("distributed") is None:
        raise OptionError(_MISSING)
    parts = urlsplit(address if address and "://" in address else f"tcp://{address}")
    if address is None or parts.scheme not in ("tcp", "tls") or parts.hostname is None:
        return
    try:
        socket.create_connection((parts.hostname, parts.port), seconds).close()
    except OSError as error:
        raise OptionError(
            f"no Dask scheduler answers at {address}: {reason(error)}. `dask scheduler` starts one and says its address"
        ) from None


class _Gone(Exception):
    """The cluster is not there any more; says why."""


def _take_in(work: Work, flying: dict[Any, tuple[int, float]]) -> bool:
    """Wait a while for results; whether any came."""
    from distributed import wait

    if not flying:  # no workers
        sleep(_POLL / 10)
        return False
    patience = min(end for _, end in flying.values()) - monotonic()
    try:
        found: Any = wait(list(flying), timeout=min(_POLL, max(patience, 0.01)), return_when="FIRST_COMPLETED")
    except TimeoutError:
        return False
    for future in found.done:
        work.finish(flying.pop(future)[0], _result(future))
    return True


def _result(future: Any) -> Any:
    error = future.exception()
    return future.result() if error is None else Failed(reason_of(error))
