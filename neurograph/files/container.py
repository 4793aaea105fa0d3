"""The file itself: safetensors with named arrays, one JSON text as bytes, and a checksum over all of it.

The header of a safetensors file is capped at 100 MB, so text that may be large is an array of bytes like the others.
Nothing here knows what a neuron is, and nothing that is read is ever executed.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from neurograph.disk.aside import written_aside
from neurograph.disk.regular import regular
from neurograph.errors import FileError, reason

FORMAT = "neurograph.network"
VERSION = 1
TEXT = "text"
_DTYPES = frozenset(("BOOL", "F16", "F32", "F64", *(f"{sign}{bits}" for sign in "IU" for bits in (8, 16, 32, 64))))

_FOREIGN = (
    (b"PK\x03\x04", "a zip archive, as torch.save makes; it could run code, so it is not opened"),
    (b"\x80", "a pickle; it could run code, so it is not opened"),
    (b"<", "XML (GraphML or GEXF?), which is for other programs to read"),
    (b"{", "JSON, which is for other programs to read"),
    (b"digraph", "DOT, which is for other programs to read"),
    (b"strict digraph", "DOT, which is for other programs to read"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x1f\x8b", "a gzip archive"),
)
_WAY_OUT = "NeuronGraph.load reads what graph.save wrote"


@dataclass(frozen=True, eq=False)
class Content:
    """What a file holds.

    Parameters
    ----------
    arrays
        By name.
    text
        Anything JSON has.
    digest
        The wiring digest of the network; None where nothing says which it is to be.
    text_bytes
        How long the text is in the file.
    """

    arrays: Mapping[str, np.ndarray]
    text: Any
    digest: str | None
    text_bytes: int = 0


def write(path: str | Path, content: Content) -> None:
    """Write a file, or leave the one that is there."""
    text = np.frombuffer(as_bytes(content.text), np.uint8)
    arrays = {name: np.ascontiguousarray(array) for name, array in content.arrays.items()} | {TEXT: text}
    about = {"version": VERSION, "wiring": content.digest}
    about["checksum"] = _checksum(arrays, about)
    with written_aside(path) as aside:
        try:
            save_file(arrays, aside, {FORMAT: json.dumps(about)})  # one entry: safetensors shuffles several
        except SafetensorError as err:
            raise OSError(str(err)) from err


def as_bytes(text: Any) -> bytes:
    """Text as it is written."""
    return json.dumps(text, separators=(",", ":")).encode()


def read(path: str | Path) -> Content:
    """Read a file.

    Raises
    ------
    FileError
        Missing, empty, truncated, damaged, of another format or of a newer version; naming the file and the way out.
    """
    start = _start(path)
    try:
        with safe_open(path, framework="np") as file:
            about = _about(path, file.metadata() or {})
            arrays = {name: _array(path, file, name) for name in file.keys()}  # noqa: SIM118 (not a dictionary)
    except FileError:
        raise
    except (SafetensorError, OSError, ValueError, TypeError) as err:
        known = next((what for mark, what in _FOREIGN if start.lstrip().startswith(mark)), None)
        if known:
            raise FileError(f"{path} is {known}; {_WAY_OUT}") from None
        raise FileError(f"{path} is truncated, damaged or not a network ({err}); {_WAY_OUT}") from None
    if about.pop("checksum", None) != _checksum(arrays, about):
        raise FileError(f"{path} is damaged: its content does not match its checksum; restore it from a copy")
    try:
        written = arrays.pop(TEXT).tobytes()
        text = json.loads(written)
    except (KeyError, ValueError, RecursionError) as err:
        raise FileError(f"{path} is damaged: its text cannot be read ({err})") from None
    return Content(arrays, text, about["wiring"], len(written))


def _array(path: str | Path, file: Any, name: str) -> np.ndarray:
    dtype = file.get_slice(name).get_dtype()
    if dtype not in _DTYPES:
        raise FileError(f"{path} is damaged: {name} holds numbers of type {dtype}, which no network has")
    return file.get_tensor(name)


def _start(path: str | Path) -> bytes:
    """The first bytes of a file that can be read at all."""
    if os.path.isdir(path):
        raise FileError(f"{path} is a folder; give the name of a file in it")
    try:
        with open(path, "rb", opener=regular) as file:
            start = file.read(64)
    except (OSError, ValueError) as err:
        raise FileError(f"cannot read {path}: {reason(err)}") from None
    if not start:
        raise FileError(f"{path} is empty; {_WAY_OUT}")
    return start


def _about(path: str | Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    """What a file says of itself: version, wiring, checksum."""
    if FORMAT not in metadata:
        raise FileError(f"{path} is a safetensors file, but holds no network; {_WAY_OUT}")
    try:
        about = json.loads(metadata[FORMAT])
        version, _ = int(about["version"]), str(about["wiring"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise FileError(f"{path} is damaged: it does not say what it holds; restore it from a copy") from None
    if version > VERSION:
        raise FileError(
            f"{path} was written by a newer neurograph (format {version}, this one reads up to {VERSION}); "
            "upgrade neurograph-compiler to read it"
        )
    return about


def _checksum(arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> str:
    """blake2b over names, types, shapes and bytes of everything in the file."""
    total = blake2b(repr(sorted(about.items())).encode(), digest_size=16)
    for name, array in sorted(arrays.items()):
        total.update(repr((name, array.dtype.str, array.shape)).encode())
        total.update(array.reshape(-1).view(np.uint8).data)
    return total.hexdigest()
