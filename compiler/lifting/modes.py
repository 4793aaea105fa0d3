"""What a module does in train mode: dropout and batch norm are lifted, and any other difference is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import torch
from torch import Tensor, nn

from neurograph.errors import LiftError

from .errors import in_place, module_of, operator, place, refuse
from .trace import trace

_DROPOUTS = ("dropout", "feature_dropout")
_NAMED = 3  # differences that a warning names
_BUT = "The graph does what eval mode does, with batch norm and dropout in train mode"


@dataclass(frozen=True, eq=False)
class Mode:
    """A trace as a sequence of steps that can be compared with that of another mode.

    Parameters
    ----------
    steps
        Operators that matter, without dropouts and the counters of batch norms.
    keys
        What each step is and reads, other steps by their place.
    outputs
        What is returned, likewise.
    dropouts
        (where, operator, rate) of each dropout that drops.
    nodes
        Those dropouts.
    """

    steps: tuple[Any, ...]
    keys: tuple[tuple, ...]
    outputs: tuple
    dropouts: tuple[tuple, ...]
    nodes: tuple[Any, ...]


def reconciled(module: nn.Module, inputs: tuple[Tensor, ...], evaluated: Any) -> tuple[Any, str]:
    """The trace to lift: that of eval mode, or that of train mode where only there a dropout is called.

    Parameters
    ----------
    module, inputs
        As they were traced.
    evaluated
        The trace in eval mode.

    Returns
    -------
    program, warning
        The trace; and, where train mode computes anything else or cannot be traced, what to warn of: the operators,
        their lines and modules. Empty where nothing.

    Raises
    ------
    LiftError
        Where a batch norm of train mode is none that a neuron has.
    """
    try:
        ours, theirs, trained = _both(module, inputs, evaluated)
    except LiftError as error:
        return evaluated, f"in train mode: {error}. {_BUT}; whether the module does more there is not known"
    if difference := _difference(ours, theirs):
        return evaluated, f"in train mode {type(module).__name__} {difference}. {_BUT}"
    if ours.dropouts == theirs.dropouts or any(_drops(node) for node in ours.nodes):
        return evaluated, ""
    return _as_evaluated(trained), ""


def _both(module: nn.Module, inputs: tuple[Tensor, ...], evaluated: Any) -> tuple[Mode, Mode, Any]:
    """Both modes, and the trace of train mode; of two rows where one is too few, as for the variance of a batch."""
    try:
        trained = trace(module, inputs, training=True)
        return _mode(evaluated, False), _mode(trained, True), trained
    except LiftError:
        if all(len(x) != 1 for x in inputs):
            raise
    pairs = tuple(torch.cat([x, x]) for x in inputs)
    trained = trace(module, pairs, training=True)
    return _mode(trace(module, pairs), False), _mode(trained, True), trained


def _mode(program: Any, training: bool) -> Mode:
    live, names, steps, keys, drops = _live(program), {}, [], [], []
    for node in program.graph.nodes:
        if node.op == "placeholder":
            names[node] = node.name
        elif node in live and node.op == "call_function":
            if operator(node) in _DROPOUTS and isinstance(node.args[0], torch.fx.Node):
                names[node] = names.get(node.args[0])
                drops.append(node)
                continue
            names[node] = len(steps)
            steps.append(node)
            keys.append(_key(node, names, training))
    (result,) = (node for node in program.graph.nodes if node.op == "output")
    drops = [
        node for node in drops if node.args[1] and (_drops(node) or not training)
    ]  # in train mode, not frozen ones
    dropouts = [(names[node], operator(node), node.args[1]) for node in drops]
    return Mode(tuple(steps), tuple(keys), _plain(result.args[0], names), tuple(dropouts), tuple(drops))


def _live(program: Any) -> set:
    """The nodes that an output depends on, or that change something in place; but not counters of batch norms."""
    counters = {
        name for name, of in program.graph_signature.inputs_to_buffers.items() if of.endswith("num_batches_tracked")
    }
    live = set()
    for node in reversed(program.graph.nodes):
        counts = in_place(node) and getattr(node.args[0], "name", "") in counters
        if node.op == "output" or any(user in live for user in node.users) or (in_place(node) and not counts):
            live.add(node)
    return live


def _key(node: Any, names: dict, training: bool) -> tuple:
    args = list(node.args)
    if operator(node) == "batch_norm":  # whether it follows the mode; without what cuDNN is asked
        args = args[:5] + [args[5] == training] + args[6:8]
    return str(node.target), _plain(args, names), tuple((k, _plain(v, names)) for k, v in sorted(node.kwargs.items()))


def _plain(given: Any, names: dict) -> Any:
    if isinstance(given, torch.fx.Node):
        return "of", names.get(given)
    if isinstance(given, list | tuple):
        return tuple(_plain(one, names) for one in given)
    return given if isinstance(given, int | float | str | None) else str(given)


def _drops(node: Any) -> bool:
    return len(node.args) > 2 and bool(node.args[2])


def _difference(ours: Mode, theirs: Mode) -> str:
    """In words, what train mode does otherwise; empty where nothing."""
    if ours.keys == theirs.keys:
        return "" if ours.outputs == theirs.outputs else f"returns other values: {_count(theirs)}, and {_count(ours)}"
    sides = [[(key[0], module_of(node)[0]) for key, node in zip(m.keys, m.steps, strict=True)] for m in (ours, theirs)]
    codes = SequenceMatcher(None, *sides, autojunk=False).get_opcodes()
    more = [node for tag, _, _, a, b in codes if tag != "equal" for node in theirs.steps[a:b]]
    less = [node for tag, a, b, _, _ in codes if tag != "equal" for node in ours.steps[a:b]]
    if more:
        return f"also computes {_listed(more)}"
    if less:
        return f"leaves out {_listed(less)}"
    other = [at for at, (a, b) in enumerate(zip(ours.keys, theirs.keys, strict=True)) if a != b]
    for at in other:
        if operator(theirs.steps[at]) == "batch_norm" and _norm(ours, at) != _norm(theirs, at):
            refuse(theirs.steps[at], "in train mode it has other statistics or options than in eval mode")
    frozen = [at for at in other if operator(theirs.steps[at]) == "batch_norm"]
    if frozen:
        return f"keeps {_listed([theirs.steps[at] for at in frozen])} in eval mode"
    return f"calls with other arguments {_listed([theirs.steps[at] for at in other])}"


def _norm(mode: Mode, at: int) -> tuple:
    """What a batch norm reads and its options, but not whether it is frozen."""
    args = mode.keys[at][1]
    return args[:5] + args[6:]


def _count(mode: Mode) -> str:
    return f"{len(mode.outputs)} value(s)"


def _listed(nodes: Sequence[Any]) -> str:
    """Operators by name, line and module, one for each module."""
    found = {module_of(node): node for node in reversed(nodes)}
    named = [_named(node) for node in sorted(found.values(), key=nodes.index)]
    rest = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + rest


def _named(node: Any) -> str:
    path, kind = module_of(node)
    within = f" in {path!r} ({str(kind).rsplit('.', 1)[-1]})" if path else ""
    return f"{operator(node)}{place(node)}{within}"


def _as_evaluated(program: Any) -> Any:
    """The trace of train mode as the handlers expect it: dropouts and batch norms that are off."""
    for node in program.graph.nodes:
        name = operator(node) if node.op == "call_function" else ""
        if name in _DROPOUTS:
            node.args = (node.args[0], node.args[1] if _drops(node) else 0.0, False)
        elif name == "batch_norm":
            node.args = (*node.args[:5], False, *node.args[6:])
    return program
