"""`compile`: from a graph to a network that runs."""

from typing import Any

import torch

from neurograph.core.marks import WiringMark
from neurograph.errors import CompileError
from neurograph.memory import give_back

from .compiled import CompiledNetwork
from .lowering.rates import Calibration
from .planning.kept import planned
from .planning.pins import Pin, check_pin
from .runtime.assembly import assemble
from .runtime.devices import usable_device
from .runtime.inputs import check_batch_size
from .slots import SlotMap
from .sync.columns import columns_of, warn_of_moved_columns

DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)


def compile(
    graph: Any,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
    lowering: Pin = None,
    batch_size: int = 256,
    calibration: Calibration | None = None,
    cut_off: bool = False,
) -> CompiledNetwork:
    """Turn a graph into a PyTorch module that trains at the speed of the hardware.

    The graph's values belong to the new network from now on: what training moves is written back before the graph is
    edited.

    Parameters
    ----------
    graph
        A `NeuronGraph`.
    dtype
        Of the Parameters.
    device
        Where they live; torch's default device where None.
    lowering
        Pins the way bundles run: a name ("dense", "sparse"), a dict {(source population, target population): name} or
        {target population: name}, or a function of a `compiler.planning.pins.NamedBundle` to a name or None. None: the
        cheapest. "field" makes all scalars that it can in one walk, or those of one population, {"hidden": "field"};
        "blocks" does without such regions.
    batch_size
        Rows per batch that the choice is made for; any number runs.
    calibration
        The cost model's figures. None: those of this machine, which are measured the first time that they are needed
        and kept (`compiler.planning.calibration`); where a step is predicted to take less than a millisecond, and on
        other devices than the CPU, those that are shipped.
    cut_off
        Whether a network is taken none of whose outputs can be reached from an input, as a search makes them that
        takes synapses away: its outputs are constants, to be scored like any others.

    Returns
    -------
    CompiledNetwork
        In training mode.

    Raises
    ------
    CompileError
        Naming the neuron or synapse that cannot be compiled, or the option that makes no sense, and the way out.
    OptionError
        A device that is not there.
    """
    check_dtype(dtype)
    check_batch_size(batch_size)
    where = usable_device(device)
    network = CompiledNetwork(graph, batch_size, calibration, check_pin(lowering))
    network._buffers["like"] = torch.empty(0, dtype=dtype, device=where)
    network.keep(cut_off=bool(cut_off))
    graph.write_back()
    found, program = planned(graph, network.options, network.cut_off)
    columns = columns_of(found)
    warn_of_moved_columns(graph, graph.compiled_columns, columns, stacklevel=3)
    assembly = assemble(program, network.dtype, network.device)
    for entry in assembly.slots.slots:
        _, column, at = graph.survivors(entry.quantity, entry.numbers)
        SlotMap.put(entry, entry.tensor, column[at])
    network.install(found, program, assembly)
    network.keep(mark=WiringMark.of(graph))
    graph.own(network)
    graph.compiled_columns = columns
    network.holding.rest()
    del program, assembly
    give_back(len(graph.table))
    return network


def check_dtype(dtype: Any) -> None:
    """Refuse, by `CompileError`, what no Parameters can be of."""
    if dtype not in DTYPES:
        raise CompileError(f"dtype must be one of {', '.join(map(str, DTYPES))}, not {dtype!r}")
