"""The frozen network under a supernet, block by block, so that others can look at its values and add to its sums."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import torch
from torch import Tensor

from neurograph import compiler
from neurograph.errors import EditError, OptionError
from neurograph.network import NeuronGraph

from .folding import fold_norms
from .locations import Place

Held = tuple[tuple[int, ...], Tensor | None]  # blocks, and columns of them side by side


class _Unfinished:
    """In place of a stage's neurons: their biases, but not their activation."""

    def __init__(self, neurons: Any) -> None:
        self.offset = neurons.offset

    def finish(self, total: Tensor) -> Tensor:
        return total


@dataclass(frozen=True, eq=False)
class TrunkStep:
    """The blocks of neurons that one stage makes: one, or the several of a region.

    A region is of scalars, and add-ons are of feature maps: none feeds one.

    Parameters
    ----------
    blocks
        Their numbers.
    stage
        What computes them.
    reads
        The blocks that it reads.
    places
        Numbers of the places whose add-ons feed it.
    columns
        Where its neurons stand in their population; None where they are all of it.
    """

    blocks: tuple[int, ...]
    stage: Any
    reads: tuple[int, ...]
    places: tuple[int, ...]
    columns: Tensor | None

    def sums(self, values: list, like: Tensor) -> Tensor:
        """What its neurons sum up, biases included, before their activation (and norm, where it is not folded)."""
        bare = copy.copy(self.stage)
        bare.__dict__["_neurons"] = _Unfinished(self.stage.neurons)
        return bare.run(values, like)

    def values(self, values: list, like: Tensor) -> list[Tensor]:
        """What its blocks are where no add-ons feed it."""
        self.stage.make(values, like, True)
        return [values[block] for block in self.blocks]

    def finish(self, sums: Tensor) -> Tensor:
        """The values of its neurons."""
        return self.stage.neurons.finish(sums)


class Trunk:
    """A network whose own numbers are fixed: no weight gets a gradient, and batch norms are part of the weights.

    Parameters
    ----------
    graph
        The network; a copy is compiled, so it may be edited afterwards.
    places
        Where there may be add-ons.
    dtype, device, batch_size
        For `compiler.compile`.
    """

    def __init__(
        self, graph: NeuronGraph, places: Sequence[Place], dtype: torch.dtype, device: torch.device, batch_size: int
    ) -> None:
        self.graph = graph.copy()
        folded = graph.copy()
        scales = fold_norms(folded)
        net = compiler.compile(folded, dtype=dtype, batch_size=batch_size, device=str(device))
        self.net = net.eval().requires_grad_(False)
        program = net.program
        if len(program.inputs) != 1 or len(program.inputs[0].pieces) != 1 or len(program.outputs) != 1:
            raise OptionError("a supernet takes a network with one input population and one output population")
        self.input = program.inputs[0].pieces[0][0]
        self.outputs = tuple(block for block, _ in program.outputs[0].pieces)
        self.blocks = len(program.blocks)
        home = {key: block for block, keys in enumerate(program.blocks) for key in keys.tolist()}
        self._populations: dict[str, Held] = {}
        self._scales = {n: torch.from_numpy(s).to(device, dtype) for n, s in scales.items()}
        fed: dict[int, list[int]] = {}
        columns: dict[int, Tensor | None] = {}
        for number, (read, layer, _) in enumerate(places):
            self._populations[read] = self._where(read, home, device)
            keys = self.graph.population_keys(layer)
            for block in sorted({home[key] for key in keys.tolist()}):
                fed.setdefault(block, []).append(number)
                mine = np.searchsorted(keys, program.blocks[block])
                whole = np.array_equal(mine, np.arange(len(keys)))
                columns[block] = None if whole else torch.from_numpy(mine).to(device)
        self.steps = self._ordered(places, fed, columns)

    def _where(self, population: str, home: dict[int, int], device: torch.device) -> Held:
        """The blocks that hold a population, and where its neurons stand in them side by side."""
        keys = self.graph.population_keys(population)
        blocks = tuple(sorted({home[key] for key in keys.tolist()}))
        together = np.concatenate([self.net.program.blocks[block] for block in blocks])
        order = np.argsort(together)
        picked = order[np.searchsorted(together[order], keys)]
        whole = np.array_equal(picked, np.arange(len(together)))
        return blocks, None if whole else torch.from_numpy(picked).to(device)

    def _ordered(self, places: Sequence[Place], fed: dict[int, list[int]], columns: dict) -> tuple[TrunkStep, ...]:
        """The steps, each after what it and the add-ons that feed it read."""
        stages: Any = self.net.stages
        reads = {s.plan.makes[0]: {value for product in s.plan.products for value, _ in product.pieces} for s in stages}
        home = {block: block for block in range(self.blocks)}  # a stage stands for all that it makes
        home |= {block: s.plan.makes[0] for s in stages for block in s.plan.makes}
        wiring = nx.DiGraph()
        wiring.add_nodes_from(home.values())
        wiring.add_edges_from((home[source], block) for block, sources in reads.items() for source in sources)
        wiring.add_edges_from(
            (home[source], block)
            for block, some in fed.items()
            for at in some
            for source in self.sources(places[at][0])
        )
        try:
            order = list(nx.lexicographical_topological_sort(wiring))
        except nx.NetworkXUnfeasible:
            raise EditError("add-ons at all these places together would close a cycle; take fewer layers") from None
        by_block = {stage.plan.makes[0]: stage for stage in stages}
        return tuple(
            TrunkStep(
                by_block[b].plan.makes, by_block[b], tuple(sorted(reads[b])), tuple(fed.get(b, ())), columns.get(b)
            )
            for b in order
            if b in by_block
        )

    def sources(self, population: str) -> tuple[int, ...]:
        """The blocks that hold a population that add-ons read."""
        return self._populations[population][0]

    def maps(self, population: str, found: Sequence[Tensor]) -> Tensor:
        """(rows, neurons, height, width) of a population, from the values of its `sources`."""
        together = found[0] if len(found) == 1 else torch.cat(list(found), 1)
        columns = self._populations[population][1]
        return together if columns is None else together.index_select(1, columns)

    def scale(self, population: str) -> Tensor | None:
        """(neurons,) what their norms multiply sums by, where that is in the weights already."""
        return self._scales.get(population)

    def answers(self, values: list) -> Tensor:
        """(rows, outputs) out of the values of `outputs`."""
        return self.net.outputs(values)
