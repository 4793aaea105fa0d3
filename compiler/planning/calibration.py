"""The calibration of this machine: measured once, kept in the user's cache, and what is used in its place.

    with using(lambda outer: figures): ...   # those of a run, or of the process that handed a task out

Figures are first asked for when a program takes a millisecond a step or more; shorter ones are planned by the shipped
figures. `NEUROGRAPH_CALIBRATION` names a file of figures for all, or "shipped". Where nothing can be kept, nothing is
measured either: every process would, and no two would plan alike.
"""

import hashlib
import json
import os
import platform
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from compiler.lowering import SHIPPED
from compiler.lowering.kernels import instruction_set
from compiler.lowering.rates import LARGEST, Calibration
from compiler.planning.cost import CPU, default_calibration, later_rates, rates_of, shipped_rates
from neurograph.disk.aside import written_aside
from neurograph.disk.regular import regular
from neurograph.errors import FileError, OptionError, reason

SWITCH = "NEUROGRAPH_CALIBRATION"
FORMAT = 2  # 1: fewer rates; a file that somebody names may be of either
_PACKAGES = ("neurograph-compiler", "torch", "numpy")
_source: ContextVar[Callable[[], Calibration] | None] = ContextVar("source", default=None)


def current(device: str = "cpu") -> Calibration:
    """The figures to plan by, for a type of device: those in use, else those of this machine."""
    if device != "cpu":
        return default_calibration(device)
    return (_source.get() or of_this_machine)()


@contextmanager
def using(source: Callable[[Callable[[], Calibration]], Calibration]) -> Iterator[None]:
    """Within the block, in this thread, figures come from `source`.

    It is called whenever they are asked for, and given a function that returns those from around the block.
    """
    outer = _source.get() or of_this_machine
    token = _source.set(lambda: source(outer))
    try:
        yield
    finally:
        _source.reset(token)


def of_this_machine() -> Calibration:
    """The figures of this machine for the number of threads that PyTorch uses: kept, or measured and kept.

    Raises
    ------
    OptionError
        Where `NEUROGRAPH_CALIBRATION` names a file that holds none.
    """
    return _found(os.environ.get(SWITCH, "").strip(), torch.get_num_threads())


@cache
def _found(switch: str, _threads: int) -> Calibration:
    if switch.lower() == "shipped":
        return CPU
    if switch:
        try:
            return read(Path(switch))
        except FileError as error:
            raise OptionError(f'{SWITCH}={switch}: {error}; name a file of figures, or "shipped"') from None
    path = kept_at()
    if path.exists():
        try:
            return read(path, machine())
        except FileError as error:
            warnings.warn(f"{error}; this machine is measured again", RuntimeWarning, stacklevel=4)
    return measure_and_keep() or CPU


def forget() -> None:
    """Look again when next asked: the environment names other figures."""
    _found.cache_clear()


def measure_and_keep() -> Calibration | None:
    """Measure this machine and keep the figures where the next process looks; None where they cannot be kept."""
    from compiler.planning.measuring import measured

    path, about = kept_at(), machine()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path) as aside:  # which fails before anything is measured
            name = f"{about['processor']}, {about['threads']} thread{'s' * (about['threads'] != 1)}, measured"
            figures = measured(name)
            text = json.dumps({"format": FORMAT, "machine": about, "figures": as_plain(figures)}, indent=1)
            aside.write_text(text, encoding="utf-8")
    except (OSError, FileError):
        return None
    forget()
    return figures


def machine() -> dict[str, Any]:
    """What figures depend on: the processor, its instruction sets, the number of threads, versions."""
    return {
        "processor": _processor(),
        "instructions": [torch.backends.cpu.get_cpu_capability(), instruction_set() or "no kernels"],
        "threads": torch.get_num_threads(),
        "versions": {name: _version(name) for name in _PACKAGES},
    }


def kept_at() -> Path:
    """The file in the user's cache for this machine; machines that share a home each have one."""
    digest = hashlib.sha256(json.dumps(machine() | {"format": FORMAT}, sort_keys=True).encode()).hexdigest()[:16]
    return _cache_folder() / "neurograph" / f"calibration-{digest}.json"


def read(path: Path, about: dict[str, Any] | None = None) -> Calibration:
    """The figures that a file holds; `FileError` where it holds none, or those of another machine than asked for."""
    try:
        with open(path, encoding="utf-8", opener=regular) as file:
            found = json.load(file)
        if found["format"] not in (1, FORMAT) or (about is not None and found["machine"] != about):
            raise FileError(f"the calibration {path} is of another machine or version")
        return from_plain(found["figures"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"the calibration {path} is damaged: {reason(error)}") from None


def as_plain(figures: Calibration) -> dict[str, Any]:
    """The figures as JSON holds them."""
    return {"name": figures.name, **figures.rates}


def from_plain(found: Any) -> Calibration:
    """The figures again; `ValueError` where a rate is missing, unknown, negative or no number.

    Rates of other packages' lowerings are kept, whether those are here or not. What `Rates` calls later may be missing,
    and is then what it says.
    """
    if not isinstance(found, dict) or "name" not in found:
        raise ValueError("it does not hold rates by name")
    rates = {name: rate for name, rate in found.items() if name != "name"}
    shipped, families = shipped_rates("cpu"), rates_of(SHIPPED)
    later = later_rates(families)
    needed = shipped.keys() - later.keys()
    prefixes = tuple(f"{family.prefix}_" for family in families)
    if needed - rates.keys() or any(name.startswith(prefixes) for name in rates.keys() - shipped.keys()):
        raise ValueError("it does not hold the rates of this version")
    for name, rate in rates.items():
        if not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 <= rate <= LARGEST:
            raise ValueError(f"{name} must be a number of seconds from 0 to {LARGEST:g}, not {rate!r:.60}")
    if not isinstance(found["name"], str):
        raise ValueError(f"its name must be a text, not {found['name']!r}")
    return Calibration(found["name"], shipped | later | rates)


def _cache_folder() -> Path:
    if found := os.environ.get("XDG_CACHE_HOME"):
        return Path(found)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")


@cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return next(found, "") or platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
