"""CUDA C compiled while the program runs, for the device at hand: NVRTC and the driver through ctypes.

Both come with PyTorch's CUDA builds, NVRTC as a package and the driver with the device, so nothing is installed for
this: no toolkit, no compiler, no headers. Triton, which serves the other kernels, gives no access to shared memory at
random places.
"""

import ctypes
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

SOURCE = Path(__file__).resolve().parents[1] / "csrc" / "walk.cu"
_SHARED = 8  # the driver's CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
_FREE = 48 * 1024  # bytes of shared memory that a block gets without asking


def launch(
    name: str,
    defines: tuple[str, ...],
    device: torch.device,
    grid: tuple[int, int],
    threads: int,
    shared: int,
    arguments: tuple[Tensor | int, ...],
) -> None:
    """Run a kernel of `walk.cu` on the current stream of a device.

    Parameters
    ----------
    name, defines
        The kernel, and how it is compiled: "COLUMNS=4".
    device
        Where its tensors are.
    grid, threads, shared
        Blocks in two dimensions, threads of each, bytes of shared memory of each.
    arguments
        Tensors and whole numbers, which the kernel takes as pointers and as `long long`.

    Raises
    ------
    RuntimeError
        Where the driver refuses the launch.
    """
    with torch.cuda.device(device):
        _enter(torch.cuda.current_device())
        function = _function(name, defines, torch.cuda.current_device())
        values = (ctypes.c_int64 * len(arguments))(*(a if isinstance(a, int) else a.data_ptr() for a in arguments))
        at = ctypes.addressof(values)
        pointers = (ctypes.c_void_p * len(arguments))(*range(at, at + 8 * len(arguments), 8))
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        _check(_driver().cuLaunchKernel(function, *grid, 1, threads, 1, 1, shared, stream, pointers, None))


@cache
def usable() -> bool:
    """Whether kernels can be compiled here: NVIDIA's device and libraries are there, and a first program passed."""
    if not torch.cuda.is_available() or torch.version.hip is not None:
        return False
    try:
        _enter(torch.cuda.current_device())
        _function("field_weights", defines_of(torch.float32, 1, 1, 256, 1), torch.cuda.current_device())
    except (OSError, RuntimeError, AttributeError) as error:
        warnings.warn(
            f"fields run by Triton's kernels, several times as slow where they are deep, since NVRTC, which comes with "
            f"PyTorch, could not compile the faster ones: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True


@cache
def defines_of(dtype: torch.dtype, columns: int, lanes: int, threads: int, used: int) -> tuple[str, ...]:
    """How the kernels are compiled; see `walk.cu`."""
    real, most = "double" if dtype == torch.float64 else "float", next(n for n in (256, 512, 1024) if threads <= n)
    return f"REAL={real}", f"COLUMNS={columns}", f"LANES={lanes}", f"THREADS={most}", f"USED={used}"


@cache
def most_shared(device: torch.device) -> int:
    """Bytes of shared memory that a block may have."""
    return int(getattr(torch.cuda.get_device_properties(device), "shared_memory_per_block_optin", _FREE))


@cache
def _function(name: str, defines: tuple[str, ...], index: int) -> ctypes.c_void_p:
    """A kernel on a device, which is the current one."""
    function = ctypes.c_void_p()
    _check(_driver().cuModuleGetFunction(ctypes.byref(function), _module(defines, index), name.encode()))
    _check(_driver().cuFuncSetAttribute(function, _SHARED, most_shared(torch.device("cuda", index))))
    return function


@cache
def _module(defines: tuple[str, ...], index: int) -> ctypes.c_void_p:
    """The program of these definitions on a device, which is the current one."""
    major, minor = torch.cuda.get_device_capability(index)
    module, binary = ctypes.c_void_p(), compiled(defines, f"sm_{major}{minor}")
    _check(_driver().cuModuleLoadData(ctypes.byref(module), binary))
    return module


def _enter(index: int) -> None:
    """Make a device's own context this thread's, where PyTorch has not yet: autograd's threads come with none."""
    driver, context = _driver(), ctypes.c_void_p()
    _check(driver.cuCtxGetCurrent(ctypes.byref(context)))
    if not context:
        _check(driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), index))
        _check(driver.cuCtxSetCurrent(context))


def compiled(defines: tuple[str, ...], architecture: str) -> bytes:
    """The kernels as machine code for an architecture ("sm_90"); `RuntimeError` with what NVRTC says if it fails."""
    nvrtc, program = _nvrtc(), ctypes.c_void_p()
    options = [f"--gpu-architecture={architecture}", "--std=c++17", *(f"-D{define}" for define in defines)]
    words = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    source = SOURCE.read_bytes()
    if nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, b"walk.cu", 0, None, None):
        raise RuntimeError("NVRTC takes no program")
    try:
        if nvrtc.nvrtcCompileProgram(program, len(options), words):
            raise RuntimeError(
                _read(nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog, program).decode().strip("\0")
            )
        return _read(nvrtc.nvrtcGetCUBINSize, nvrtc.nvrtcGetCUBIN, program)
    finally:
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def _read(size_of: Any, read: Any, program: ctypes.c_void_p) -> bytes:
    size = ctypes.c_size_t()
    size_of(program, ctypes.byref(size))
    text = ctypes.create_string_buffer(size.value)
    read(program, text)
    return text.raw


@cache
def _nvrtc() -> Any:
    """NVRTC as PyTorch has it: loaded already, or found from a library of PyTorch's that needs it."""
    version = str(torch.version.cuda).partition(".")[0]
    try:
        return ctypes.CDLL(f"libnvrtc.so.{version}")
    except OSError:
        return ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libcaffe2_nvrtc.so"))


@cache
def _driver() -> Any:
    return ctypes.CDLL("libcuda.so.1")


def _check(failed: int) -> None:
    if failed:
        text = ctypes.c_char_p()
        _driver().cuGetErrorString(failed, ctypes.byref(text))
        raise RuntimeError(f"CUDA: {(text.value or b'error').decode()} ({failed})")
