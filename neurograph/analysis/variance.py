"""The variance of a population's weights against what keeps signals at their size through ReLU layers."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from neurograph.analysis.weight_space import weight_space

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


def variance_condition(graph: "EditableGraph", population: str) -> float:
    """n_l Var(W_l) / 2, which MetaNet's eq. 8 wants to be 1, and after a metabolism eq. 13 (He et al. 2015).

    Eq. 13 writes the neurons that survived and those that were born side by side; a population that has grown holds
    both. Above 1 signals grow from layer to layer, below 1 they fade.

    Parameters
    ----------
    graph
        The network.
    population
        Whose incoming weights make W_l. n_l is the number of weights that a neuron reads through, the mean of the
        population's where they differ.

    Returns
    -------
    float
        0 where the population has no incoming weights.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> round(variance_condition(mlp([500, 400, 1], seed=0), "hidden1"), 2)
    1.0
    """
    graph.population(population)  # raises where there is none
    space = weight_space(graph, graph.population_keys(population))
    weights = space.vectors[space.present]
    return 0.5 * float(weights.var()) * len(weights) / len(space.vectors) if len(weights) else 0.0


def variance_product(graph: "EditableGraph", populations: Iterable[str]) -> float:
    """The product over layers of n_l Var(W_l) / 2: by how much Var(h_1) is multiplied (MetaNet, eq. 7 and 12).

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([4, 3, 1])
    >>> product = variance_product(g, ["hidden1", "output"])
    >>> product == variance_condition(g, "hidden1") * variance_condition(g, "output")
    True
    """
    product = 1.0
    for name in populations:
        product *= variance_condition(graph, name)
    return product
