"""What a graph and its journal carry, as JSON: arrays, tuples, kinds and rows included; reading it never runs code."""

import base64
import zlib
from dataclasses import asdict
from typing import Any

import numpy as np

from neurograph.errors import FileError
from neurograph.rows import NeuronRows, SynapseRows
from neurograph.schema.neuron import NeuronKind

_DTYPES = frozenset("biuf")
_ROWS = {"synapses": SynapseRows, "neurons": NeuronRows}


def encode(value: Any) -> Any:
    """A value in what JSON has; raises `FileError` naming a type that cannot be written."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0.0 else {"$float": repr(value)}
    if isinstance(value, np.generic):
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
    if isinstance(value, dict):
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
    return np.frombuffer(bytearray(zlib.decompress(base64.b64decode(packed))), np.dtype(dtype)).reshape(shape)


_DECODERS = {
    "$float": float,
    "$array": _decode_array,
    "$tuple": lambda items: tuple(decode(item) for item in items),
    "$kind": lambda fields: NeuronKind(**{name: decode(item) for name, item in fields.items()}),
    "$synapses": lambda fields: SynapseRows(*(decode(item) for item in fields)),
    "$neurons": lambda fields: NeuronRows(*(decode(item) for item in fields)),
    "$dict": lambda pairs: {decode(key): decode(item) for key, item in pairs},
}
