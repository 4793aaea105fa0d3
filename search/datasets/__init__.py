"""The data sets: real images, from the authors' own files or from OpenML."""

from .dataset import Dataset, Split, hold_out
from .sources import DATASETS, Loader, data_directory, load

__all__ = ["DATASETS", "Dataset", "Loader", "Split", "data_directory", "hold_out", "load"]
