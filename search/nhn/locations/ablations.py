"""What the paper's discussion takes away or changes: genes perturbed, add-ons removed, evolution replaced by chance."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from neurograph import compiler
from neurograph.errors import OptionError
from neurograph.network import NeuronGraph

from ...executors import Executor, Task
from ...training import evaluate
from .found import Found, RankedIndividual
from .genes import ABSENT, Genome, Space
from .loop import Searching
from .options import EvolutionOptions
from .searches import search
from .turns import Evaluator, Weights

_ADD_ONS = re.compile(r".+\+.+\.\d+x\d+")  # what AddOnNeurons calls its populations


@dataclass(frozen=True, eq=False)
class Perturbed:
    """A genome and its neighbours, all under the same shared weights and on everything held out.

    Parameters
    ----------
    found
        The genome itself.
    neighbours
        Those that differ from it, best first.
    """

    found: RankedIndividual
    neighbours: list[RankedIndividual]

    @property
    def worse(self) -> float:
        """The share of neighbours with a larger error, or with a larger loss at the same error."""
        found = self.found.error, self.found.loss
        return float(np.mean([(one.error, one.loss) > found for one in self.neighbours]))


def neighbours(space: Space, genome: Sequence[int]) -> list[Genome]:
    """All genomes that differ in one gene.

    Examples
    --------
    >>> from neurograph.search.nhn.locations.genes import Table
    >>> neighbours(Table((("stem",), ("stem", "layer0"))), (0, -1))
    [(-1, -1), (0, 0), (0, 1)]
    """
    found, whole = space.check(genome), range(space.gene_count)
    values = [(gene, value) for gene in whole for value in range(ABSENT, len(space.choices(gene)))]
    return [(*found[:gene], value, *found[gene + 1 :]) for gene, value in values if value != found[gene]]


def perturb(
    evaluator: Task | Evaluator,
    genome: Sequence[int],
    weights: Weights,
    *,
    train_batches: int = 0,
    learning_rate: float = 0.001,
    executor: Executor | None = None,
) -> Perturbed:
    """How a genome compares with all that differ from it in one gene.

    Parameters
    ----------
    evaluator
        The one it was found with.
    genome, weights
        From a search's `Found`.
    train_batches, learning_rate
        Training that each gets first, from the shared weights and on the same batches. Weights of genes that survived
        for long have been trained more than others, so without training a perturbation looks worse than it is.
    executor
        Where they are evaluated.

    Raises
    ------
    DivergenceError
        When the genome itself could not be evaluated.
    """
    searching = Searching(evaluator, EvolutionOptions(sharing="synchronous", evaluation="own"), executor=executor)
    searching.take_weights(weights)
    others = neighbours(searching.evaluator.space, genome)
    (found,) = searching.rank([tuple(genome)], range(train_batches), learning_rate)
    return Perturbed(found, searching.rank(others, range(train_batches), learning_rate))


def without_add_ons(graph: NeuronGraph, populations: Sequence[str] | None = None) -> NeuronGraph:
    """A copy of a network without its add-on neurons.

    Parameters
    ----------
    graph
        The network.
    populations
        Which are add-ons; unless given, those with names that `AddOnNeurons` gives ("stem+layer1.5x5").

    Raises
    ------
    OptionError
        Where there are none.
    """
    names = [n for n in graph.populations if _ADD_ONS.fullmatch(n)] if populations is None else list(populations)
    if not names:
        raise OptionError("this network has no populations named as add-ons are; name them by populations=")
    bare = graph.copy()
    bare.remove_neurons([neuron for name in names for neuron in bare.population(name)])
    return bare


@dataclass(frozen=True)
class Ablation:
    """A network's loss and error in percent, with its add-ons and after their removal, without training between."""

    loss: float
    error: float
    bare_loss: float
    bare_error: float

    @property
    def cost(self) -> float:
        """Points of error that the removal costs; 1.08 in the paper."""
        return self.bare_error - self.error


def total_ablation(graph: NeuronGraph, x: Tensor, y: Tensor, batch_size: int = 1024) -> Ablation:
    """Remove all add-ons from a trained network at once, and see what that costs on some examples.

    Parameters
    ----------
    graph
        The network, trained.
    x, y
        Examples as it takes them, and their classes.
    batch_size
        Examples at a time.
    """
    scores = [evaluate(compiler.compile(g), x, y, batch_size) for g in (graph, without_add_ons(graph))]
    return Ablation(*scores[0], *scores[1])


def compare_strategies(
    evaluator: Task | Evaluator,
    options: EvolutionOptions | None = None,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    strategies: Sequence[str] = ("evolution", "random"),
    executor: Executor | None = None,
) -> dict[str, list[Found]]:
    """The same search with different strategies, at an equal budget of training and evaluation.

    Parameters
    ----------
    evaluator, options, executor
        See `search`; the options' strategy and seed are replaced.
    seeds
        Of the searches, the same for every strategy.
    strategies
        Names in `STRATEGIES`.

    Returns
    -------
    dict of str to list of Found
        For each strategy what it found with each seed.
    """
    options = options or EvolutionOptions()
    return {
        strategy: [
            search(evaluator, replace(options, strategy=strategy, seed=seed), executor=executor) for seed in seeds
        ]
        for strategy in strategies
    }
