"""The calibration of this machine and of its CUDA device: measured once and kept in the user's cache.

    with using(lambda outer: figures): ...           # those of a run, or of the process that handed a task out
    with using(lambda outer: figures, "cuda"): ...   # of the device

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
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from neurograph.disk.aside import written_aside
from neurograph.disk.regular import read_json_file
from neurograph.errors import FileError, OptionError, reason

from ..lowering import SHIPPED
from ..lowering.kernels import instruction_set
from ..lowering.rates import LARGEST, Calibration
from .cost import default_calibration, later_rates, rates_of, shipped_rates

SWITCH = "NEUROGRAPH_CALIBRATION"
FORMAT = 2  # 1: fewer rates; a file that somebody names may be of either
_PACKAGES = ("neurograph-compiler", "torch", "numpy")
Source = Callable[[], Calibration]
_sources: ContextVar[dict[str, Source] | None] = ContextVar("sources", default=None)


def current(device: str = "cpu") -> Calibration:
    """The figures to plan by, for a type of device: those in use, else those of this machine."""
    return _source_of(device)()


@contextmanager
def using(source: Callable[[Source], Calibration], device: str = "cpu") -> Iterator[None]:
    """Within the block, in this thread, figures for a type of device come from `source`.

    It is called whenever they are asked for, and given a function that returns those from around the block.
    """
    outer = _source_of(device)
    token = _sources.set({**(_sources.get() or {}), device: lambda: source(outer)})
    try:
        yield
    finally:
        _sources.reset(token)


def _source_of(device: str) -> Source:
    return (_sources.get() or {}).get(device) or partial(of_this_machine, device)


def of_this_machine(device: str = "cpu") -> Calibration:
    """The figures of this machine for the number of threads that PyTorch uses, or of its current CUDA device.

    They are kept, or measured and kept; for devices of other types, and where there is none, they are the shipped ones.

    Raises
    ------
    OptionError
        Where `NEUROGRAPH_CALIBRATION` names a file that holds none.
    """
    switch = os.environ.get(SWITCH, "").strip()
    if device == "cpu":
        return _found(switch, device, (torch.get_num_threads(),))
    if device != "cuda" or not torch.cuda.is_available():
        return default_calibration(device)
    return _found(switch, device, (torch.cuda.current_device(), _float32_products()))


@cache
def _found(switch: str, device: str, _settings: tuple) -> Calibration:
    if switch.lower() == "shipped":
        return default_calibration(device)
    if switch:
        try:
            return read(Path(switch)) if device_of(Path(switch)) == device else default_calibration(device)
        except FileError as error:
            raise OptionError(f'{SWITCH}={switch}: {error}; name a file of figures, or "shipped"') from None
    path = kept_at(device)
    if path.exists():
        try:
            return read(path, machine(device))
        except FileError as error:
            warnings.warn(f"{error}; this machine is measured again", RuntimeWarning, stacklevel=4)
    return measure_and_keep(device) or default_calibration(device)


def forget() -> None:
    """Look again when next asked: the environment names other figures."""
    _found.cache_clear()


def measure_and_keep(device: str = "cpu") -> Calibration | None:
    """Measure a device and keep the figures where the next process looks; None where they cannot be kept."""
    from .measuring import measured

    path, about = kept_at(device), machine(device)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path) as aside:  # which fails before anything is measured
            threads = f"{about['threads']} thread{'s' * (about['threads'] != 1)}, " if device == "cpu" else ""
            figures = measured(f"{about.get('device') or about['processor']}, {threads}measured", device)
            text = json.dumps({"format": FORMAT, "machine": about, "figures": as_plain(figures)}, indent=1)
            aside.write_text(text, encoding="utf-8")
    except (OSError, FileError):
        return None
    forget()
    return figures


def machine(device: str = "cpu") -> dict[str, Any]:
    """What figures depend on: the processor, its instruction sets, the number of threads, versions; the CUDA device."""
    about: dict[str, Any] = {
        "processor": _processor(),
        "instructions": [torch.backends.cpu.get_cpu_capability(), instruction_set() or "no kernels"],
        "threads": torch.get_num_threads(),
        "versions": {name: _version(name) for name in _PACKAGES},
    }
    if device == "cpu":
        return about
    about |= {"device": torch.cuda.get_device_name(), "float32 products": _float32_products()}
    about["versions"] |= {"cuda": str(torch.version.cuda), "triton": _version("triton")}
    del about["threads"], about["instructions"]  # a device's work is launched from one thread, and done elsewhere
    return about


def _float32_products() -> str:
    """How exactly a device multiplies matrices of float32, as PyTorch's own flag has it."""
    return "tf32" if torch.backends.cuda.matmul.allow_tf32 else "ieee"


def kept_at(device: str = "cpu") -> Path:
    """The file in the user's cache for this machine; machines that share a home each have one."""
    digest = hashlib.sha256(json.dumps(machine(device) | {"format": FORMAT}, sort_keys=True).encode()).hexdigest()[:16]
    return _cache_folder() / "neurograph" / f"calibration-{digest}.json"


def read(path: Path, about: dict[str, Any] | None = None) -> Calibration:
    """The figures that a file holds; `FileError` where it holds none, or those of another machine than asked for."""
    return _held(path, about)[0]


def device_of(path: Path) -> str:
    """The type of device whose figures a file holds; `FileError` where it holds none."""
    return _held(path, None)[1]


def _held(path: Path, about: dict[str, Any] | None) -> tuple[Calibration, str]:
    try:
        found = read_json_file(path)
        if found["format"] not in (1, FORMAT) or (about is not None and found["machine"] != about):
            raise FileError(f"the calibration {path} is of another machine or version")
        device = "cuda" if "device" in found["machine"] else "cpu"
        return from_plain(found["figures"], device), device
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"the calibration {path} is damaged: {reason(error)}") from None


def as_plain(figures: Calibration) -> dict[str, Any]:
    """The figures as JSON holds them."""
    return {"name": figures.name, **figures.rates}


def from_plain(found: Any, device: str = "cpu") -> Calibration:
    """The figures of a type of device again; `ValueError` where a rate is missing, unknown, negative or no number.

    Rates of other packages' lowerings are kept, whether those are here or not. What `Rates` calls later may be missing,
    and is then what it says.
    """
    if not isinstance(found, dict) or "name" not in found:
        raise ValueError("it does not hold rates by name")
    rates = {name: rate for name, rate in found.items() if name != "name"}
    shipped, families = shipped_rates(device), rates_of(SHIPPED)
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
    return Calibration(found["name"], shipped | later | rates, device)


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
