"""The initializers by name."""

from collections.abc import Callable

import numpy as np

from neurograph.errors import OptionError
from neurograph.initializers.he import he_normal, he_uniform
from neurograph.initializers.lecun import lecun_normal
from neurograph.initializers.smooth import he_smooth
from neurograph.initializers.xavier import xavier_normal, xavier_uniform
from neurograph.initializers.zeros import zeros
from neurograph.registry import Registry

Initializer = Callable[[tuple[int, ...], str, np.random.Generator], np.ndarray]
Weights = Callable[[tuple[int, ...], str], np.ndarray]

INITIALIZERS: Registry[Initializer] = Registry(
    "neurograph.initializers",
    {
        "he_uniform": he_uniform,
        "he_normal": he_normal,
        "he_smooth": he_smooth,
        "xavier_uniform": xavier_uniform,
        "xavier_normal": xavier_normal,
        "lecun_normal": lecun_normal,
        "zeros": zeros,
    },
    fits=callable,
)


def from_name(name: str, seed: int | np.random.Generator = 0) -> Weights:
    """An initializer as `NeuronGraph.connect(weight=...)` and the builders take it: a callable of (shape, activation).

    Parameters
    ----------
    name
        One of `INITIALIZERS`.
    seed
        Of the generator that all its calls draw from in turn, so two calls give different weights; or that generator.

    Raises
    ------
    OptionError
        No initializer has that name.

    Examples
    --------
    >>> draw = from_name("he_normal", seed=1)
    >>> draw((3, 2), "relu").shape
    (3, 2)
    """
    if name not in INITIALIZERS:
        raise OptionError(f"no initializer {name!r}; there are {', '.join(INITIALIZERS)}")
    function, rng = INITIALIZERS[name], np.random.default_rng(seed)
    return lambda shape, activation: function(tuple(shape), activation, rng)
