"""Pictures for papers: the wiring of a network, how it grew, and both ends of its growth side by side."""

from neurograph.draw.before_and_after import before_and_after
from neurograph.draw.growth import growth
from neurograph.draw.topology import topology

__all__ = ["before_and_after", "growth", "topology"]
