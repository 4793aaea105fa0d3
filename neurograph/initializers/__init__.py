"""What new synapses weigh: initializers for layers, and (in `newborns`) for neurons that join a trained population.

An initializer is a function of (shape, activation, rng); a new one is a file here and a line in `registry`.
"""

from neurograph.initializers.he import he_normal, he_uniform
from neurograph.initializers.lecun import lecun_normal
from neurograph.initializers.registry import INITIALIZERS, Initializer, Weights, from_name
from neurograph.initializers.smooth import he_smooth, smoothed
from neurograph.initializers.xavier import xavier_normal, xavier_uniform
from neurograph.initializers.zeros import zeros

__all__ = [
    "INITIALIZERS",
    "Initializer",
    "Weights",
    "from_name",
    "he_normal",
    "he_smooth",
    "he_uniform",
    "lecun_normal",
    "smoothed",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
