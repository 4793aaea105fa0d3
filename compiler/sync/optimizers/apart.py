"""Young numbers under NAdam and RAdam: stepped in Parameters of their own, one for each birth, and copied back.

These optimizers use the step count for more than a correction, so no scale makes up for another count. The means they
keep do not depend on it: those of young numbers grow where they are, in the Parameter's own state, and only the numbers
themselves and NAdam's product are taken over.
"""

from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .cohorts import NEWBORNS, cohorts_of
from .scaled import Young, put, take
from .schemas import STEP, StateSchema

_Moved = list[tuple[Tensor, Tensor, Tensor]]  # a Parameter, slots of it, and where they go
_moved: "WeakKeyDictionary[Optimizer, _Moved]" = WeakKeyDictionary()


def prepare(optimizer: Optimizer, schema: StateSchema, young: list[Young]) -> None:
    """Step the young ones, and remember where they went until the Parameters they are in have been stepped as well."""
    _moved.pop(optimizer, None)
    groups: dict[int, tuple[dict[str, Any], list[nn.Parameter]]] = {}
    state: dict[nn.Parameter, dict[str, Any]] = {}
    back: list[tuple[Tensor, Tensor, nn.Parameter]] = []
    products: list[tuple[dict[str, Any], list[nn.Parameter]]] = []
    for group, parameter, held in young:
        assert schema.youth is not None
        cohorts = cohorts_of(held)
        youth = schema.youth(group, torch.finfo(parameter.dtype).eps / 2)
        grown = cohorts.births[-1] + youth
        if cohorts.at_most(held, grown) >= grown:
            del held[NEWBORNS]
            continue
        mine = [_side(parameter, held, schema, cohorts.of(k), k) for k in range(len(cohorts.births))]
        groups.setdefault(id(group), (group, []))[1].extend(side for side, _ in mine)
        state |= dict(mine)
        back += [(parameter, cohorts.of(k), side) for k, (side, _) in enumerate(mine)]
        products.append((held[NEWBORNS], [side for side, _ in mine]))
    if not back:
        return
    options = [{**group, "params": sides} for group, sides in groups.values()]
    for held in options:
        held.pop("param_names", None)
    make: Any = type(optimizer)  # its options all stand in the groups
    stepper = make(options)
    for side, held in state.items():
        stepper.state[side] = held
    stepper.step()
    for newborns, sides in products:
        if "mu_product" in newborns:
            newborns["mu_product"] = tuple(stepper.state[side]["mu_product"] for side in sides)
    _moved[optimizer] = [(parameter, slots, side.detach()) for parameter, slots, side in back]


def finish(optimizer: Optimizer) -> None:
    """Put the young ones where their own steps have taken them."""
    for parameter, slots, values in _moved.pop(optimizer, ()):
        put(parameter, slots, values)


def _side(
    parameter: Tensor, held: dict[str, Any], schema: StateSchema, slots: Tensor, cohort: int
) -> tuple[nn.Parameter, dict[str, Any]]:
    """One cohort as a Parameter with its gradient, and its state."""
    assert parameter.grad is not None
    side = nn.Parameter(take(parameter, slots))
    side.grad = take(parameter.grad, slots)
    state = {name: take(held[name], slots) for name in schema.vectors}
    state[STEP] = held[STEP] - held[NEWBORNS]["births"][cohort]
    if "mu_product" in schema.scalars:
        state["mu_product"] = held[NEWBORNS]["mu_product"][cohort].clone()
    return side, state
