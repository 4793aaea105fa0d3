"""What a lowering is asked about: how large a bundle is and what it must do."""

from dataclasses import dataclass, replace
from math import prod
from typing import Any

from ..regions.windows import Window

Number = Any  # an int or float, or an array of them: the formulas work on whole lists of bundles at once


@dataclass(frozen=True)
class BundleSpec:
    """How large a bundle is and what it must do: all a lowering needs in order to accept it and to state its cost.

    Parameters
    ----------
    inputs, outputs, synapses
        Numbers, or equally long arrays for many bundles at once.
    batch
        Rows the program is tuned for.
    identity
        Whether every synapse is an identity.
    aggregation
        How the target combines what its synapses contribute.
    dtype, device
        "float32", ...; "cpu", "cuda".
    groups
        How many equal disjoint blocks it is, every pair within one joined; 1 where it is no such thing.
    window
        What its synapses do to feature maps; None between scalars.
    padded
        How many kernels it is as disjoint blocks of several sizes, padded to the largest; 0 where it is none of that
        sort.
    """

    inputs: Number
    outputs: Number
    synapses: Number
    batch: int
    identity: bool
    aggregation: str
    dtype: str
    device: str
    groups: Number = 1
    window: Window | None = None
    padded: Number = 0

    def sized(
        self, inputs: Number, outputs: Number, synapses: Number, groups: Number = 1, padded: Number = 0
    ) -> "BundleSpec":
        """The same kind of bundle in another size."""
        return replace(self, inputs=inputs, outputs=outputs, synapses=synapses, groups=groups, padded=padded)

    @property
    def areas(self) -> tuple[int, int]:
        """Values of one neuron at either end, for one row: 1 for scalars."""
        return (1, 1) if self.window is None else (prod(self.window.source), prod(self.window.target))
