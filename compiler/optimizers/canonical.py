"""An optimizer's state as vectors in synapse and neuron order: what a checkpoint holds, whatever the lowering."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from compiler.assembly import entries_by_parameter
from compiler.optimizers.kinds import STEP, has_state, moments
from compiler.slots import SlotMap, Slots
from compiler.state import check_wiring, space_name
from neurograph.errors import CompileError

if TYPE_CHECKING:
    from compiler.network import CompiledNetwork

NO_GROUP, NO_STATE = -1, -1.0


def optimizer_state(network: "CompiledNetwork", optimizer: Optimizer) -> dict[str, Any]:
    """The state of an optimizer of a network's Parameters.

    Returns
    -------
    dict
        "wiring" (text), "optimizer" (its name), "groups" (options of each parameter group) and "spaces": for each space
        the vectors "group" (-1: in none), "step" (-1: no state yet) and one per moment, in canonical order. Plain
        values and tensors only, so `torch.save` and `torch.load(weights_only=True)` take it.
    """
    sorts, group_of = moments(optimizer), _groups(network, optimizer)
    slots, spaces = network.slots, {}
    for space in slots.spaces:
        if len(slots.numbers(space, True)):
            group = slots.label(space, lambda e: group_of.get(id(e.tensor), NO_GROUP), np.int32)
            step = slots.label(space, lambda e: _step(optimizer, e.tensor, sorts), np.float64)
            held = {"group": torch.from_numpy(group), STEP: torch.from_numpy(step)}
            for name in sorts:
                if any(optimizer.state.get(e.tensor, {}).get(name) is not None for e in slots.of(space, True)):
                    pick = lambda p, name=name: optimizer.state.get(p, {}).get(name)  # noqa: E731
                    held[name] = slots.gather(space, pick, trained=True)
            spaces[space_name(space)] = held
    options = [{k: v for k, v in g.items() if k not in ("params", "param_names")} for g in optimizer.param_groups]
    return {"wiring": network.wiring, "optimizer": type(optimizer).__name__, "groups": options, "spaces": spaces}


def load_optimizer_state(network: "CompiledNetwork", optimizer: Optimizer, saved: dict[str, Any]) -> None:
    """Give an optimizer a saved state: options, everyone's moments, the largest step among each Parameter's.

    Raises
    ------
    WiringError, CompileError
        Where the state is of another wiring or sort of optimizer, or the parameter groups differ; nothing is changed.
    """
    sorts, group_of = moments(optimizer), _groups(network, optimizer)
    check_wiring(network, saved["wiring"])
    if saved["optimizer"] != type(optimizer).__name__:
        raise CompileError(f"this state is of {saved['optimizer']}, and the optimizer is {type(optimizer).__name__}")
    if len(saved["groups"]) != len(optimizer.param_groups):
        raise CompileError(
            f"this state has {len(saved['groups'])} parameter groups, and the optimizer {len(optimizer.param_groups)}"
        )
    slots = network.slots
    ready = [
        (entry.tensor, _restored(slots, entry, saved, optimizer, sorts, group_of.get(id(entry.tensor), NO_GROUP)))
        for entry in slots.slots
        if entry.trained
    ]
    for held, options in zip(optimizer.param_groups, saved["groups"], strict=True):
        held.update(options)
    for parameter, state in ready:
        optimizer.state.pop(parameter, None)
        if state is not None:
            optimizer.state[parameter] = state


def _groups(network: "CompiledNetwork", optimizer: Optimizer) -> dict[int, int]:
    known = entries_by_parameter(network.slots)
    found = {id(p): index for index, held in enumerate(optimizer.param_groups) for p in held["params"]}
    if foreign := [key for key in found if key not in known]:
        raise CompileError(
            f"the optimizer holds {len(foreign)} Parameter(s) that are not this network's (replaced by a refresh, or "
            "another module's): keep those in an optimizer of their own"
        )
    return found


def _step(optimizer: Optimizer, parameter: Tensor, sorts) -> float:
    if not has_state(optimizer, parameter, sorts):
        return NO_STATE
    return float(optimizer.state[parameter].get(STEP, 0.0))


def _restored(
    slots: SlotMap, entry: Slots, saved: dict[str, Any], optimizer: Optimizer, sorts, group: int
) -> dict[str, Any] | None:
    """The state of one Parameter out of the saved vectors."""
    held = saved["spaces"].get(space_name(entry.space))
    size, place = len(slots.numbers(entry.space, True)), slots.place(entry, True)
    if held is None or any(tuple(vector.shape) != (size,) for vector in held.values()):
        raise CompileError(
            f"this state does not hold {size} trained {entry.space[0]} values: which are trained has changed"
        )
    if (held["group"].numpy()[place] != group).any():
        raise CompileError(
            f"parameter groups differ: {entry.space[0]} values now in group {group} were saved in another"
        )
    steps = held[STEP].numpy()[place]
    if group == NO_GROUP or (steps == NO_STATE).all():
        return None
    state: dict[str, Any] = {}
    if "exp_avg" in held:  # only the Adam family counts steps
        state[STEP] = _step_tensor(float(steps.max()), entry.tensor, saved["groups"][group])
    for name in sorts:
        if name in held:
            state[name] = torch.zeros_like(entry.tensor, memory_format=torch.preserve_format, requires_grad=False)
            SlotMap.put(entry, state[name], held[name].numpy()[place])
    return state


def _step_tensor(step: float, parameter: Tensor | nn.Parameter, options: dict[str, Any]) -> Tensor:
    """As Adam itself makes it: on the host unless its kernels want it beside the Parameter."""
    beside = options.get("capturable") or options.get("fused")
    dtype = torch.float64 if torch.get_default_dtype() == torch.float64 and not options.get("fused") else torch.float32
    return torch.tensor(step, dtype=dtype, device=parameter.device if beside else "cpu")
