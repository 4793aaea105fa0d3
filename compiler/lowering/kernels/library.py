"""The native library: the build that suits this processor, PyTorch's threads for it, or the reason why there is none.

The library is loaded when it is first asked for. `NEUROGRAPH_KERNELS` names another build ("avx2", "portable"), or
"none" for PyTorch's own operators.

Threads are those of the OpenMP runtime that PyTorch has loaded: its `GOMP_parallel` is found through PyTorch's library
and handed over, so there is never a second runtime beside it. A forked child, whose copy of that runtime has lost its
threads, computes on one.
"""

import ctypes
import os
import warnings
from functools import cache
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
SWITCH = "NEUROGRAPH_KERNELS"
BUILDS = ("portable", "avx2", "avx512")  # by what `neurograph_instructions` returns
VERSION = 2  # of the C functions' signatures, as `neurograph_version` says it
SUFFIXES = {torch.float32: "f32", torch.float64: "f64"}

_pointer, _long, _int = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int
_SIGNATURES = {
    "sparse_product": [_pointer] * 3 + [_long] * 2 + [_pointer, _long, _pointer, _int, _pointer, _int, _int],
    "sampled_product": [_pointer] * 2 + [_long] * 3 + [_pointer, _int, _pointer, _int, _pointer, _int],
    "sparse_conv": [_pointer] * 3 + [_long] * 2 + [_pointer] * 3 + [_int] + [_pointer] * 4 + [_int],
    "sampled_conv": [_pointer] * 2 + [_long] * 2 + [_pointer] * 6 + [_int],
}
_FIELD = [_pointer] * 4 + [_long] * 3 + [_pointer] * 3 + [_long]  # wiring, sizes, weights, batch
_SIGNATURES |= {
    "field_forward": [*_FIELD, _pointer, _int, _pointer, _int, _pointer, _pointer, _long, _int],
    "field_backward": [
        *_FIELD,
        *[_pointer] * 6,
        _int,
        _pointer,
        _int,
        *[_pointer] * 3,
        _long,
        _int,
    ],
    "field_width": [_long, _long, _int],
}
_PLAIN = {"field_readers": [_pointer] * 2 + [_long] * 2 + [_pointer] * 3}  # of whole numbers alone
_forked = False


def _note_fork() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def thread_count() -> int:
    """Threads a kernel may use: as many as PyTorch uses, one in a forked child."""
    return 1 if _forked else torch.get_num_threads()


def instruction_set() -> str | None:
    """The build in use ("avx512", "avx2", "portable"), or None where PyTorch's own operators compute."""
    found = _loaded()
    return None if found is None else found[0]


def kernel(name: str, dtype: torch.dtype):
    """The C function of that name for a dtype, or None; warns, once, where nothing is built."""
    return _functions().get((name, dtype))


def available(name: str, dtype: torch.dtype) -> bool:
    """Whether there is such a function; where nothing is built nothing is said, since nothing may be missed."""
    return _loaded() is not None and (name, dtype) in _functions()


def function(name: str):
    """The C function of that name that knows no dtype, or None."""
    return _functions().get(name)


@cache
def _functions() -> dict:
    found = _loaded()
    if found is None:
        if _switch() != "none":
            warnings.warn(_missing(), RuntimeWarning, stacklevel=2)
        return {}
    functions: dict = {name: getattr(found[1], f"neurograph_{name}") for name in _PLAIN}
    for name, signature in _PLAIN.items():
        functions[name].argtypes, functions[name].restype = signature, None
    for name, signature in _SIGNATURES.items():
        for dtype, suffix in SUFFIXES.items():
            function = getattr(found[1], f"neurograph_{name}_{suffix}", None)
            if function is None:  # a build from before that kernel was there has all others
                continue
            function.argtypes = signature
            function.restype = _long if name == "field_width" else _int
            functions[name, dtype] = function
    return functions


@cache
def _loaded() -> tuple[str, ctypes.CDLL] | None:
    wanted = _switch()
    if wanted not in ("", "none", *BUILDS):
        raise ValueError(f"{SWITCH}={wanted!r} names no build of the kernels; there are {', '.join(BUILDS)}, and none")
    first = None if wanted == "none" else _open("portable")
    if first is None:
        return None
    best = first.neurograph_instructions()
    names = [wanted] if wanted in BUILDS[: best + 1] else list(BUILDS[best::-1])
    name, library = next((name, found) for name in [*names, "portable"] if (found := _open(name)) is not None)
    _lend_threads(library)
    return name, library


def forget() -> None:
    """Look again when next asked: the environment names another build."""
    _functions.cache_clear()
    _loaded.cache_clear()


def _switch() -> str:
    return os.environ.get(SWITCH, "").strip().lower()


def _open(name: str) -> ctypes.CDLL | None:
    for path in sorted(HERE.glob(f"_{name}.*so")):
        try:
            library = ctypes.CDLL(str(path))
        except OSError:  # built for another machine
            continue
        if getattr(library, "neurograph_version", int)() == VERSION:  # older sources may stand beside newer Python
            return library
    return None


def _lend_threads(library: ctypes.CDLL) -> None:
    """Hand PyTorch's threads over; without an OpenMP runtime that has GOMP's entry the kernels run on one."""
    for name in ("libtorch_cpu.so", "libtorch_cpu.dylib"):
        path = Path(torch.__file__).parent / "lib" / name
        if path.exists():
            entry = getattr(ctypes.CDLL(str(path)), "GOMP_parallel", None)  # found among what that library needs
            if entry is not None:
                library.neurograph_use_threads(ctypes.cast(entry, ctypes.c_void_p))
            return


def _missing() -> str:
    return (
        "neurograph's native kernels are not built: sparse products run on PyTorch's own operators and take two to six "
        "times as long, fields more than that. Install a C compiler (gcc or clang) and build them, by "
        "`python setup.py build_ext --inplace` "
        "in a checkout or `pip install --force-reinstall --no-deps --no-cache-dir neurograph-compiler`; "
        f"{SWITCH}=none in the environment silences this"
    )
