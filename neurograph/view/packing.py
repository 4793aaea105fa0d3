"""Plain data and arrays as text for a page: one gzip stream in base64, which browsers read by themselves."""

import base64
import gzip
import json
import struct
from typing import Any

import numpy as np

_MOST = 3.4e38  # of a float32 of 12 binary digits


def pack(header_data: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """Put a header and arrays into one text.

    The bytes are: the header's length (uint32, little endian), the header (JSON in UTF-8, the arrays' names, types and
    lengths under "arrays"), and the arrays one after the other, each byte by byte: first the lowest bytes of all
    numbers, then the next ones. So the parts that hardly vary stand together, and pack to nothing.

    Parameters
    ----------
    header_data
        What JSON can hold.
    arrays
        Name -> numbers, one dimension each. Floats become float32 of 12 binary digits (an error of 1 in 8,000; 3.4e38
        at most);
        whole numbers the smallest unsigned type that holds them all, int8 excepted, which stays.

    Returns
    -------
    text : str
        Letters of base64 only, whatever the names hold.
    """
    small = {name: _small(array) for name, array in arrays.items()}
    listing = [[name, array.dtype.str[1:], len(array)] for name, array in small.items()]
    header = json.dumps(header_data | {"arrays": listing}, separators=(",", ":"), allow_nan=False).encode()
    parts = [struct.pack("<I", len(header)), header, *(_planes(array) for array in small.values())]
    return packed(b"".join(parts))


def packed(data: bytes) -> str:
    """Bytes as one gzip stream in base64."""
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode("ascii")


def rounded(array: np.ndarray) -> np.ndarray:
    """The numbers as float32 of twelve bits of mantissa, what is beyond them at their ends."""
    single = np.asarray(np.clip(array, -_MOST, _MOST), "<f4")
    known = np.isfinite(single)
    bits = (single.view("<u4") + np.uint32(0x400)) & np.uint32(0xFFFFF800)
    return np.where(known, bits.view("<f4"), single)


def _small(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "f":
        return rounded(array)
    if array.dtype == np.int8:
        return array
    top = int(array.max(initial=0))
    return array.astype("|u1" if top < 1 << 8 else "<u2" if top < 1 << 16 else "<u4")


def _planes(array: np.ndarray) -> bytes:
    wide = array.dtype.itemsize
    return np.ascontiguousarray(array).view(np.uint8).reshape(-1, wide).T.tobytes()
