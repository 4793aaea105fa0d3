"""The state of a new Parameter whose numbers count steps of their own: put together from what each number brings."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from compiler.slots import Quantity, SlotMap, Slots
from compiler.sync.optimizers.cohorts import NEWBORNS, counts, divided, products
from compiler.sync.optimizers.schemas import STEP, Options, StateSchema

OWN_STEP, OWN_PRODUCT, BETAS = "own_step", "own_mu_product", ("beta1", "beta2")


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
        found[OWN_STEP][place] = _each(entry, own) if own is not None else float(state.get(STEP, 0.0))
        for name, beta in zip(BETAS, betas, strict=True):
            found[name][place] = float(beta)
        if OWN_PRODUCT in found:
            product = products(state)
            found[OWN_PRODUCT][place] = _each(entry, product) if product is not None else float(state["mu_product"])
    return found


def _each(entry: Slots, tensor: Tensor) -> np.ndarray:
    """(n,) one number for each of an entry's numbers or kernels, whose own are all alike."""
    return SlotMap.get(entry, tensor).reshape(len(entry.numbers), -1)[:, 0]


def own_state(
    entry: Slots,
    schema: StateSchema,
    options: Options,
    found: Mapping[str, np.ndarray],
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
    found
        For each of the entry's numbers, in its order: "step", the count of the Parameter it comes from, 0 or less for a
        newborn; the optimizer's other scalars; its vectors, scaled as they were stored there; and `own_vectors`.
    scalar
        Makes a scalar of the optimizer's from its name and value.
    """
    shared = np.maximum(found[STEP], 0.0)
    own = np.maximum(np.where(shared > 0, found.get(OWN_STEP, shared), 0.0), 0.0)
    steps, eldest = float(shared.max(initial=0.0)), int(shared.argmax()) if len(shared) else 0
    if not own.any():
        return None
    state: dict[str, Any] = {name: scalar(name, float(found[name][eldest])) for name in schema.scalars}
    for name, vector in schema.vectors.items():
        if name in found or vector.needed(options):
            values = found.get(name, np.zeros((len(own), *entry.quantity[1])))
            if name in schema.corrected:
                values = _rescaled(values, schema.corrected[name], own, (shared, steps), found, options)
            state[name] = _tensor(entry, np.where(own.reshape(-1, *[1] * (values.ndim - 1)) > 0, values, 0.0))
    if newborns := _newborns(entry, schema, options, found, own, steps, scalar):
        state[NEWBORNS] = newborns
    return state


def _rescaled(
    values: np.ndarray,
    index: int,
    own: np.ndarray,
    shared: tuple[np.ndarray, float],
    found: Mapping[str, np.ndarray],
    options: Options,
) -> np.ndarray:
    """Means that were stored in Parameters of some step counts, as one of another count stores them."""
    beta = float(options["betas"][index])
    then = np.where(own < shared[0], found.get(BETAS[index], beta), beta)
    grown = own > 0
    ratio = np.ones(len(own))
    now = scale(own[grown], shared[1], beta)
    ratio[grown] = now / scale(own[grown], shared[0][grown], then[grown])
    return values * ratio.reshape(-1, *[1] * (values.ndim - 1))


def scale(own: Any, shared: Any, beta: Any) -> Any:
    """s: what a bias-corrected mean is stored multiplied by, so that its Parameter's correction is the number's own."""
    return (1.0 - beta**shared) / (1.0 - beta**own)


def _newborns(
    entry: Slots,
    schema: StateSchema,
    options: Options,
    found: Mapping[str, np.ndarray],
    own: np.ndarray,
    steps: float,
    scalar: Callable[[str, float], Any],
) -> dict[str, Any] | None:
    assert schema.youth is not None
    dtype = entry.tensor.dtype
    columns = [own]
    if "mu_product" in schema.scalars:
        columns.append(np.where(own > 0, found.get(OWN_PRODUCT, found["mu_product"]), 1.0))
    youth = schema.youth(options, torch.finfo(dtype).eps / 2)
    label, rows = divided(np.stack(columns, 1), steps, youth, dtype)
    if not len(rows):
        return None
    wide = label.reshape(-1, *[1] * len(entry.quantity[1]))
    values = np.broadcast_to(wide, (len(label), *entry.quantity[1]))
    betas = tuple(float(beta) for beta in options["betas"])
    newborns = {
        "cohort": _tensor(entry, values.astype(np.float64)),
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
    SlotMap.put(entry, made, np.ascontiguousarray(values, dtype))
    return made
