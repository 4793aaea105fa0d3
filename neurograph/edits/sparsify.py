"""Sparsify: layers lose synapses at random, until the network has the density that is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurograph.analysis.densities import DISTRIBUTIONS, layer_counts
from neurograph.analysis.layers import SynapseLayer, require_layers, synapse_layers
from neurograph.edits.base import Outcome
from neurograph.errors import OptionError
from neurograph.options import as_plain, number, one_of, populations_or_all, whole
from neurograph.storage.sets import each_once, first_of_each

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Sparsify:
    """Remove synapses at random, so that each layer is left with its share of those that it could have.

    This is where training at constant synapses begins (`Rewire`). Only trained weights into neurons that add up are
    counted and removed; each neuron keeps at least one of every layer that it reads, though the layer's share be less.
    A layer that is sparser than its share already stays as it is.

    Parameters
    ----------
    density
        The share of the weights that the network could have which is left, above 0 and at most 1.
    distribution
        How that is dealt out: "uniform", "er" or "erk"; see `neurograph.analysis.densities.layer_densities`.
    into
        Populations whose incoming synapses are thinned out; None means every one.
    rescale
        Whether the weights that a neuron still reads of a layer are multiplied by sqrt(had / has), synapses before and
        after, so that the variance of what it adds up is what it was.
    seed
        Of who goes.

    Raises
    ------
    OptionError
        An option that makes no sense; from `apply`: a density that leaves neurons without inputs.
    MissingError
        From `apply`: a population that is not there; no trained synapse.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([20, 30, 5], seed=0)
    >>> g.apply(Sparsify(0.2)).details
    {'removed': 600, 'left': 150, 'by_layer': {'input -> hidden1': 88, 'hidden1 -> output': 62}}
    """

    density: float
    distribution: str = "erk"
    into: tuple[str, ...] | None = None
    rescale: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if number("density", self.density, 0.0, 1.0) == 0.0:
            raise OptionError("density must be above 0, for a network without synapses learns nothing")
        one_of("distribution", self.distribution, DISTRIBUTIONS)
        whole("seed", self.seed, 0)
        object.__setattr__(self, "into", populations_or_all("into", self.into))

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Thin out the layers."""
        layers, rng = synapse_layers(graph, self.into), np.random.default_rng(self.seed)
        require_layers(layers, self.into)
        counts = wanted_of(layers, self.density, self.distribution)
        left: dict[str, int] = {}
        for layer, count in zip(layers, counts, strict=True):
            kept = self._thin(graph, layer, count, rng)
            left[layer.name] = left.get(layer.name, 0) + kept
        had = sum(len(layer.ids) for layer in layers)
        details = {"removed": had - sum(left.values()), "left": sum(left.values()), "by_layer": left}
        return Outcome(as_plain(self), details=details)

    def _thin(self, graph: "EditableGraph", layer: SynapseLayer, count: int, rng: np.random.Generator) -> int:
        """Leave so many synapses of a layer; returns how many there are then."""
        table = graph.table
        target = table.dst[table.rows_of(layer.ids)].astype(np.int64)
        order = rng.permutation(len(layer.ids))
        order = order[np.argsort(~first_of_each(target[order]), kind="stable")]  # one into each target, then by chance
        keep = np.zeros(len(layer.ids), bool)
        keep[order[: max(count, len(each_once(target)))]] = True
        if keep.all():
            return len(keep)
        if self.rescale:
            had, has = (np.bincount(those) for those in (target, target[keep]))
            factor = np.sqrt(had[target[keep]] / has[target[keep]])
            weights = graph.read_weights(layer.ids[keep])
            graph.write_weights(layer.ids[keep], weights * factor.reshape(-1, *(1 for _ in layer.window)))
        graph.drop_rows(np.sort(table.rows_of(layer.ids[~keep])))
        return int(keep.sum())


def wanted_of(layers: Sequence[SynapseLayer], density: float, distribution: str) -> list[int]:
    """How many synapses each layer is left at most; `OptionError` where that leaves neurons without inputs."""
    names, shapes = [layer.target for layer in layers], [layer.shape for layer in layers]
    return layer_counts(names, shapes, density, distribution, [layer.pairs for layer in layers])
