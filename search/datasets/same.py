"""The data that a run began with, found again."""

import os
from typing import Any

from neurograph.errors import DataError, OptionError

from .dataset import Dataset
from .own import as_dataset
from .sources import load
from .tables import is_file_name


def lasting_name(data: Dataset) -> str:
    """The name that `load` finds these data by from any working directory: that of a file is made absolute."""
    return os.path.abspath(data.name) if is_file_name(data.name) else data.name


def same_data(config: dict[str, Any], data: Any = None) -> Dataset:
    """The data that a run began with: those given, or those of its name; refused where they are others.

    Runs of layer hierarchies say the shape of their examples as well, and older ones of them nothing else.
    """
    name = config["data"]
    try:
        found = as_dataset(data) if data is not None else load(name, download=False)
    except OptionError:
        raise DataError(f"the run learned from {name!r}: hand that to search.resume(run, data=...)") from None
    except DataError as error:
        if data is not None or not is_file_name(name):
            raise
        raise DataError(f"{error}; the run learned from it: put it back, or use search.resume(run, data=...)") from None
    shape = list(found.train_x.shape)
    if config.get("train_shape") not in (None, shape):
        raise OptionError(
            f"the run was begun on {name} with training examples of shape {config['train_shape']}, not {shape}: hand "
            "its own to search.resume(run, data=...)"
        )
    if config.get("fingerprint") not in (None, found.fingerprint()):
        whose = "those given" if data else f"what {name!r} is here"
        raise DataError(f"the run began with other data than {whose}: hand its own to search.resume(run, data=...)")
    return found
