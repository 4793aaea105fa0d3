"""An optimizer over a refresh: new Parameters in the places of their ancestors, state following every survivor."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn
from torch.optim import Optimizer

from neurograph.errors import CompileError

from ...lowering.bare import module_list
from ...runtime.assembly import Assembly
from ...slots import SlotMap
from ..stock import Stocks
from .lineage import Lineage, Lineages
from .moments import Moments
from .schemas import schema_of

if TYPE_CHECKING:
    from ...runtime.module import CompiledModule


@dataclass(frozen=True, eq=False)
class Transfer:
    """The changes that a refresh will make in an optimizer: new parameter lists and state."""

    optimizer: Optimizer
    lists: tuple[list[nn.Parameter], ...]
    state: tuple[tuple[nn.Parameter, dict[str, Any]], ...]
    gone: tuple[nn.Parameter, ...]
    names: dict[int, str]


NEWBORN_STATES = ("own", "inherited")


def check_newborns(newborns: str) -> None:
    """Refuse, by `CompileError`, what newborns cannot start from."""
    if newborns not in NEWBORN_STATES:
        raise CompileError(f'newborns must be "own" or "inherited", not {newborns!r}')


def prepare(
    network: "CompiledModule",
    assembly: Assembly,
    changes: Any,
    optimizer: Optimizer | None,
    group: int | None,
    newborns: str,
    stocks: Stocks,
) -> Transfer | None:
    """Work out what an optimizer inherits; nothing is changed yet.

    Parameters
    ----------
    network, assembly
        The network as it is, and the parts it is about to run.
    changes
        Since the network last looked: who is whose heir.
    optimizer
        The one to hand over, or None.
    group
        The parameter group of new Parameters whose ancestors are in several.
    newborns
        What newborns start from, "own" or "inherited"; see `CompiledNetwork.refresh`.
    stocks
        What the network holds.

    Raises
    ------
    CompileError
        Where the optimizer cannot follow, or a group has to be chosen.
    """
    check_newborns(newborns)
    if optimizer is None:
        return None
    schema = schema_of(optimizer)
    if group is not None and not 0 <= group < len(optimizer.param_groups):
        raise CompileError(f"group={group}: the optimizer has parameter groups 0 to {len(optimizer.param_groups) - 1}")
    group_of = {id(p): index for index, held in enumerate(optimizer.param_groups) for p in held["params"]}
    old = network.slots
    _refuse_foreign(old, group_of)
    fresh = [entry for entry in assembly.slots.slots if entry.trained and entry.module in assembly.fresh]
    lineages = Lineages(stocks, changes, assembly.slots)
    lines = [lineages.trace(entry) for entry in fresh]
    homes = [_home(line, group_of, optimizer, group) for line in lines]
    moments = Moments(optimizer, stocks, schema, group_of, newborns == "own")
    state = tuple(
        (line.entry.tensor, held)
        for line, home in zip(lines, homes, strict=True)
        if home is not None and (held := moments.share(line, home)) is not None
    )
    alive = {id(entry.tensor) for entry in assembly.slots.slots if entry.trained}
    gone = tuple(e.tensor for e in old.slots if e.trained and id(e.tensor) not in alive and id(e.tensor) in group_of)
    lists = _lists(optimizer, lines, homes, {id(p) for p in gone})
    named = any("param_names" in held for held in optimizer.param_groups)
    stages = module_list(assembly.stages if named else ())
    names = {id(p): f"stages.{name}" for name, p in stages.named_parameters()}
    return Transfer(optimizer, lists, state, gone, names)  # pyright: ignore[reportArgumentType]


def commit(transfer: Transfer | None) -> None:
    """Change the optimizer as prepared."""
    if transfer is None:
        return
    for held, params in zip(transfer.optimizer.param_groups, transfer.lists, strict=True):
        if "param_names" in held:
            before = dict(zip(map(id, held["params"]), held["param_names"], strict=True))
            held["param_names"] = [before.get(id(p)) or transfer.names[id(p)] for p in params]
        held["params"] = params
    for parameter in transfer.gone:
        transfer.optimizer.state.pop(parameter, None)
    for parameter, state in transfer.state:
        transfer.optimizer.state[parameter] = state


def _refuse_foreign(old: SlotMap, group_of: dict[int, int]) -> None:
    trained = [entry for entry in old.slots if entry.trained]
    if trained and not any(id(entry.tensor) in group_of for entry in trained):
        raise CompileError(
            "this optimizer holds no Parameter of this network (they may have been replaced by a refresh without it): "
            "make a new one of net.parameters() after the refresh"
        )


def _home(line: Lineage, group_of: dict[int, int], optimizer: Optimizer, group: int | None) -> int | None:
    """The parameter group of a new Parameter; None where its ancestors are trained by no group of this optimizer."""
    homes = {group_of.get(id(parent.tensor)) for parent in line.parents}
    if len(homes) == 1:
        return homes.pop()
    if group is not None:
        return group
    if not homes and len(optimizer.param_groups) == 1:
        return 0
    what = f"the new Parameter of {len(line.entry.numbers)} {line.entry.quantity[0]} values"
    where = (
        "nowhere"
        if not homes
        else "in " + " and ".join("no group" if h is None else f"group {h}" for h in sorted(homes, key=str))
    )
    raise CompileError(
        f"{what} has its ancestors {where} of the optimizer's {len(optimizer.param_groups)} parameter groups: choose "
        "one, net.refresh(optimizer, group=0), or take the edit back with graph.undo()"
    )


def _lists(
    optimizer: Optimizer, lines: list[Lineage], homes: list[int | None], gone: set[int]
) -> tuple[list[nn.Parameter], ...]:
    """Every group's Parameters: the new ones where their first ancestor stood, those without one at the end."""
    result = []
    for index, held in enumerate(optimizer.param_groups):
        mine = [line for line, home in zip(lines, homes, strict=True) if home == index]
        known = {id(p) for p in held["params"]}
        heads = [next((id(e.tensor) for e in line.parents if id(e.tensor) in known), None) for line in mine]
        params = []
        for parameter in held["params"]:
            params += [line.entry.tensor for line, head in zip(mine, heads, strict=True) if head == id(parameter)]
            params += [] if id(parameter) in gone else [parameter]
        params += [line.entry.tensor for line, head in zip(mine, heads, strict=True) if head is None]
        result.append(params)
    return tuple(result)
