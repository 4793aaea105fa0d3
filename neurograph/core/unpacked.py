"""How much memory the packed arrays of an encoded text would take, read off the text before any of it is decoded.

Noughts pack to a thousandth, so a small file may claim a lot. A claim is let in where something stands behind it:
letters enough; a column of numbers beside the array, one for each kernel; one number that fills the array, for which no
memory is taken (see `decode`). Large arrays of attributes are let in too: they are unpacked to the disk (see
`unpack_aside`). Files that are written now hold such arrays plainly, so that versions that have no such way read them.
"""

import base64
import json
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from neurograph.core.codec import DEEPEST, NESTED, TIMES, array_bytes, decode, repeated_item
from neurograph.core.spilled import FEWEST
from neurograph.errors import FileError

LEAST = 2**26  # bytes that any text may take
_ROW = 2**11  # bytes of weights that a number beside them stands for: a kernel of 16 x 16
_OWN = ("attributes", "neuron_attributes", "synapse_attributes")  # of a file: what is put into the graph
_EFFECTS = ("effects", "forward")  # of an entry in a file, and on a line of a journal


def claimed_bytes(text: Any, spilled: bool = False) -> int:
    """How many bytes the arrays in an encoded value would take for which nothing stands.

    Parameters
    ----------
    text
        What `encode` made, or what somebody forged.
    spilled
        Whether to leave out what `decode` unpacks to the disk.

    Raises
    ------
    FileError
        Nested too deeply, or an array that says nothing of its size.
    """
    try:
        return sum(_claimed(found, spilled) for found in _arrays(text))
    except (ValueError, TypeError, zlib.error) as err:
        raise FileError(f"damaged array in the file: {err}") from None


def check_depth(text: Any, deepest: int) -> None:
    """Refuse, by `FileError`, an encoded value of more levels of lists and dictionaries."""
    for _ in _arrays(text, deepest):
        pass


def refuse_claims(text: Any, length: int) -> None:
    """Refuse, by `FileError`, an encoded value of so many bytes whose arrays claim far more."""
    size = claimed_bytes(text, spilled=True)
    if size > max(LEAST, TIMES * length):
        raise FileError(f"the arrays in its text would take {size:,} bytes")


def back_claims(text: Any) -> None:
    """Write arrays anew, without compression, in a value that would be refused otherwise; in place."""
    size = claimed_bytes(text)
    if size > LEAST and size > TIMES * len(json.dumps(text, separators=(",", ":"))):
        for found in _arrays(text):
            parts = found.parts
            if _claimed(found) > TIMES * len(parts[2]):
                array = decode({"$array": parts})
                parts[2] = base64.b64encode(zlib.compress(array.tobytes(), 0)).decode()


class _Found(NamedTuple):
    """A packed array; how many rows an effect around it tells apart, if one does; whether it is an attribute's."""

    parts: list
    rows: int | None
    own: bool


def _claimed(found: _Found, spilled: bool = False) -> int:
    parts, size = found.parts, array_bytes(found.parts)
    if size <= TIMES * len(parts[2]):
        return size
    if found.rows is not None:  # of an effect: it is put into the graph, and takes its memory there
        return max(0, size - _ROW * found.rows)
    if spilled and size >= FEWEST:
        return 0
    item = repeated_item(parts)
    held = item is None or (found.own and size < FEWEST and item.tobytes().strip(b"\0"))  # attributes are written to
    return size if held else 0


def _arrays(text: Any, deepest: int = DEEPEST) -> Iterator[_Found]:
    """Every packed array of an encoded value, without recursion."""
    level: list[tuple[Any, int | None, bool | None]] = [(text, None, None)]  # the last: False within effects
    for _ in range(deepest + 1):
        level, above = [], level
        for value, rows, own in above:
            if isinstance(value, dict) and "$array" in value and len(value) == 1:
                yield _Found(value["$array"], rows, bool(own))
            elif isinstance(value, dict):
                level.extend((item, *_within(key, rows, own)) for key, item in value.items() if type(item) in NESTED)
            elif NESTED & set(map(type, value)):
                rows = rows if rows is None else max(rows, _rows(value))
                level.extend((item, rows, own) for item in value if isinstance(item, dict | list))
        if not level:
            return
    raise FileError(f"nested too deeply: more than {deepest} levels")


def _within(key: str, rows: int | None, own: bool | None) -> tuple[int | None, bool | None]:
    """What is so of the items under a key of a dictionary."""
    if key.startswith("$"):
        return (rows if key == "$synapses" else None), own
    if own is not None:  # of what an effect holds, dictionaries are attributes
        return None, True
    return (0 if key in _EFFECTS else None), (False if key in _EFFECTS else True if key in _OWN else None)


def _rows(items: list) -> int:
    """How many neurons or synapses the columns of whole numbers in a list tell apart."""
    packed = (item["$array"] for item in items if isinstance(item, dict) and "$array" in item)
    return max((parts[1][0] for parts in packed if _is_column(parts)), default=0)


def _is_column(parts: Any) -> bool:
    if not isinstance(parts, list) or len(parts) != 3 or not all(isinstance(part, str) for part in parts[::2]):
        return False
    dtype, shape, packed = parts
    whole = isinstance(shape, list) and len(shape) == 1 and dtype[1:2] in ("i", "u")
    return whole and array_bytes(parts) <= TIMES * len(packed)
