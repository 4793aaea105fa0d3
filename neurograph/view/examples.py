"""The examples of a page, as bytes, within a budget: inputs as pictures, what each neuron makes of each, some maps."""

from typing import Any

import numpy as np

from neurograph.analysis.examples import Examples

MOST = 256  # examples
BUDGET = 3_000_000  # bytes of inputs, activations and maps before they are packed
FEWEST = 12  # examples, below which none are worth their room


def example_arrays(
    examples: Examples | None, keys: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, Any] | None, list[str]]:
    """What the page needs of some examples.

    Parameters
    ----------
    examples
        All that were run; the first that fit are taken.
    keys
        (N,) of the page's neurons, in its order.

    Returns
    -------
    arrays : dict
        "example_input", bytes of each example's picture; "activation", 0 to 255 of each neuron's own range, neuron by
        neuron; "activation_range", its two ends; "example_label"; "map", bytes of maps; "map_start", from 1, of each
        neuron, 0 for none.
    about : dict or None
        "count", "sides" of a picture (channels, rows, columns), "classes", "maps" (how many examples have them).
    notes : list of str
        What was left out.
    """
    if examples is None:
        return {}, None, []
    sides = _sides(examples.inputs)
    size = len(keys) + int(np.prod(sides))
    count = min(len(examples.inputs), MOST, BUDGET // 2 // size)
    if count < min(FEWEST, len(examples.inputs)):
        return {}, None, [f"the examples are not in the page: {FEWEST} of them would take {FEWEST * size / 1e6:.1f} MB"]
    arrays = {"example_input": _bytes(examples.inputs[:count].reshape(count, -1), each=True)[0].reshape(-1)}
    arrays |= _activations(examples, keys, count)
    if examples.labels is not None:
        arrays["example_label"] = examples.labels[:count].astype(np.int64)
    about = {"count": count, "sides": sides, "classes": _classes(examples, count), "maps": 0}
    notes = [f"{count:,} of {len(examples.inputs):,} examples are in the page"] if count < len(examples.inputs) else []
    held, number = _maps(examples, keys, count)
    if examples.maps and not number:
        notes.append("the maps that examples make are not in the page: they are too large")
    return arrays | held, about | {"maps": number}, notes


def _sides(inputs: np.ndarray) -> list[int]:
    """Channels, rows and columns of a picture of an example; a row where it is none."""
    if inputs.ndim == 4:
        return list(inputs.shape[1:])
    side = round(inputs.shape[1] ** 0.5)
    return [1, side, side] if side * side == inputs.shape[1] > 8 else [1, 1, inputs.shape[1]]


def _classes(examples: Examples, count: int) -> int:
    return 0 if examples.labels is None else int(examples.labels[:count].max(initial=-1)) + 1


def _bytes(rows: np.ndarray, each: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows as bytes of their own range (or of all of them), and (rows, 2) the ends of the ranges."""
    rows = np.nan_to_num(np.asarray(rows, np.float64))
    axis = 1 if each else None
    low, high = (np.broadcast_to(end(rows, axis=axis, keepdims=True), (len(rows), 1)) for end in (np.min, np.max))
    scaled = np.rint(255 * (rows - low) / np.where(high > low, high - low, 1.0))
    return scaled.astype(np.uint8), np.column_stack([low, high])


def _activations(examples: Examples, keys: np.ndarray, count: int) -> dict[str, np.ndarray]:
    place = np.minimum(np.searchsorted(examples.keys, keys), max(0, len(examples.keys) - 1))
    known = examples.keys[place] == keys if len(examples.keys) else np.zeros(len(keys), bool)
    columns = np.where(known[:, None], examples.activations[:count].T[place], 0.0)
    scaled, ends = _bytes(columns, each=True)
    ends[~known] = np.nan  # the dead say nothing
    return {"activation": scaled.reshape(-1), "activation_range": ends.reshape(-1)}


def _maps(examples: Examples, keys: np.ndarray, count: int) -> tuple[dict[str, np.ndarray], int]:
    """Maps of as many examples as there is room for."""
    sizes = {key: each[0].size for key, each in examples.maps.items() if len(each)}
    if not sizes:
        return {}, 0
    number = min(count, *(len(each) for each in examples.maps.values()), BUDGET // 2 // max(1, sum(sizes.values())))
    if not number:
        return {}, 0
    start, parts, used = np.zeros(len(keys), np.int64), [], 0
    for place, key in enumerate(keys.tolist()):
        if key in sizes:
            start[place] = used + 1
            parts.append(_bytes(examples.maps[key][:number].reshape(number, -1), each=False)[0].reshape(-1))
            used += number * sizes[key]
    return {"map": np.concatenate(parts), "map_start": start}, number
