"""Random parameterization: newborns take the weights of neurons drawn at random."""

from neurograph.initializers.newborns.base import Growth, Newborns


def random_parameterization(growth: Growth) -> Newborns:
    """W' = F_rand(W, P), MetaNet's eq. 3: donors are drawn without replacement, with it where there are too few.

    Examples
    --------
    >>> import numpy as np
    >>> chosen = random_parameterization(Growth(None, np.arange(4), 4, np.random.default_rng(0)))
    >>> sorted(chosen.donors.tolist())
    [0, 1, 2, 3]
    """
    donors = growth.rng.choice(growth.keys, growth.count, replace=growth.count > len(growth.keys))
    return Newborns(donors)
