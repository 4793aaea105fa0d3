"""The training loop: epochs that are pure functions of the network's state, the seed and the epoch's number."""

from neurograph.errors import DivergenceError
from search.training.augment import Augmentation, Changes, changed, draw_changes
from search.training.batches import batches, generator, in_batches
from search.training.counts import neurons_per_population, parameter_count
from search.training.evaluation import evaluate
from search.training.loop import Trainer, exhausted
from search.training.options import TrainingOptions, learning_rate, make_optimizer
from search.training.sample import sample

__all__ = [
    "Augmentation",
    "Changes",
    "DivergenceError",
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
    "parameter_count",
    "sample",
]
