"""Nested state as one safetensors file: a JSON skeleton in a byte tensor, and tensors beside it.

This is what checkpoints are, and reading one never executes anything: dictionaries, lists, tuples, numbers, texts,
tensors and arrays come back as they went in, bit for bit (a float's shortest text reads back as the same float). A
checksum is over all of it; files from before there was one are read unchecked.
"""

import json
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from neurograph.disk.aside import written_aside
from neurograph.disk.regular import regular
from neurograph.errors import FileError

_SKELETON = "skeleton"  # a byte tensor, since the header of a safetensors file is capped
_ABOUT = "neurograph.state"  # the entry of the header that holds the checksum
_CHECKED = "$checked"  # in the skeleton, beside the state: that the header must hold one


def pack_state(path: str | Path, state: Any) -> None:
    """Write nested state to a file, aside and then renamed, so that the file is the old one or the new one, whole.

    Parameters
    ----------
    path
        The file.
    state
        Dictionaries (with keys of None, bool, int, float or str), lists, tuples, None, bool, int, float, str, bytes,
        torch tensors (kept on the CPU) and numpy arrays of numbers, nested at will.

    Raises
    ------
    TypeError
        For anything else, naming where in the state it is.
    FileError
        Where the file cannot be written.
    """
    with written_aside(path) as aside:
        fill(aside, state)


def fill(path: Path, state: Any) -> None:
    """Write nested state to a file where it is; OSError where that cannot be done, else as `pack_state`."""
    tensors: dict[str, Tensor] = {}
    skeleton = {_CHECKED: _taken_apart(state, tensors, "state")}
    tensors[_SKELETON] = _as_bytes(json.dumps(skeleton).encode())
    try:
        safetensors.torch.save_file(tensors, path, {_ABOUT: _checksum(tensors)})
    except SafetensorError as error:  # a full disk, say
        raise OSError(str(error)) from None


def unpack_state(path: str | Path) -> Any:
    """Read what `pack_state` wrote; tensors are on the CPU.

    Raises
    ------
    FileError
        Naming the file, when it is missing, truncated, damaged or of another kind.
    """
    return unpack_checked(path)[0]


def unpack_checked(path: str | Path) -> tuple[Any, bool]:
    """The same, and whether the file has a checksum."""
    try:
        with open(path, "rb", opener=regular), safe_open(path, framework="pt") as file:
            about = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dictionary)
        _check(tensors, about)
        skeleton = json.loads(bytes(tensors[_SKELETON].numpy()))
        checked = isinstance(skeleton, dict) and set(skeleton) == {_CHECKED}
        if checked != bool(about):
            raise ValueError("it has lost its checksum")
        return _put_together(skeleton[_CHECKED] if checked else skeleton, tensors), checked
    except FileNotFoundError:
        raise FileError(f"{path} is not there") from None
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise FileError(f"{path} is damaged or not a file of packed state: {type(error).__name__}: {error}") from None


def _check(tensors: Mapping[str, Tensor], about: Mapping[str, str] | None) -> None:
    if about and about.get(_ABOUT) != _checksum(tensors):
        raise ValueError("its content does not match its checksum")


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    """blake2b over names, types, shapes and bytes of all tensors."""
    total = blake2b(digest_size=16)
    for name, tensor in sorted(tensors.items()):
        total.update(repr((name, str(tensor.dtype), tuple(tensor.shape))).encode())
        flat = tensor.reshape(-1)
        if flat.stride(0) != 1:  # of one number, any stride is as good as another, but for a view as bytes
            flat = flat.clone(memory_format=torch.contiguous_format)
        total.update(flat.view(torch.uint8).numpy().data)
    return total.hexdigest()


def _as_bytes(data: bytes) -> Tensor:
    return torch.from_numpy(np.frombuffer(data, np.uint8).copy())


def _kept(tensors: dict[str, Tensor], tensor: Tensor) -> str:
    name = str(len(tensors))
    tensors[name] = tensor.detach().to("cpu", copy=True).contiguous()  # copied: safetensors refuses shared memory
    return name


def _taken_apart(value: Any, tensors: dict[str, Tensor], where: str) -> Any:
    """The value with every tensor replaced by a mark; marks are one-item objects whose key begins with $."""
    if value is None or isinstance(value, bool | int | float | str):
        return _plain(value)
    if isinstance(value, Tensor):
        return {"$tensor": _kept(tensors, value)}
    if isinstance(value, np.ndarray) and value.dtype != object:
        return {"$array": _kept(tensors, torch.from_numpy(value))}
    if isinstance(value, bytes):
        return {"$bytes": _kept(tensors, _as_bytes(value))}
    if isinstance(value, list):
        return [_taken_apart(item, tensors, f"{where}[{at}]") for at, item in enumerate(value)]
    if type(value) in (tuple, torch.Size):
        return {"$tuple": _taken_apart(list(value), tensors, where)}
    if isinstance(value, dict):
        items = {key: _taken_apart(item, tensors, f"{where}[{key!r}]") for key, item in value.items()}
        if all(isinstance(key, str) and not key.startswith("$") for key in items):
            return items
        return {"$items": [[_taken_apart(key, tensors, f"a key of {where}"), item] for key, item in items.items()]}
    raise TypeError(f"{where} is a {type(value).__name__}, which a checkpoint cannot hold")


def _plain(value: Any) -> Any:
    """Numbers of subclasses (numpy's float64 is a float) as the builtin they are."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _put_together(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_put_together(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        mark, content = next(iter(value.items()))
        if mark in _MARKS:
            return _MARKS[mark](content, tensors)
    return {key: _put_together(item, tensors) for key, item in value.items()}


def _items(content: list, tensors: dict[str, Tensor]) -> dict:
    return {_put_together(key, tensors): _put_together(item, tensors) for key, item in content}


_MARKS = {
    "$tensor": lambda name, tensors: tensors[name],
    "$array": lambda name, tensors: tensors[name].numpy(),
    "$bytes": lambda name, tensors: bytes(tensors[name].numpy()),
    "$tuple": lambda content, tensors: tuple(_put_together(content, tensors)),
    "$items": _items,
}
