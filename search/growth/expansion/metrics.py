"""What is measured of a synapse to tell whether it needs neurons: one function each, and the table of them.

A new metric is a function of `Traits` and a line in `METRICS`; its reverse comes by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from neurograph.registry import Registry


@dataclass(frozen=True, eq=False)
class Traits:
    """What is known of some synapses; all (n,) float64. Gradients are of each batch's loss, zero where not asked for.

    Parameters
    ----------
    weight_absolute, weight_square
        Mean over the numbers of the weight (a kernel has several).
    gradient_absolute, gradient_square, gradient_variance
        Mean |g|, mean g^2 and variance of g over the batches; of a kernel, the mean of that over its numbers.
    gradient_absolute_of_mean
        |mean g| likewise.
    source_variance
        Of the activation at the synapse's source, over the examples.
    drawn
        Numbers in [0, 1) that know nothing of the synapse.
    """

    weight_absolute: np.ndarray
    weight_square: np.ndarray
    gradient_absolute: np.ndarray
    gradient_square: np.ndarray
    gradient_variance: np.ndarray
    source_variance: np.ndarray
    drawn: np.ndarray
    gradient_absolute_of_mean: np.ndarray


@dataclass(frozen=True)
class Metric:
    """One metric.

    Parameters
    ----------
    measure
        From traits to (n,) float64, the larger the more.
    gradients, activations
        Which sort of data it looks at.
    reverse
        Whether the least of `measure` counts as the most.
    """

    measure: Callable[[Traits], np.ndarray]
    gradients: bool = False
    activations: bool = False
    reverse: bool = False


def gradient_absolute(traits: Traits) -> np.ndarray:
    """Mean |g|: how much the loss wants the weight moved."""
    return traits.gradient_absolute


def gradient_variance(traits: Traits) -> np.ndarray:
    """Var(g), the dispersion: how much batches differ in what they want."""
    return traits.gradient_variance


def weight_square(traits: Traits) -> np.ndarray:
    """Mean w^2."""
    return traits.weight_square


def weight_absolute(traits: Traits) -> np.ndarray:
    """Mean |w|."""
    return traits.weight_absolute


def activation_deviation(traits: Traits) -> np.ndarray:
    """|w| times the standard deviation of the source: how much what the synapse says varies."""
    return np.sqrt(traits.weight_square * traits.source_variance)


def perturbation_sensitivity(traits: Traits) -> np.ndarray:
    """|w| mean |g|: how far, to first order, a small relative change of the weight moves a batch's loss."""
    return np.sqrt(traits.weight_square) * traits.gradient_absolute


def gradient_similarity(traits: Traits) -> np.ndarray:
    """|mean g| / mean |g|: 1 where all batches want the same, 0 where they cancel; 0 where there is no gradient."""
    agreed, each = traits.gradient_absolute_of_mean, traits.gradient_absolute
    return np.divide(agreed, each, out=np.zeros_like(agreed), where=each > 0.0)


def random(traits: Traits) -> np.ndarray:
    """A number drawn for each: what any other metric must beat."""
    return traits.drawn


def _both_ways(name: str, metric: Metric) -> dict[str, Metric]:
    return {name: metric, f"{name}_reversed": replace(metric, reverse=True)}


METRICS: Registry[Metric] = Registry(
    "neurograph.metrics",
    {
        "gradient_absolute": Metric(gradient_absolute, gradients=True),
        "gradient_variance": Metric(gradient_variance, gradients=True),
        "weight_square": Metric(weight_square),
        "weight_absolute": Metric(weight_absolute),
        "activation_deviation": Metric(activation_deviation, activations=True),
        "perturbation_sensitivity": Metric(perturbation_sensitivity, gradients=True),
        "gradient_similarity": Metric(gradient_similarity, gradients=True),
        "random": Metric(random),
    },
    fits=lambda part: isinstance(part, Metric),
    variants=_both_ways,
)
