"""Higher representational power: newborns take the weights of the neurons whose activations vary most."""

import numpy as np

from neurograph.analysis.observations import Observations
from neurograph.errors import MissingError
from neurograph.initializers.newborns.base import Growth, Newborns


def representational_power(observations: Observations | None, keys: np.ndarray) -> np.ndarray:
    """R(N_s, X) = Var(phi(N_s)), the variance of a neuron's activation over the samples (MetaNet, eq. 4).

    Parameters
    ----------
    observations
        What was seen while data ran through the network.
    keys
        (n,) neuron keys.

    Returns
    -------
    power : numpy.ndarray
        (n,) float64.

    Raises
    ------
    MissingError
        No observations were given, or not of all these neurons, or of one that was never finite.
    """
    if observations is None:
        raise MissingError(
            "representational power is the variance of activations: give observations=net.observe(batches)"
        )
    power = observations.of_neurons("activation_variance", keys)
    if not np.isfinite(power).all():
        raise MissingError(f"the activation of neuron number {keys[~np.isfinite(power)][0]} has no finite variance")
    return power


def higher_representational_power(growth: Growth) -> Newborns:
    """W' = F_rep(R(N_s, X), P), MetaNet's eq. 4: the donors are the P neurons of the highest activation variance.

    Where there are fewer neurons than newborns, the ranking is gone through again from its top. Of equals the older
    comes first. Neurons whose activation never varies (dead ReLUs, say) are no donors, unless none varies: then all
    rank alike, the oldest first.

    Examples
    --------
    >>> seen = Observations(np.arange(3), np.zeros(3), np.array([0.1, 0.9, 0.5]))
    >>> growth = Growth(None, np.arange(3), 2, np.random.default_rng(0), seen)
    >>> higher_representational_power(growth).donors.tolist()
    [1, 2]
    """
    power = representational_power(growth.observations, growth.keys)
    ranking = growth.keys[np.argsort(-power, kind="stable")]
    varying = np.count_nonzero(power) or len(power)
    return Newborns(np.resize(ranking[:varying], growth.count))
