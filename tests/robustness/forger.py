"""Files with a right checksum and wrong content: whole ones with something changed at random."""

import copy
import json

import numpy as np

from neurograph.files.container import Content

NUMBERS = [0, 1, -1, 2, 7, 255, 2**31, 2**62, 2**70, -(2**40), True, 0.5, -1e308, 1e308]
OTHERS = [
    None,
    "",
    "x",
    "\ud800",
    [],
    {},
    [[]],
    {"$float": "nan"},
    {"$float": "inf"},
    {"$tuple": [1, 2]},
    {"$dict": [[1, 2]]},
]
TAGS = ["$array", "$tuple", "$kind", "$synapses", "$neurons", "$dict", "$float"]
PARTS = [
    "S+",
    "S-",
    "N+",
    "N-",
    "kind",
    "form",
    "reweigh",
    "value",
    "weight",
    "population+",
    "population-",
    "attributes",
]


def forged(content, rng):
    """A content like another with one to three changes, in its arrays or in its text."""
    arrays = {name: np.array(array) for name, array in content.arrays.items()}
    text = copy.deepcopy(content.text)
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.35:
            forged_arrays(arrays, rng)
        else:
            text = forged_text(text, rng)
    return Content(arrays, text, content.digest)


def forged_arrays(arrays, rng):
    """Change one of some arrays by name, in place: gone, of another type or shape, or with another number in it."""
    name = sorted(arrays)[rng.integers(len(arrays))]
    array, what = arrays[name], rng.integers(6)
    if what == 0:
        del arrays[name]
    elif what == 1:
        with np.errstate(invalid="ignore"):
            kinds = [np.float32, np.int8, np.uint64, np.bool_, np.float64]
            arrays[name] = array.astype(kinds[rng.integers(5)]) if array.dtype.kind != "U" else array.astype("S3")
    elif what == 2:
        row = np.atleast_1d(array)
        arrays[name] = [row[:-1], np.concatenate([row, row[:1]]), array[None], row[::-1].copy()][rng.integers(4)]
    elif array.dtype.kind == "U":
        arrays[name] = np.where(rng.random(array.shape) < 0.5, ["", "0", "x", "-1"][rng.integers(4)], array)
    elif array.size:
        flat = array.reshape(-1).copy()
        some = (
            [np.nan, np.inf, -1.0, 1e308]
            if array.dtype.kind == "f"
            else [0, 1, 99, -1 if array.dtype.kind == "i" else 3]
        )
        flat[rng.integers(len(flat))] = some[rng.integers(4)]
        arrays[name] = flat.reshape(array.shape)


def _places(value, found, path=()):
    """Every place in a text, as paths, those inside of journals included."""
    found.append(path)
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        _places(item, found, (*path, key))
    return found


def forged_text(text, rng):
    """A text like another with one change, which may be made in place."""
    places = _places(text, [])
    path = places[rng.integers(1, len(places))]
    holder = text
    for key in path[:-1]:
        holder = holder[key]
    old, what = holder[path[-1]], rng.integers(8)
    if what == 0 and isinstance(holder, dict):
        del holder[path[-1]]
    elif what == 0 or (what == 1 and isinstance(holder, list)):
        holder.pop(path[-1]) if isinstance(holder, list) else None
    elif what == 2 and isinstance(holder, list):
        holder.append(copy.deepcopy(old))
    elif what == 3:
        other = text
        for key in places[rng.integers(1, len(places))]:
            other = other[key]
        holder[path[-1]] = copy.deepcopy(other)
    elif what == 4 and isinstance(old, str):
        holder[path[-1]] = [*TAGS, *PARTS, old + "x"][rng.integers(len(TAGS) + len(PARTS) + 1)]
    elif what == 5 and isinstance(old, int | float):
        holder[path[-1]] = old + [1, -1, 2**40][rng.integers(3)]
    else:
        some = NUMBERS if rng.random() < 0.6 else OTHERS
        holder[path[-1]] = copy.deepcopy(some[rng.integers(len(some))])
    return text


def damaged(data, rng):
    """The bytes of a file with bits flipped, cut off, or with a stretch of them gone, doubled or nought."""
    at, stop = sorted(int(place) for place in rng.integers(len(data), size=2))
    flipped = bytes([data[at] ^ 1 << int(rng.integers(8))])
    found = [
        data[:at] + flipped + data[at + 1 :],
        data[:at],
        data[:at] + data[stop:],
        data[:stop] + data[at:],
        data[:at] + bytes(stop - at) + data[stop:],
        data + flipped,
    ]
    return found[rng.integers(len(found))]


def through_json(content):
    """A content as it is read from a file."""
    text = json.dumps(content.text).encode()
    return Content(content.arrays, json.loads(text), content.digest, len(text))
