"""How a network changes: training, metabolism and other ways to grow."""

from search.metabolism import Metabolized, metabolize, resume

__all__ = ["Metabolized", "metabolize", "resume"]
