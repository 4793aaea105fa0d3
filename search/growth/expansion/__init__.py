"""Self-expanding networks: synapses that cannot do their job become neurons ("Self Expanding Neural Networks")."""

from search.growth.expansion.events import Expansion
from search.growth.expansion.expand import expand
from search.growth.expansion.metrics import METRICS, Metric, Traits
from search.growth.expansion.options import ExpandOptions, ExpansionOptions
from search.growth.expansion.presets import PRESETS, Preset
from search.growth.expansion.rules import expansion_due, loss_change, pruning_due
from search.growth.expansion.scores import Scores, allowed, chosen, excess, normalised, scores

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
