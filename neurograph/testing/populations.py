"""The contracts of what chooses in a population: which neurons go, and whose weights newborns take."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from neurograph.analysis.observations import Observations
from neurograph.builders import mlp
from neurograph.edits import Autophagy, Proliferate
from neurograph.edits.selectors import SELECTORS, Selection, selector
from neurograph.errors import OptionError
from neurograph.initializers.newborns import NEWBORN_INITIALIZERS, Growth, Newborns, newborn_initializer
from neurograph.network import NeuronGraph
from neurograph.testing.edits import state_of

GROWS = "hidden1"  # the population that is chosen from


def network() -> NeuronGraph:
    """A small network with one population to choose from."""
    return mlp([6, 8, 5, 3], "tanh", seed=0)


def observed(graph: NeuronGraph, samples: int = 40) -> Observations:
    """Everything that can be observed of a network, in numbers that are drawn."""
    rng, arrays = np.random.default_rng(0), graph.arrays()
    keys, ids = np.sort(graph.keys_of(list(graph))), np.sort(arrays.ids)
    neurons = {name: rng.uniform(0.1, 1.0, len(keys)) for name in ("activation_mean", "activation_variance", "utility")}
    gradients = ("mean_absolute", "mean_square", "variance", "absolute_of_mean")
    synapses = {f"gradient_{name}": rng.uniform(0.1, 1.0, len(ids)) for name in gradients}
    values, deltas = rng.normal(size=(2, samples, len(keys)))
    recorded = {"recorded_keys": keys, "recorded": values, "delta_keys": keys, "deltas": deltas}
    return Observations(keys, ids=ids, samples=samples, batches=2, **neurons, **synapses, **recorded)


class SelectorContract:
    """What every selector keeps; a subclass says its name, and options with which it chooses somebody."""

    name: str
    options: Mapping[str, Any] = {}

    def chosen(self, graph: NeuronGraph, keys: np.ndarray, seed: int = 0) -> np.ndarray:
        """The neurons that it chooses among some of the population's."""
        home = graph.population_keys(GROWS)
        selection = Selection(graph, keys, np.random.default_rng(seed), observed(graph), home)
        return selector(self.name, **self.options)(selection)

    @pytest.mark.parametrize("count", [8, 5, 1])
    def test_it_chooses_different_neurons_among_those_it_is_given(self, count: int) -> None:
        graph = network()
        keys = graph.population_keys(GROWS)[-count:]
        chosen = self.chosen(graph, keys)
        assert isinstance(chosen, np.ndarray) and chosen.ndim == 1 and chosen.dtype == np.int64
        assert set(chosen.tolist()) <= set(keys.tolist()) and len(set(chosen.tolist())) == len(chosen)
        assert len(chosen) or count < 8, "with these options it chooses nobody: say options"

    def test_the_seed_decides_and_the_network_is_left_alone(self) -> None:
        graph = network()
        keys = graph.population_keys(GROWS)
        first = self.chosen(graph, keys, seed=3)
        assert first.tolist() == self.chosen(graph, keys, seed=3).tolist()
        assert state_of(graph) == state_of(network()) and not len(graph.journal)

    def test_autophagy_goes_by_it_and_is_undone(self) -> None:
        graph = network()
        home = graph.population_keys(GROWS)
        graph.apply(Autophagy(GROWS, selector(self.name, **self.options), seed=3, observations=observed(graph)))
        left, chosen = graph.population_keys(GROWS).tolist(), self.chosen(network(), home, seed=3).tolist()
        assert left and set(home.tolist()) - set(left) <= set(chosen) and len(left) < len(home)
        graph.undo()
        assert state_of(graph) == state_of(network())

    def test_an_option_that_it_does_not_have_is_refused(self) -> None:
        assert self.name in SELECTORS
        with pytest.raises(OptionError):
            selector(self.name, no_such_option=1)


class NewbornContract:
    """What every initializer of newborns keeps; a subclass says its name, and how `Proliferate` is asked for it."""

    name: str
    outgoing: str = "split"

    def born(self, graph: NeuronGraph, count: int, seed: int = 0) -> Newborns:
        """What it answers for so many newborns."""
        keys = graph.population_keys(GROWS)
        growth = Growth(graph, keys, count, np.random.default_rng(seed), observed(graph))
        return newborn_initializer(self.name)(growth)

    def weights(self, graph: NeuronGraph, born: Newborns, incoming: bool) -> np.ndarray:
        """(m,) what newborns' synapses weigh that are like their donors' on one side."""
        arrays = graph.arrays()
        keys = graph.keys_of(arrays.names)
        ends = keys[arrays.target if incoming else arrays.source]
        newborn, at = np.nonzero(born.donors[:, None] == ends[None])
        ids = arrays.ids[at]
        return graph.read_weights(ids) if born.weights is None else born.weights(ids, newborn)

    @pytest.mark.parametrize("count", [1, 3, 19])
    def test_each_newborn_has_a_donor_and_finite_weights(self, count: int) -> None:
        graph = network()
        born = self.born(graph, count)
        assert born.donors.shape == (count,) and born.donors.dtype == np.int64
        assert set(born.donors.tolist()) <= set(graph.population_keys(GROWS).tolist())
        for incoming, synapses in ((True, 6), (False, 5)):
            found = self.weights(graph, born, incoming)
            assert found.shape == (count * synapses,) and np.isfinite(found).all()

    def test_the_seed_decides_and_the_network_is_left_alone(self) -> None:
        graph = network()
        one, two = self.born(graph, 5, seed=3), self.born(graph, 5, seed=3)
        assert one.donors.tolist() == two.donors.tolist()
        for incoming in (True, False):
            assert self.weights(graph, one, incoming).tolist() == self.weights(graph, two, incoming).tolist()
        assert state_of(graph) == state_of(network()) and not len(graph.journal)

    def test_a_population_grows_by_it_and_shrinks_again(self) -> None:
        graph = network()
        graph.apply(Proliferate(GROWS, 3, self.name, self.outgoing, seed=3, observations=observed(graph)))
        assert len(graph.population(GROWS)) == 11
        graph.undo()
        assert state_of(graph) == state_of(network())

    def test_an_option_that_it_does_not_have_is_refused(self) -> None:
        assert self.name in NEWBORN_INITIALIZERS
        with pytest.raises(OptionError):
            newborn_initializer(self.name, no_such_option=1)
