"""State of a checkpoint like another, with changes: nested tables and lists with tensors and arrays in them."""

import numpy as np
import torch

PLAIN = (None, "", "x", -1, 0, 7, 2**40, 2**70, 0.5, 1e308, float("nan"), float("inf"), True, [], {}, [[]], {"x": 1})
OTHERS = (*PLAIN, (1, 2), torch.zeros(2), torch.zeros(0), np.zeros(3), b"")
DTYPES = (torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.bool, torch.int64)


def forged_state(value, rng, others=OTHERS):
    """A state like another, with one to three changes.

    Parameters
    ----------
    value
        Nested dictionaries, lists and tuples.
    rng
        A `numpy.random.Generator`.
    others
        What may stand in the place of anything: `PLAIN` where JSON has to hold it.
    """
    for _ in range(int(rng.integers(1, 4))):
        found = list(places(value))
        if found:
            value = changed(value, found[rng.integers(len(found))], rng, others)
    return value


def places(value, path=()):
    """The path of everything inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def changed(value, path, rng, others):
    """The value with the item at a path changed, gone, or there twice."""
    key, rest = path[0], path[1:]
    made = dict(value) if isinstance(value, dict) else list(value)
    if rest:
        made[key] = changed(made[key], rest, rng, others)
    elif rng.random() < 0.2:
        del made[key]
    elif rng.random() < 0.1 and isinstance(made, list):
        made.append(made[key])
    else:
        made[key] = other(made[key], rng, others)
    return tuple(made) if isinstance(value, tuple) else made


def other(old, rng, others):
    """Something in the place of something: often of its own type."""
    if rng.random() < 0.3:
        return others[rng.integers(len(others))]
    if isinstance(old, torch.Tensor):
        return other_tensor(old, rng)
    if isinstance(old, np.ndarray):
        return other_tensor(torch.from_numpy(old), rng).float().numpy()
    if isinstance(old, bytes):
        return old[: rng.integers(len(old) + 1)]
    if isinstance(old, bool) or not isinstance(old, int | float | str):
        return others[rng.integers(len(others))]
    if isinstance(old, str):
        return ["", old + "x", old[::-1], "crossover"][rng.integers(4)]
    return [old + 1, old - 1, -old, old * 2**40, float(old), int(old) if abs(old) < 2**60 else 0][rng.integers(6)]


def other_tensor(tensor, rng):
    """A tensor of another type or shape, or with other numbers in it."""
    made = [
        tensor.to(DTYPES[rng.integers(6)]), tensor.reshape(-1)[:-1], tensor[None], torch.cat([tensor.reshape(-1)] * 2),
        torch.full_like(tensor, True if tensor.dtype == torch.bool else 1 if tensor.dtype == torch.uint8 else -1),
        torch.full_like(tensor, float("nan") if tensor.is_floating_point() else 1),
    ]  # fmt: skip
    return made[rng.integers(len(made))]
