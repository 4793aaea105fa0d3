"""A network as a page to explore: one HTML file that opens from disk and needs nothing else."""

from neurograph.view.beside import Side, beside
from neurograph.view.generations import Best, Bred, Generations, view_generations
from neurograph.view.picture import Newer
from neurograph.view.writing import notebook, show, view

__all__ = ["Best", "Bred", "Generations", "Newer", "Side", "beside", "notebook", "show", "view", "view_generations"]
