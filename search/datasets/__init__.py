"""The data sets: real images, from the authors' own files or from OpenML; and data of one's own."""

from .arrays import dataset_of
from .dataset import Dataset, Split, hold_out
from .own import as_dataset
from .sources import DATASETS, Loader, data_directory, load

__all__ = ["DATASETS", "Dataset", "Loader", "Split", "as_dataset", "data_directory", "dataset_of", "hold_out", "load"]
