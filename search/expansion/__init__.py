"""Self-expanding networks: synapses that cannot do their job become neurons ("Self Expanding Neural Networks")."""

from search.expansion.events import Expansion
from search.expansion.expand import EXPAND, expand
from search.expansion.metrics import METRICS, Metric, Traits
from search.expansion.options import ExpandOptions, ExpansionOptions
from search.expansion.presets import PRESETS, Preset
from search.expansion.rules import expansion_due, loss_change, pruning_due
from search.expansion.scores import Scores, allowed, chosen, excess, normalised, scores

__all__ = [
    "EXPAND",
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
