"""The state of a new Parameter whose numbers count steps of their own: put together from what each number brings."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from ...slots import Quantity, SlotMap, Slots
from .cohorts import NEWBORNS, counts, divided, products
from .counts import BETAS, OWN_PRODUCT, OWN_STEP, Counts, each_number
from .schemas import STEP, Options, StateSchema


def own_vectors(slots: SlotMap, quantity: Quantity, optimizer: Optimizer) -> dict[str, np.ndarray]:
    """What is kept of the newborns of one quantity beside their moments; empty where there are none.

    Returns
    -------
    dict
        (n,) float64 vectors in canonical order: "own_step", "beta1", "beta2", and of NAdam "own_mu_product".
    """
    held = {entry: optimizer.state.get(entry.tensor, {}) for entry in slots.of(quantity, True)}
    if not any(NEWBORNS in state for state in held.values()):
        return {}
    numbers = len(slots.numbers(quantity, True))
    found = {OWN_STEP: np.zeros(numbers), **{name: np.zeros(numbers) for name in BETAS}}
    if any("mu_product" in state.get(NEWBORNS, {}) for state in held.values()):
        found[OWN_PRODUCT] = np.zeros(numbers)
    for entry, state in held.items():
        place, own, betas = slots.place(entry, True), counts(state), state.get(NEWBORNS, {}).get("betas", (0.0, 0.0))
        found[OWN_STEP][place] = each_number(entry, own) if own is not None else float(state.get(STEP, 0.0))
        for name, beta in zip(BETAS, betas, strict=True):
            found[name][place] = float(beta)
        if OWN_PRODUCT in found:
            product = products(state)
            found[OWN_PRODUCT][place] = (
                each_number(entry, product) if product is not None else float(state["mu_product"])
            )
    return found


def own_state(
    entry: Slots,
    schema: StateSchema,
    options: Options,
    counts: Counts,
    vectors: Mapping[str, np.ndarray],
    scalar: Callable[[str, float], Any],
) -> dict[str, Any] | None:
    """The state of a Parameter, or None where none of its numbers has taken a step.

    Parameters
    ----------
    entry
        The Parameter's slots.
    schema
        What its optimizer keeps.
    options
        Of its parameter group.
    counts
        How far each of the entry's numbers has come, in its order.
    vectors
        name -> (n, *shape of one) the optimizer's vectors, scaled as they were stored where each number comes from.
    scalar
        Makes a scalar of the optimizer's from its name and value.
    """
    counts = counts.used()
    rows = counts.rows
    shared = np.maximum(rows[STEP], 0.0)
    own = np.maximum(np.where(shared > 0, rows.get(OWN_STEP, shared), 0.0), 0.0)
    if not own.any():
        return None
    steps, eldest = float(shared.max()), _eldest(counts, shared, schema)
    state: dict[str, Any] = {name: scalar(name, float(rows[name][eldest])) for name in schema.scalars}
    for name, vector in schema.vectors.items():
        if name in vectors or vector.needed(options):
            values = vectors.get(name, np.zeros((len(counts.which), *entry.quantity[1])))
            if name in schema.corrected:
                ratio = _ratio(schema.corrected[name], own, (shared, steps), rows, options)
                values = values if (ratio == 1.0).all() else values * _wide(counts.each(ratio), values)
            if (own == 0).any():
                values[counts.each(own == 0)] = 0.0
            state[name] = _tensor(entry, values)
    if newborns := _newborns(entry, schema, options, counts, own, steps, scalar):
        state[NEWBORNS] = newborns
    return state


def _eldest(counts: Counts, shared: np.ndarray, schema: StateSchema) -> int:
    """The row of the first number that comes from a Parameter of most steps."""
    most = np.flatnonzero(shared == shared.max())
    if all((counts.rows[name][most] == counts.rows[name][most[0]]).all() for name in schema.scalars):
        return int(most[0])
    return int(counts.which[np.isin(counts.which, most).argmax()])


def _wide(each: Any, values: np.ndarray) -> Any:
    return np.reshape(each, (-1, *[1] * (values.ndim - 1))) if np.ndim(each) else each


def _ratio(
    index: int,
    own: np.ndarray,
    shared: tuple[np.ndarray, float],
    rows: Mapping[str, np.ndarray],
    options: Options,
) -> np.ndarray:
    """(k,) what means stored in Parameters of some step counts are multiplied by, for one of another count."""
    beta = float(options["betas"][index])
    then = np.where(own < shared[0], rows.get(BETAS[index], beta), beta)
    grown = own > 0
    ratio = np.ones(len(own))
    now = scale(own[grown], shared[1], beta)
    ratio[grown] = now / scale(own[grown], shared[0][grown], then[grown])
    return ratio


def scale(own: Any, shared: Any, beta: Any) -> Any:
    """s: what a bias-corrected mean is stored multiplied by, so that its Parameter's correction is the number's own."""
    return (1.0 - beta**shared) / (1.0 - beta**own)


def _newborns(
    entry: Slots,
    schema: StateSchema,
    options: Options,
    counts: Counts,
    own: np.ndarray,
    steps: float,
    scalar: Callable[[str, float], Any],
) -> dict[str, Any] | None:
    assert schema.youth is not None
    dtype, columns = entry.tensor.dtype, [own]
    if "mu_product" in schema.scalars:
        columns.append(np.where(own > 0, counts.rows.get(OWN_PRODUCT, counts.rows["mu_product"]), 1.0))
    youth = schema.youth(options, torch.finfo(dtype).eps / 2)
    label, rows = divided(np.stack(columns, 1), steps, youth, dtype)
    if not len(rows):
        return None
    held = np.float64 if dtype == torch.float64 else np.float32
    wide = label.astype(held)[counts.which].reshape(-1, *[1] * len(entry.quantity[1]))
    values = np.broadcast_to(wide, (len(counts.which), *entry.quantity[1]))
    betas = tuple(float(beta) for beta in options["betas"])
    newborns = {
        "cohort": _tensor(entry, values),
        "births": tuple(int(steps - row[0]) for row in rows),
        "betas": betas,
    }
    if len(columns) > 1:
        newborns["mu_product"] = tuple(scalar("mu_product", float(row[1])) for row in rows)
    return newborns


def _tensor(entry: Slots, values: np.ndarray) -> Tensor:
    """(n, *shape) numbers at their places in a tensor like the Parameter, zero elsewhere."""
    dtype = np.float64 if entry.tensor.dtype == torch.float64 else np.float32
    made = torch.zeros_like(entry.tensor, memory_format=torch.preserve_format, requires_grad=False)
    SlotMap.put(entry, made, np.require(values, dtype, ["C", "W"]))
    return made
