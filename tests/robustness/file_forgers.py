"""Files of other programs with one to three things in them changed: text in JSON, XML and tables, arrays, messages."""

import csv
import json
import xml.etree.ElementTree as ET

import numpy as np

from tests.robustness.forger import forged_arrays
from tests.robustness.state_forger import PLAIN, forged_state

TEXTS = ("", "x", "-1", "0", "1e400", "nan", "inf", "true", "3x3", "[[", "[[1, 2]]", "1.5", "\u0661", "a\nb", "9" * 25)
NAMES = ("int", "boolean", "directed", "undirected", "dynamic", "n0", "d0", "0", "1", "weight", "role")
COUNTS = (0, 1, -1, 2, 7, 63, 2**31 - 1, 2**40, 2**62, -(2**40))


def pick(some, rng):
    """One of some."""
    return some[int(rng.integers(len(some)))]


def times(rng):
    """One to three, to be counted."""
    return range(int(rng.integers(1, 4)))


def forge_json(path, rng):
    path.write_text(json.dumps(forged_state(json.loads(path.read_text()), rng, PLAIN)))


def forge_xml(path, rng):
    """Elements, texts and attributes swapped, removed, doubled or made something else."""
    tree = ET.parse(path)
    for _ in times(rng):
        elements = list(tree.iter())
        one, other, what = pick(elements, rng), pick(elements, rng), rng.integers(6)
        if what == 0:
            one.text = pick([None, *TEXTS, other.text], rng)
        elif what == 1 and one.attrib:
            one.attrib.pop(pick(sorted(one.attrib), rng))
        elif what == 2 and one.attrib:
            one.attrib[pick(sorted(one.attrib), rng)] = pick(NAMES + TEXTS, rng)
        elif what == 3 and one.attrib and other.attrib:
            one.attrib[pick(sorted(one.attrib), rng)] = other.attrib[pick(sorted(other.attrib), rng)]
        elif what == 4 and len(one):
            one.remove(pick(list(one), rng))
        elif other not in list(one.iter()) and one not in list(other.iter()):
            one.append(other)
    tree.write(path)


def forge_table(path, rng):
    """Cells changed or swapped, rows and columns removed, doubled or cut short."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    for _ in times(rng):
        at, other, what = int(rng.integers(len(rows))), pick(rows, rng), rng.integers(6)
        if what == 0 and len(rows) > 1:
            del rows[at]
        elif what == 1:
            rows.append(list(other))
        elif what == 2 and rows[at]:
            rows[at].pop() if rng.random() < 0.5 else rows[at].append("1")
        elif what == 3 and rows[at] and other:
            rows[at][int(rng.integers(len(rows[at])))] = pick(other, rng)
        elif what == 4:
            column = int(rng.integers(len(rows[0]) or 1))
            rows = [row[:column] + row[column + 1 :] for row in rows]
        elif rows[at]:
            rows[at][int(rng.integers(len(rows[at])))] = pick(NAMES + TEXTS, rng)
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def forge_npz(path, rng):
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file}
    for _ in times(rng):
        if arrays:
            forged_arrays(arrays, rng)
    np.savez(path, **arrays)


def forge_onnx(path, rng):
    """Fields of the messages, of any depth, made something else of their type, removed or doubled."""
    import onnx

    model = onnx.load_model_from_string(path.read_bytes())
    for _ in times(rng):
        _change_message(pick(list(_messages(model.graph)), rng), rng)
    path.write_bytes(model.SerializeToString())


def _messages(message):
    """A message and all that are in it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in value if hasattr(value, "append") else (value,):
                yield from _messages(each)


def _change_message(message, rng):
    held = message.ListFields()
    if not held:
        return
    field, value = pick(held, rng)
    many = hasattr(value, "append")
    if rng.random() < 0.15:
        message.ClearField(field.name)
    elif many and rng.random() < 0.3:
        value.append(pick(value, rng)) if rng.random() < 0.5 else value.pop(int(rng.integers(len(value))))
    elif field.message_type is None and many:
        value[int(rng.integers(len(value)))] = _other(pick(value, rng), rng)
    elif field.message_type is None:
        setattr(message, field.name, _other(value, rng))


def _other(old, rng):
    """A value of the same type."""
    if isinstance(old, bool):
        return not old
    if isinstance(old, int):
        return pick((*COUNTS, old + 1, old - 1), rng)
    if isinstance(old, float):
        return pick((0.0, -1.0, 1e30, float("nan"), float("inf")), rng)
    if isinstance(old, bytes):
        return pick((b"", old[:-1], old + old[:4], bytes(len(old)), b"SAME_UPPER", old[: len(old) // 2]), rng)
    return pick((*NAMES, *OPERATORS, old + "x", ""), rng)


OPERATORS = ("Gemm", "MatMul", "Relu", "Add", "Mul", "Conv", "Concat", "Constant", "Reshape", "Loop")
OPERATORS += ("BatchNormalization", "MaxPool", "AveragePool", "Clip", "Flatten", "Div", "Elu", "kernel_shape", "alpha")
