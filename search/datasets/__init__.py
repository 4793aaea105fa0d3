"""The data sets: real images, from the authors' own files or from OpenML."""

from search.datasets.dataset import Dataset, Split, hold_out
from search.datasets.sources import NAMES, data_directory, load

__all__ = ["NAMES", "Dataset", "Split", "data_directory", "hold_out", "load"]
