"""An optimizer's state as vectors in synapse and neuron order: what a checkpoint holds, whatever the lowering."""

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from neurograph.errors import CompileError

from ...runtime.assembly import entries_by_parameter
from ...slots import Quantity, SlotMap, Slots
from ..state import check_wiring, quantity_name
from .counts import Counts
from .newborns import start
from .own import own_state, own_vectors
from .schemas import STEP, Options, StateSchema, has_state, schema_of

if TYPE_CHECKING:
    from ...runtime.module import CompiledModule

NO_GROUP, NO_STATE = -1, -1.0


def optimizer_state(network: "CompiledModule", optimizer: Optimizer) -> dict[str, Any]:
    """The state of an optimizer of a network's Parameters.

    Returns
    -------
    dict
        "wiring" (text), "optimizer" (its name), "groups" (options of each parameter group) and "spaces": for each
        quantity the vectors "group" (-1: in none), "step" (-1: no state yet) and one per thing the optimizer keeps, in
        canonical order; what it keeps once a Parameter stands at each of its numbers, and where some have step counts
        of their own, that and what their moments are scaled by (`own.py`). Plain values and tensors only, so
        `torch.save` and `torch.load(weights_only=True)` take it.
    """
    schema, group_of = schema_of(optimizer), _groups(network, optimizer)
    slots = network.slots
    trained = [quantity for quantity in slots.quantities if len(slots.numbers(quantity, True))]
    quantities = {
        quantity_name(quantity): _quantity(slots, quantity, optimizer, schema, group_of) for quantity in trained
    }
    options = [{k: v for k, v in g.items() if k not in ("params", "param_names")} for g in optimizer.param_groups]
    name = type(optimizer).__name__
    return {"wiring": network.wiring, "optimizer": name, "groups": copy.deepcopy(options), "spaces": quantities}


def _quantity(
    slots: SlotMap, quantity: Quantity, optimizer: Optimizer, schema: StateSchema, group_of: dict[int, int]
) -> dict[str, Tensor]:
    """The vectors of one quantity."""

    def scalar(entry: Slots, name: str) -> float:
        if not has_state(optimizer, entry.tensor, schema):
            return NO_STATE
        return float(optimizer.state[entry.tensor].get(name, 0.0))

    group = slots.label(quantity, lambda e: group_of.get(id(e.tensor), NO_GROUP), np.int32)
    held = {"group": torch.from_numpy(group)}
    for name in dict.fromkeys((STEP, *schema.scalars)):
        held[name] = torch.from_numpy(slots.label(quantity, lambda e, name=name: scalar(e, name), np.float64))
    for name in schema.vectors:
        if any(optimizer.state.get(e.tensor, {}).get(name) is not None for e in slots.of(quantity, True)):
            pick = lambda p, name=name: optimizer.state.get(p, {}).get(name)  # noqa: E731
            held[name] = slots.gather(quantity, pick, trained=True)
    own = own_vectors(slots, quantity, optimizer) if schema.youth else {}
    return held | {name: torch.from_numpy(vector) for name, vector in own.items()}


def load_optimizer_state(network: "CompiledModule", optimizer: Optimizer, saved: dict[str, Any]) -> None:
    """Give an optimizer a saved state: options, everyone's vectors and own step counts, each Parameter's largest step.

    Raises
    ------
    WiringError, CompileError
        Where the state is of another wiring or kind of optimizer, or the parameter groups differ; nothing is changed.
    """
    schema, group_of = schema_of(optimizer), _groups(network, optimizer)
    check_wiring(network, saved["wiring"])
    if saved["optimizer"] != type(optimizer).__name__:
        raise CompileError(f"this state is of {saved['optimizer']}, and the optimizer is {type(optimizer).__name__}")
    if len(saved["groups"]) != len(optimizer.param_groups):
        raise CompileError(
            f"this state has {len(saved['groups'])} parameter groups, and the optimizer {len(optimizer.param_groups)}"
        )
    slots = network.slots
    ready = [
        (entry.tensor, _restored(slots, entry, saved, schema, group_of.get(id(entry.tensor), NO_GROUP)))
        for entry in slots.slots
        if entry.trained
    ]
    for held, options in zip(optimizer.param_groups, saved["groups"], strict=True):
        for name, value in copy.deepcopy(options).items():
            here = held.get(name)
            held[name] = value.to(here.device) if isinstance(value, Tensor) and isinstance(here, Tensor) else value
    for parameter, state in ready:
        optimizer.state.pop(parameter, None)
        if state is not None:
            optimizer.state[parameter] = state


