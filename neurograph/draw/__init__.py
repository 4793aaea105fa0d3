"""Pictures for papers: the wiring of a network, how it grew and both ends of its growth side by side; how synapses
scored and newborns' weights came about; variants side by side, error against size, and one task after the other. The
adjacency, weights and degrees of a network, the film of its growth, and how a search over networks went.
"""

from neurograph.draw.adjacency import adjacency
from neurograph.draw.animation import animation
from neurograph.draw.before_and_after import before_and_after
from neurograph.draw.comparison import Variant, comparison
from neurograph.draw.distributions import distributions
from neurograph.draw.generations import Objective, front, generations
from neurograph.draw.growth import growth
from neurograph.draw.growth_story import growth_story
from neurograph.draw.insertion import morphed, sparsity
from neurograph.draw.reading import reading
from neurograph.draw.scores import Scored, scores
from neurograph.draw.tasks import tasks
from neurograph.draw.topology import topology
from neurograph.draw.tradeoff import Curve, tradeoff
from neurograph.draw.weights import Births, weights

__all__ = [
    "Births",
    "Curve",
    "Objective",
    "Scored",
    "Variant",
    "adjacency",
    "animation",
    "before_and_after",
    "comparison",
    "distributions",
    "front",
    "generations",
    "growth",
    "growth_story",
    "morphed",
    "reading",
    "scores",
    "sparsity",
    "tasks",
    "topology",
    "tradeoff",
    "weights",
]
