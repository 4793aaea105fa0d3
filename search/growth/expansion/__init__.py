"""Self-expanding networks: synapses that cannot do their job become neurons ("Self Expanding Neural Networks")."""

from .events import Expansion
from .expand import expand
from .metrics import METRICS, Metric, Traits
from .options import ExpandOptions, ExpansionOptions
from .presets import PRESETS, Preset
from .rules import expansion_due, loss_change, pruning_due
from .scores import Scores, allowed, chosen, excess, normalised, scores

__all__ = [
    "METRICS",
    "PRESETS",
    "ExpandOptions",
    "Expansion",
    "ExpansionOptions",
    "Metric",
    "Preset",
    "Scores",
    "Traits",
    "allowed",
    "chosen",
    "excess",
    "expand",
    "expansion_due",
    "loss_change",
    "normalised",
    "pruning_due",
    "scores",
]