def _groups(network: "CompiledModule", optimizer: Optimizer) -> dict[int, int]:
    known = entries_by_parameter(network.slots)
    found = {id(p): index for index, held in enumerate(optimizer.param_groups) for p in held["params"]}
    if foreign := [key for key in found if key not in known]:
        raise CompileError(
            f"the optimizer holds {len(foreign)} Parameter(s) that are not this network's (replaced by a refresh, or "
            "another module's): keep those in an optimizer of their own"
        )
    return found


def _restored(
    slots: SlotMap, entry: Slots, saved: dict[str, Any], schema: StateSchema, group: int
) -> dict[str, Any] | None:
    """The state of one Parameter out of the saved vectors."""
    held = saved["spaces"].get(quantity_name(entry.quantity))
    size, place = len(slots.numbers(entry.quantity, True)), slots.place(entry, True)
    shapes = {name: (size, *entry.quantity[1]) if name in schema.vectors else (size,) for name in held or ()}
    if held is None or any(tuple(vector.shape) != shapes[name] for name, vector in held.items()):
        raise CompileError(
            f"this state does not hold {size} trained {entry.quantity[0]} values: which are trained has changed"
        )
    if (held["group"].numpy()[place] != group).any():
        raise CompileError(
            f"parameter groups differ: {entry.quantity[0]} values now in group {group} were saved in another"
        )
    stepped = held[STEP].numpy()[place] != NO_STATE
    if group == NO_GROUP or not stepped.any():
        return None
    options, eldest = saved["groups"][group], place[held[STEP].numpy()[place].argmax()]
    if schema.youth:
        mine = {name: vector.numpy()[place] for name, vector in held.items() if name != "group"}
        vectors = {name: mine.pop(name) for name in schema.vectors if name in mine}
        scalar = lambda _, value: _scalar(value, entry.tensor, schema, options)  # noqa: E731
        return own_state(entry, schema, options, Counts.of_each(mine), vectors, scalar)
    state: dict[str, Any] = {
        name: _scalar(float(held[name][eldest]), entry.tensor, schema, options)
        for name in schema.scalars
        if name in held
    }
    for name in schema.vectors:
        if name in held:
            values = held[name].numpy()[place]
            if not stepped.all():  # its neighbours in this lowering have taken steps, so it gets what a newborn gets
                fresh = start(
                    schema.vectors[name].moment, entry, options, lambda name=name: _median(saved, group, name)
                )
                values = np.where(stepped.reshape(-1, *[1] * (values.ndim - 1)), values, fresh).astype(values.dtype)
            state[name] = torch.zeros_like(entry.tensor, memory_format=torch.preserve_format, requires_grad=False)
            SlotMap.put(entry, state[name], values)
    return state


def _median(saved: dict[str, Any], group: int, name: str) -> float:
    """The median of a saved vector over one parameter group."""
    quantities = [held for held in saved["spaces"].values() if name in held]
    found = [held[name][(held["group"] == group) & (held[STEP] != NO_STATE)].flatten() for held in quantities]
    return float(np.median(torch.cat(found).numpy()))


def _scalar(value: float, parameter: Tensor, schema: StateSchema, options: Options) -> Tensor:
    """As the optimizer itself makes it: on the host unless its kernels want it beside the Parameter."""
    beside = schema.beside or options.get("capturable") or options.get("fused")
    dtype = torch.float64 if torch.get_default_dtype() == torch.float64 and not options.get("fused") else torch.float32
    return torch.tensor(value, dtype=dtype, device=parameter.device if beside else "cpu")
