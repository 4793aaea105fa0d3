"""A network as a page to explore: one HTML file that opens from disk and needs nothing else."""

from neurograph.view.writing import notebook, show, view

__all__ = ["notebook", "show", "view"]
