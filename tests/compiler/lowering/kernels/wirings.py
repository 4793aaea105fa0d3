"""Random sparse matrices as the kernels read them, beside the same as dense ones."""

from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import strategies as st

from compiler.lowering.kernels.sparse import Wiring


@dataclass(frozen=True)
class Case:
    """A matrix (outputs, inputs) with synapses at random places, and a batch."""

    seed: int
    outputs: int
    inputs: int
    density: float
    rows: int

    def wiring(self) -> Wiring:
        row, column = self.places()
        order = np.argsort(column, kind="stable")
        found = (starts(row, self.outputs), column, starts(column, self.inputs), row[order], order)
        return Wiring(*(torch.from_numpy(np.asarray(array, np.int32)) for array in found)).check()

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        chosen = np.random.default_rng(self.seed).random((self.outputs, self.inputs)) < self.density
        return np.nonzero(chosen)

    def draw(self, *shape: int, dtype: torch.dtype = torch.float64, by_feature: bool = False) -> torch.Tensor:
        generator = torch.Generator().manual_seed(self.seed)
        if by_feature:
            return torch.randn(*reversed(shape), dtype=dtype, generator=generator).t()
        return torch.randn(*shape, dtype=dtype, generator=generator)

    def dense(self, values: torch.Tensor) -> torch.Tensor:
        row, column = (torch.from_numpy(place) for place in self.places())
        return values.new_zeros(self.outputs, self.inputs).index_put((row, column), values)

    def at(self, matrix: torch.Tensor) -> torch.Tensor:
        row, column = (torch.from_numpy(place) for place in self.places())
        return matrix[row, column]


def starts(rows: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])


def cases(most: int = 90, rows: int = 150) -> st.SearchStrategy[Case]:
    """Shapes that meet every tail: of panels, of vectors, of rows in a task; batches of none and of one."""
    sizes = st.integers(1, most)
    return st.builds(
        Case, st.integers(0, 9999), sizes, sizes, st.sampled_from([0.0, 0.05, 0.3, 1.0]), st.integers(0, rows)
    )
