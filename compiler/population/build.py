"""`compile_population`: from many graphs to one module that runs all of them."""

from collections.abc import Iterable
from typing import Any, Literal

import torch

from neurograph.errors import CompileError

from ..build import check_dtype
from ..lowering.rates import Calibration
from ..planning.planner import plan
from ..runtime.assembly import assemble, fill, graph_numbers
from ..runtime.devices import usable_device
from ..runtime.inputs import check_batch_size
from .columns import warn_of_columns
from .individuals import Individuals
from .merged import MergedSnapshot, merged_snapshot
from .network import CompiledPopulation

INPUTS = ("shared", "own")


def compile_population(
    graphs: Iterable[Any],
    *,
    inputs: Literal["shared", "own"] = "shared",
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
    lowering: str | None = None,
    batch_size: int = 256,
    calibration: Calibration | None = None,
    cut_off: bool = False,
) -> CompiledPopulation:
    """Turn many graphs into one PyTorch module that runs and trains all of them, each as if it were alone.

    The graphs may differ in all but what they take and give. Those that are wired alike run as batched products,
    irregular ones together in one walk; no number is shared. The graphs' values belong to the population from now on:
    what training moves is written back into each graph when it is read or edited.

    Parameters
    ----------
    graphs
        The individuals, `NeuronGraph`s with the same input and output populations.
    inputs
        "shared": one batch is read by all. "own": each individual reads a batch of its own, (individuals, batch, ...).
    dtype, device, batch_size, calibration, cut_off
        As in `compiler.compile`.
    lowering
        The name of the way everything runs ("field": all in one walk; "blocks": nothing in one). None: the cheapest.

    Returns
    -------
    CompiledPopulation
        In training mode; its outputs are (individuals, batch, ...).

    Raises
    ------
    CompileError
        Naming the individual that cannot be compiled, that takes or gives something else than the first, that is there
        twice or belongs to another network; or the option that makes no sense.
    OptionError
        A device that is not there.

    Examples
    --------
    >>> import torch, compiler
    >>> from neurograph.builders import mlp
    >>> population = compiler.compile_population([mlp([2, hidden, 1], seed=hidden) for hidden in (2, 3, 4)])
    >>> y = population(torch.ones(5, 2))
    >>> y.shape
    torch.Size([3, 5, 1])
    >>> losses = (y - 1).square().mean((1, 2))
    >>> losses.sum().backward()
    """
    check_dtype(dtype)
    check_batch_size(batch_size)
    if inputs not in INPUTS:
        raise CompileError(f'inputs must be "shared" or "own", not {inputs!r}')
    if lowering is not None and not isinstance(lowering, str):
        raise CompileError(f"lowering must be the name of one way for all of a population, or None, not {lowering!r}")
    where = usable_device(device)
    members = Individuals(graphs)
    members.refuse_owned()
    members.write_back()
    network = CompiledPopulation(members, inputs == "shared", batch_size, calibration, lowering)
    network.like = torch.empty(0, dtype=dtype, device=where)
    network.cut_off = bool(cut_off)
    merged = merged_snapshot(members.graphs, network.shared, network.cut_off, network.options)
    warn_of_columns(members.graphs, merged)
    put_together(network, merged)
    members.own(network)
    network.holding.rest()
    return network


def put_together(network: CompiledPopulation, merged: MergedSnapshot) -> None:
    """Give a population its program, and the units of it their numbers."""
    found = merged.snapshot
    program = plan(found, network.options)
    assembly = assemble(program, network.dtype, network.device)
    slots = assembly.slots
    numbers = {q: graph_numbers(found.arrays, q, slots.numbers(q)) for q in slots.quantities}
    fill(slots, numbers)
    network.__dict__.update(ports=merged.inputs, arrangement=merged.arrangement)
    network.install(found, program, assembly)
