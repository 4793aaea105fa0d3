"""Pictures for papers: the wiring of a network, how it grew, both ends of its growth side by side,
and how the synapses scored that were chosen.
"""

from neurograph.draw.before_and_after import before_and_after
from neurograph.draw.growth import growth
from neurograph.draw.scores import scores
from neurograph.draw.topology import topology

__all__ = ["before_and_after", "growth", "scores", "topology"]
