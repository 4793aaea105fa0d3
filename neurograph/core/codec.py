"""What a graph and its journal carry, as JSON: arrays, tuples, kinds and rows included; reading it never runs code."""

import base64
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from math import prod
from typing import Any

import numpy as np

from neurograph.core.records import NeuronRows, SynapseRows
from neurograph.errors import FileError
from neurograph.schema.neuron import NeuronKind

DEEPEST = 200  # levels of JSON that a value may have
LARGEST = 2**13000  # numbers as long as Python will print and read again
_DTYPES = frozenset("biuf")
_ROWS = {"synapses": SynapseRows, "neurons": NeuronRows}


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
        return [encode(item) for item in value]
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


def _encode_array(array: np.ndarray) -> dict:
    if array.dtype.kind not in _DTYPES:
        raise FileError(f"cannot write an array of {array.dtype} to a file: only numbers and booleans")
    packed = base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 1)).decode()
    return {"$array": [array.dtype.str, list(array.shape), packed]}


def decode(value: Any) -> Any:
    """The value that was encoded; raises `FileError` where it was not one."""
    if isinstance(value, list):
        return [decode(item) for item in value]
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
    unpacker, size = zlib.decompressobj(), _array_bytes(parts)
    data = unpacker.decompress(base64.b64decode(packed, validate=True), size + 1)  # no more than it says it is
    if len(data) != size or not unpacker.eof:
        raise ValueError(f"an array of shape {shape} does not hold {size:,} bytes")
    return np.frombuffer(bytearray(data), np.dtype(dtype)).reshape(shape)


def _array_bytes(parts: list) -> int:
    dtype, shape, _ = parts
    if not isinstance(shape, list) or any(type(side) is not int or side < 0 for side in shape):
        raise ValueError(f"an array of shape {shape!r}")
    return prod(shape) * np.dtype(dtype).itemsize


def unpacked_bytes(text: Any, deepest: int = DEEPEST) -> int:
    """How many bytes the arrays in an encoded value will take, read off what they say of themselves.

    Parameters
    ----------
    text
        What `encode` made, or what somebody forged.
    deepest
        How many levels of lists and dictionaries it may have.

    Raises
    ------
    FileError
        Nested too deeply, or an array that says nothing of the kind.
    """
    try:
        return sum(_array_bytes(parts) for parts in _arrays(text, deepest))
    except (ValueError, TypeError) as err:
        raise FileError(f"damaged array in the file: {err}") from None


def store_plainly(text: Any, most: int) -> None:
    """Write arrays anew, without compression, that unpack to more than `most` times their letters; in place."""
    for parts in _arrays(text):
        if _array_bytes(parts) > most * len(parts[2]):
            parts[2] = base64.b64encode(zlib.compress(_decode_array(parts).tobytes(), 0)).decode()


def _arrays(text: Any, deepest: int = DEEPEST) -> Iterator[list]:
    """Every packed array of an encoded value, without recursion."""
    level = [text]
    for _ in range(deepest + 1):
        level, above = [], level
        for value in above:
            if isinstance(value, dict):
                if "$array" in value and len(value) == 1:
                    yield value["$array"]
                else:
                    level.extend(item for item in value.values() if isinstance(item, dict | list))
            elif isinstance(value, list):
                level.extend(item for item in value if isinstance(item, dict | list))
        if not level:
            return
    raise FileError(f"nested too deeply: more than {deepest} levels")


_DECODERS = {
    "$float": float,
    "$array": _decode_array,
    "$tuple": lambda items: tuple(decode(item) for item in items),
    "$kind": lambda fields: NeuronKind(**{name: decode(item) for name, item in fields.items()}),
    "$synapses": lambda fields: SynapseRows(*(decode(item) for item in fields)),
    "$neurons": lambda fields: NeuronRows(*(decode(item) for item in fields)),
    "$dict": lambda pairs: {decode(key): decode(item) for key, item in pairs},
}
