"""Individuals evaluated by a supernet of add-on neurons: network and data are built wherever it is needed."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from neurograph.errors import OptionError
from neurograph.network import NeuronGraph

from ...datasets import hold_out, load
from ...executors import Task, builder
from ...options import read_options, settled, stored
from ...training.fit import check_fit
from ..addons import AddOnOptions, AddOnSupernet, Locations
from .genes import Genome, Seeds, Space
from .turns import Result, Turn, Weights
from .walk import BatchOptions, Walk


class AddOnEvaluator:
    """An `Evaluator` over a supernet; made by `add_on_task`.

    Parameters
    ----------
    net
        The supernet.
    walk
        The data, as numbered batches.
    genome
        None: genomes are locations. A genome of locations: its add-ons stand, and genomes are seeds of directions.
    fingerprint
        Of the data set, as it was loaded.
    """

    def __init__(
        self, net: AddOnSupernet, walk: Walk, genome: Sequence[int] | None = None, fingerprint: int | None = None
    ) -> None:
        self.net, self.walk, self.fingerprint = net, walk, fingerprint
        self.locations: Locations = net.locations
        self.genome = None if genome is None else self.locations.check(genome)
        if self.genome is not None and not self.locations.places(self.genome):
            raise OptionError("this genome has no add-ons, so there are no directions to search for")
        self._start = net.state()
        self._names: dict[str, list[str]] = {}
        for name in self._start:
            self._names.setdefault(name.rsplit(".", 1)[0], []).append(name)

    @property
    def space(self) -> Space:
        """Locations, or seeds of directions."""
        return self.locations if self.genome is None else Seeds()

    @property
    def held_out(self) -> int:
        """How many evaluation batches there are."""
        return self.walk.held_out

    def weights(self) -> Weights:
        """The shared weights at the start."""
        return {name: value.numpy().copy() for name, value in self._start.items()}

    def used(self, genome: Genome) -> Collection[str]:
        """The names of the shared weights at an individual's places."""
        places = self.locations.places(genome if self.genome is None else self.genome)
        return [name for read, fed, size in places for name in self._names[f"{read}+{fed}.{size}x{size}"]]

    def __call__(self, turn: Turn) -> Result:
        """Train and evaluate; see `search.nhn.addons.AddOnSupernet`."""
        self.take(turn.weights)
        genomes, directions = self._people(turn.genomes)
        training = [[self.walk.training(number) for number in numbers] for numbers in turn.training]
        learned = self.net.train(genomes, training, turn.rate, directions)
        losses, errors = self._evaluated(genomes, turn.evaluation, directions)
        errors = np.where(np.isfinite(learned), errors, np.nan)  # a loss that was not finite is a failure, later or not
        state = self.net.state()
        moved = {name: state[name].numpy() for name in turn.weights} if any(turn.training) else {}
        return Result(tuple(errors.tolist()), tuple(losses.tolist()), moved)

    def rate(self, genome: Sequence[int], directions: Any = None) -> tuple[float, float]:
        """(error, loss) of a genome of locations under the weights last taken, on everything held out.

        Parameters
        ----------
        genome
            Of locations.
        directions
            Any that the supernet takes: None for its own, a seed, or what `sensitive` returns.
        """
        batch = self.walk.evaluation(range(self.held_out))
        losses, errors = self.net.evaluate([self.locations.check(genome)], batch, [directions])
        return float(errors[0]), float(losses[0])

    def sensitive(self) -> Any:
        """The connections of highest sensitivity of the genome that stands, under the weights last taken."""
        if self.genome is None:
            raise OptionError("directions belong to one genome: give add_on_task a genome=")
        return self.net.sensitive(self.genome)

    def build(self, genome: Sequence[int], weights: Weights, directions: Any = None) -> NeuronGraph:
        """The network with the add-ons of a genome of locations, and what they have learned."""
        self.take(weights)
        return self.net.build(self.locations.check(genome), directions)

    def take(self, weights: Weights) -> None:
        """Put shared weights into the supernet; those not given are as at the start."""
        self.net.load(self._start | {name: torch.tensor(value) for name, value in weights.items()})

    def _people(self, genomes: Sequence[Genome]) -> tuple[list[Genome], list[int] | None]:
        if self.genome is None:
            return list(genomes), None
        return [self.genome] * len(genomes), [seed for (seed,) in genomes]

    def _evaluated(self, genomes: list[Genome], numbers: Sequence[range], directions: Any) -> Any:
        """On one batch for all where it is the same: then the supernet shares what individuals have in common."""
        if len(set(numbers)) == 1:
            return self.net.evaluate(genomes, self.walk.evaluation(numbers[0]), directions)
        return self.net.evaluate(genomes, [self.walk.evaluation(mine) for mine in numbers], directions)


def add_on_task(
    graph: str | Path,
    data: str,
    *,
    genome: Sequence[int] | None = None,
    kernels: Sequence[int] = (3, 5),
    layers: Sequence[str] | None = None,
    addons: AddOnOptions | None = None,
    batches: BatchOptions | None = None,
) -> Task:
    """The task of evaluating places of add-on neurons, or their directions, for `search`.

    Parameters
    ----------
    graph
        A file that `NeuronGraph.save` wrote; every worker reads it, so on a cluster it must lie where all see it.
    data
        As `search.datasets.load` knows it; never downloaded by workers.
    genome
        None searches for locations; a genome of locations for its directions.
    kernels, layers
        See `Locations`.
    addons
        The supernet's options.
    batches
        What individuals are trained and evaluated on.
    """
    path = Path(graph).resolve()
    arguments = {
        "graph": str(path),
        "data": data,
        "genome": None if genome is None else [int(gene) for gene in genome],
        "kernels": list(kernels),
        "layers": None if layers is None else list(layers),
        "addons": settled(AddOnOptions, asdict(addons or AddOnOptions())),
        "batches": asdict(batches or BatchOptions()),
    }
    return Task("neurograph.search.nhn.locations.supernet:add_on_evaluator", arguments, files=("graph",))


@builder
def add_on_evaluator(
    graph: str,
    data: str,
    genome: list[int] | None,
    kernels: list[int],
    layers: list[str] | None,
    addons: dict[str, Any],
    batches: dict[str, Any],
) -> AddOnEvaluator:
    """What `add_on_task` names; see there."""
    network = NeuronGraph.load(graph)
    how = read_options(AddOnOptions, settings=stored(AddOnOptions, addons))
    net = AddOnSupernet(network, Locations(network, kernels, layers), how)
    options = read_options(BatchOptions, settings=batches)
    loaded = load(data, download=False)
    check_fit(net.trunk.net, loaded)
    learned = loaded.standardised() if options.standardise else loaded
    walk = Walk(hold_out(learned, options.validation, options.seed), options)
    return AddOnEvaluator(net, walk, genome, loaded.fingerprint())
