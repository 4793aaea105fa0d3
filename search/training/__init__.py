"""The training loop: epochs that are pure functions of the network's state, the seed and the epoch's number."""

from neurograph.errors import DivergenceError

from .augment import Augmentation, Changes, changed, draw_changes
from .batches import batches, in_batches
from .counts import neurons_per_population, parameter_count
from .evaluation import evaluate
from .loop import Trainer, exhausted
from .objectives import OBJECTIVES, Objective, objective_of
from .options import TrainingOptions, learning_rate, make_optimizer
from .sample import sample
from .seeds import generator, seed_of

__all__ = [
    "OBJECTIVES",
    "Augmentation",
    "Changes",
    "DivergenceError",
    "Objective",
    "Trainer",
    "TrainingOptions",
    "batches",
    "changed",
    "draw_changes",
    "evaluate",
    "exhausted",
    "generator",
    "in_batches",
    "learning_rate",
    "make_optimizer",
    "neurons_per_population",
    "objective_of",
    "parameter_count",
    "sample",
    "seed_of",
]
