"""A PyTorch module becomes a neuron graph."""

import operator as operators
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from neurograph.errors import LiftError
from neurograph.network import NeuronGraph
from neurograph.options import one_of

from .alone import surprise
from .context import Context
from .drafts import CLOSED, Draft, Value
from .emit import emit
from .errors import in_place, operator, refuse
from .modes import reconciled
from .registry import ADVICE, HANDLERS, UNKNOWN
from .reparametrized import ABSENT, KEEP, ZEROS, leave_out_zeros, refuse_reparametrized
from .shapes import item
from .trace import trace

_VIEWS = (
    *("view", "reshape", "flatten", "squeeze", "unsqueeze", "alias", "contiguous", "to"),
    *("slice", "split", "split_with_sizes", "chunk"),
)


def lift(module: nn.Module, example_input: Tensor | Sequence[Tensor], *, zeros: str = KEEP) -> NeuronGraph:
    """Make a neuron graph that computes what a module computes, with its weights, to be edited and compiled.

    The module is traced by `torch.export` in both modes, run on two batches and left as it was. The graph computes what
    eval mode does, and in train mode that with batch norm and dropout. A layer becomes a population named by the path
    of its module ("features.0"); the batch norm, activation and dropout behind it go into its neurons. Weights are
    taken over exactly. What does not need gradients is not trained in the graph either.

    Parameters
    ----------
    module
        Of linear layers, convolutions of one or two dimensions (grouped and depthwise too), batch norms, the
        activations of `neurograph.schema.activations`, pools (adaptive ones where the ratio is exact), flattening,
        sums, differences and products of tensors of one shape, constant factors, concatenation and splitting of
        channels, and dropout.
    example_input
        The tensor that `module.forward` takes, or one for each of its arguments: (batch, features), (batch, channels,
        length) or (batch, channels, height, width). The graph takes sequences as maps of one row, (batch, channels, 1,
        length).
    zeros
        What becomes of trained weights that are zero: "keep", synapses like any other, which training moves; or
        "absent", no synapses, which is how a module that `torch.nn.utils.prune` has pruned stays so, masked or not. A
        kernel is absent where all of its numbers are zero.

    Returns
    -------
    graph : NeuronGraph
        Inputs and outputs in the module's order; its journal starts here.

    Warns
    -----
    UserWarning
        Where train mode computes anything else (stochastic depth, noise, sampling, heads of its own), with its line;
        where a row is answered otherwise in a larger batch or in another call; where zeros lie in kernels that are not
        absent.

    Raises
    ------
    OptionError
        `zeros` is neither.
    LiftError
        Naming the operator that cannot be lifted, its line in the module's source and, where there is one, the way
        out: control flow that depends on the data, shared weights, recurrence, adaptive pools of uneven windows, ...

    Examples
    --------
    >>> module = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> g = lift(module, torch.zeros(1, 4))
    >>> {name: len(neurons) for name, neurons in g.populations.items()}
    {'input': 4, '0': 3, '2': 2}
    """
    if not isinstance(module, nn.Module):
        raise LiftError(f"lift takes a torch.nn.Module, not {type(module).__name__}")
    given = (example_input,) if isinstance(example_input, Tensor) else tuple(example_input)
    if not given or not all(isinstance(x, Tensor) for x in given):
        raise LiftError("example_input must be a tensor, or one for each argument of the module's forward")
    one_of("zeros", zeros, ZEROS)
    refuse_reparametrized(module, zeros)
    program, warning = reconciled(module, given, trace(module, given))
    context = Context(program, module)
    inputs: list[Draft] = []
    names = set(program.graph_signature.user_inputs)
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name in names:
            inputs.append(_input(context, node, len(given) == 1))
        elif node.op == "call_function":
            _read(context, node)
    outputs = _outputs(context, program.graph)
    left = leave_out_zeros(context.drafts) if zeros == ABSENT else 0
    graph = emit(context, inputs, outputs)
    for message in filter(None, (warning, surprise(module, given))):
        warnings.warn(message, stacklevel=2)
    if left:
        warnings.warn(f"{left} weights that are zero lie in kernels that are not; training moves them", stacklevel=2)
    return graph


def _input(context: Context, node: Any, only: bool) -> Draft:
    shape, dtype = tuple(node.meta["val"].shape), node.meta["val"].dtype
    if not 2 <= len(shape) <= 4 or not dtype.is_floating_point:
        raise LiftError(
            f"input {node.name!r} is {dtype} of shape {shape}; a graph reads real numbers, (batch, features), (batch, "
            "channels, length) or (batch, channels, height, width)"
        )
    made = context.draft(node, shape[1], Value([], shape).map_shape, "input" if only else node.name)
    made.take(CLOSED, None, role="input")
    context.values[node] = Value(made.refs(), shape, sole=False)
    return made


def _read(context: Context, node: Any) -> None:
    """Let the handler of an operator read it; constants are refused by whoever takes them for data."""
    if not node.all_input_nodes or not _matters(node) or context.name_of(node) or context.is_mask(node):
        return
    handler = item if node.target is operators.getitem else HANDLERS.get(operator(node))
    if handler is None:
        refuse(node, ADVICE.get(operator(node), UNKNOWN))
    found = handler(context, node)
    if isinstance(found, Value):
        found = replace(found, sole=found.sole and len(node.users) <= 1)
    context.values[node] = found
    if in_place(node):
        _write_over(context, node)


def _matters(node: Any) -> bool:
    """Whether anybody reads what an operator gives, or what it writes over."""
    return bool(node.users) or (
        in_place(node) and isinstance(node.args[0], torch.fx.Node) and len(node.args[0].users) > 1
    )


def _write_over(context: Context, node: Any) -> None:
    """After an operator in place its first argument is its result, for whoever reads that later."""
    base = node.args[0]
    order = {other: place for place, other in enumerate(node.graph.nodes)}
    names = _sharing(base, node, in_place)
    for view in _sharing(base, node, _is_view) - names:
        if any(order[user] > order[node] for user in view.users):
            refuse(node, "it writes into a tensor of which there are views that are read later; do it out of place")
    later = {user for name in names for user in name.users if order[user] > order[node]}
    if later:
        found = replace(context.values[node], sole=len(later) + len(node.users) == 1)
        context.values |= dict.fromkeys([node, *names], found)


def _sharing(base: Any, but: Any, joins: Callable[[Any], bool]) -> set:
    """Values that share their numbers with one, itself included, by operators that do so; not through another one."""
    found, front = {base}, [base]
    while front:
        at = front.pop()
        near = [user for user in at.users if user.args[0] is at and joins(user)] + ([at.args[0]] if joins(at) else [])
        fresh = [other for other in near if other is not but and other not in found]
        found.update(fresh)
        front += fresh
    return found


def _is_view(node: Any) -> bool:
    if node.op != "call_function":
        return False
    return node.target is operators.getitem or operator(node) in _VIEWS or in_place(node)


def _outputs(context: Context, graph: Any) -> list[tuple[Any, Value]]:
    (result,) = (node for node in graph.nodes if node.op == "output")
    found = []
    for node in result.args[0]:
        value = context.values.get(node)
        if not isinstance(value, Value):
            raise LiftError(f"the module returns {node}, which is not the value of neurons")
        if len({ref.draft.shape for ref in value.refs}) > 1 or len(value.refs) != value.shape[1]:
            refuse(node, "the module returns maps that were flattened; return the maps and flatten them outside")
        found.append((node, value))
    return found
