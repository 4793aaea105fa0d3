"""The CUDA C kernels on the processor: `harness/on_host.cpp` around `walk.cu`, in place of a launch on a device."""

import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest
import torch

from compiler.lowering.kernels.cuda import runtime

HARNESS = Path(__file__).resolve().parent / "harness" / "on_host.cpp"
TRAPS = ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]
compiler_here = shutil.which("c++") or shutil.which("g++")


@cache
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory()


@cache
def _built(defines: tuple[str, ...]):
    path = Path(_folder().name) / ("-".join(defines).replace("=", "") + ".so")
    words = ["-std=c++20", "-O1", "-shared", "-fPIC", *TRAPS, *(f"-D{define}" for define in defines)]
    made = subprocess.run(
        [str(compiler_here), *words, "-I", str(runtime.SOURCE.parent), str(HARNESS), "-o", str(path)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return ctypes.CDLL(str(path)).on_host


def launch(name, defines, device, grid, threads, shared, arguments, backwards: bool = False) -> None:
    """As `runtime.launch`."""
    if torch.is_tensor(arguments[0]) and arguments[0].is_cuda:
        return REAL(name, defines, device, grid, threads, shared, arguments)
    values = [a if isinstance(a, int) else a.data_ptr() for a in arguments]
    failed = _built(defines)(name.encode(), *grid, threads, shared, (ctypes.c_int64 * len(values))(*values), backwards)
    assert failed == 0, (name, failed, "some thread waits for ever" if failed == 1 else "it cannot be launched")
    return None


REAL = runtime.launch


@pytest.fixture(params=[False, True], ids=["threads in order", "threads backwards"])
def on_host(request, monkeypatch):
    """Kernels of `walk.cu` run on the processor, a block's threads in either order; on a device where there is one."""
    if torch.cuda.is_available():
        if request.param:
            pytest.skip("a device has an order of its own")
        return
    if compiler_here is None:
        pytest.skip("no C++ compiler is installed")

    def run(*arguments) -> None:
        launch(*arguments, backwards=request.param)

    monkeypatch.setattr(runtime, "launch", run)
    monkeypatch.setattr(runtime, "usable", lambda: True)
    monkeypatch.setattr(runtime, "most_shared", lambda device: 227 * 1024)
