"""What a graph and its journal carry, as JSON: arrays, tuples, kinds and rows included; reading it never runs code."""

import base64
import zlib
from collections.abc import Collection, Mapping
from dataclasses import asdict
from math import prod
from typing import Any

import numpy as np

from neurograph.core.records import NeuronRecords, SynapseRecords
from neurograph.core.spilled import FEWEST, unpack_aside
from neurograph.errors import FileError
from neurograph.schema.neuron import NeuronKind

DEEPEST = 200  # levels of JSON that a value may have
LARGEST = 2**13000  # numbers as long as Python will print and read again
TIMES = 64  # bytes for a letter, from which on a packed array is looked at before memory is given to it
_CHUNK = 2**16
_DTYPES = frozenset("biuf")
NESTED = {list, dict}  # of what JSON is read as: all else stands for itself
_SHORT = {int, str, bool, type(None)}  # what JSON has as it is, but for numbers that are too long
_ROWS = {"synapses": SynapseRecords, "neurons": NeuronRecords}


def encode(value: Any) -> Any:
    """A value in what JSON has; raises `FileError` naming a type that cannot be written.

    A live view of attributes is written as the dictionary that it is at that moment.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) < LARGEST:
            return value
        raise FileError(f"cannot write a number of {value.bit_length():,} bits to a file")
    if isinstance(value, float):
        return value if value - value == 0.0 else {"$float": repr(value)}
    if isinstance(value, np.generic) and not isinstance(value.item(), np.generic):  # a longdouble stays one
        return encode(value.item())
    if isinstance(value, np.ndarray):
        return _encode_array(value)
    if isinstance(value, list):
        return value.copy() if is_plain(value) else [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [encode(item) for item in value]}
    if isinstance(value, NeuronKind):
        return {"$kind": {name: encode(item) for name, item in asdict(value).items()}}
    for tag, rows in _ROWS.items():
        if isinstance(value, rows):
            return {"$" + tag: [encode(getattr(value, name)) for name in rows.__dataclass_fields__]}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: encode(item) for key, item in value.items()}
        return {"$dict": [[encode(key), encode(item)] for key, item in value.items()]}
    raise FileError(
        f"cannot write a {type(value).__name__} ({value!r}) to a file: attributes and names may be numbers, text, "
        "lists, tuples, dictionaries and numeric arrays"
    )


def is_plain(values: Collection[Any]) -> bool:
    """Whether each of many values is written as it stands: short whole numbers, text, booleans, None."""
    kinds = set(map(type, values))
    if not kinds <= _SHORT:
        return False
    numbers = values if kinds == {int} else [value for value in values if type(value) is int]
    return not numbers or (max(numbers) < LARGEST and min(numbers) > -LARGEST)


def _encode_array(array: np.ndarray) -> dict:
    if array.dtype.kind not in _DTYPES:
        raise FileError(f"cannot write an array of {array.dtype} to a file: only numbers and booleans")
    packed = base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 1)).decode()
    return {"$array": [array.dtype.str, list(array.shape), packed]}


def decode(value: Any) -> Any:
    """The value that was encoded; raises `FileError` where it was not one."""
    if isinstance(value, list):
        return [decode(item) for item in value] if NESTED & set(map(type, value)) else value.copy()
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, inside),) = value.items()
        if tag in _DECODERS:
            try:
                return _DECODERS[tag](inside)
            except (ValueError, TypeError, KeyError, zlib.error) as err:
                raise FileError(f"damaged {tag[1:]} in the file: {err}") from None
    return {key: decode(item) for key, item in value.items()}


def _decode_array(parts: list) -> np.ndarray:
    dtype, shape, packed = parts
    if np.dtype(dtype).kind not in _DTYPES:
        raise ValueError(f"an array of {dtype}")
    size, letters = array_bytes(parts), base64.b64decode(packed, validate=True)
    item = repeated_item(parts) if size > TIMES * len(packed) else None
    if item is not None:  # memory for one number alone, or, of noughts, none before somebody writes
        return np.broadcast_to(item, shape) if item.tobytes().strip(b"\0") else np.zeros(shape, item.dtype)
    if size > TIMES * len(packed) and size >= FEWEST:
        return unpack_aside(letters, size).view(np.dtype(dtype)).reshape(shape)
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(letters, size + 1)  # no more than it says it is
    if len(data) != size or not unpacker.eof:
        raise ValueError(f"an array of shape {shape} does not hold {size:,} bytes")
    return np.frombuffer(bytearray(data), np.dtype(dtype)).reshape(shape)


def array_bytes(parts: list) -> int:
    """How many bytes a packed array says that it takes; raises `ValueError` where it says nothing of the kind."""
    dtype, shape, _ = parts
    if not isinstance(shape, list) or any(type(side) is not int or side < 0 for side in shape):
        raise ValueError(f"an array of shape {shape!r}")
    return prod(shape) * np.dtype(dtype).itemsize


def repeated_item(parts: list) -> np.ndarray | None:
    """The one number that fills a packed array, () of its type; None where several do, or it is damaged or empty."""
    dtype, size = np.dtype(parts[0]), array_bytes(parts)
    if not size:
        return None
    unpacker, data, at = zlib.decompressobj(), base64.b64decode(parts[2], validate=True), 0
    item = b""
    while at < size and (chunk := unpacker.decompress(data, min(_CHUNK, size - at))):
        item = item or chunk[: dtype.itemsize]
        if chunk != (item * (len(chunk) // len(item) + 2))[at % len(item) :][: len(chunk)]:
            return None
        data, at = unpacker.unconsumed_tail, at + len(chunk)
    whole = at == size and len(item) == dtype.itemsize and not unpacker.decompress(data, 1) and unpacker.eof
    return np.frombuffer(item, dtype)[0:1].reshape(()) if whole else None


_DECODERS = {
    "$float": float,
    "$array": _decode_array,
    "$tuple": lambda items: tuple(decode(item) for item in items),
    "$kind": lambda fields: NeuronKind(**{name: decode(item) for name, item in fields.items()}),
    "$synapses": lambda fields: SynapseRecords(*(decode(item) for item in fields)),
    "$neurons": lambda fields: NeuronRecords(*(decode(item) for item in fields)),
    "$dict": lambda pairs: {decode(key): decode(item) for key, item in pairs},
}
