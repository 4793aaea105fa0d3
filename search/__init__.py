"""How a network changes: training, metabolism, expansion and other ways to grow."""

from typing import TYPE_CHECKING, Any

import neurograph  # noqa: F401  (first: makes this module's plain name an alias of the real one)

from .evolution.genomes.neat import from_neat
from .growth.expansion import expand
from .growth.grown import Grown
from .growth.metabolism import Metabolized, metabolize
from .growth.metabolism.streaming.run import Lived, metabolize_stream
from .growth.morphing import morph
from .growth.pruning import prune
from .growth.rewiring import rewire
from .growth.train import train
from .loops import Grower
from .methods import METHODS, redraw, resume
from .nhn.kernels import prune_network
from .nhn.layers import find_hierarchy
from .nhn.pipeline import NeuronHierarchy, neuron_hierarchy

if TYPE_CHECKING:
    from .estimators import GrowingClassifier, GrowingRegressor

__all__ = [
    "METHODS",
    "Grower",
    "GrowingClassifier",
    "GrowingRegressor",
    "Grown",
    "Lived",
    "Metabolized",
    "NeuronHierarchy",
    "expand",
    "find_hierarchy",
    "from_neat",
    "metabolize",
    "metabolize_stream",
    "morph",
    "neuron_hierarchy",
    "prune",
    "prune_network",
    "redraw",
    "resume",
    "rewire",
    "train",
]


def __getattr__(name: str) -> Any:
    """The estimators, whose base class takes a second to import."""
    if name in ("GrowingClassifier", "GrowingRegressor"):
        from . import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
