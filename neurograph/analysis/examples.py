"""What neurons do with some examples: their activations, and for a few examples the feature maps themselves."""

from dataclasses import dataclass, field

import numpy as np

from neurograph.errors import OptionError


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples and what neurons make of them; `compiler.examples` runs a network for them.

    Parameters
    ----------
    inputs
        (n, features) or (n, channels, height, width) numbers.
    labels
        (n,) whole numbers from 0, or None where the data has no classes.
    keys
        (K,) int64 of neurons, rising.
    activations
        (n, K) numbers; of a feature map the mean over its positions.
    maps
        Key of a feature map -> (m, height, width): what it makes of the first m examples.
    """

    inputs: np.ndarray
    labels: np.ndarray | None
    keys: np.ndarray
    activations: np.ndarray
    maps: dict[int, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.inputs)
        if n < 1 or self.inputs.ndim not in (2, 4):
            raise OptionError(
                f"examples must be (n, features) or (n, channels, height, width), not {self.inputs.shape}"
            )
        if self.activations.shape != (n, len(self.keys)):
            raise OptionError(
                f"activations must be {(n, len(self.keys))}, one row an example, not {self.activations.shape}"
            )
        if self.labels is not None and (len(self.labels) != n or self.labels.dtype.kind not in "iu"):
            raise OptionError(f"labels must be {n} whole numbers, one an example")
