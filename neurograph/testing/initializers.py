"""The contract of an initializer of weights: shapes, types, and where its numbers come from."""

import numpy as np
import pytest

from neurograph.initializers import INITIALIZERS, from_name


class InitializerContract:
    """What every initializer keeps; a subclass says its name, and whether it draws numbers at all."""

    name: str
    draws: bool = True

    def test_it_is_known_by_its_name(self) -> None:
        assert self.name in INITIALIZERS

    @pytest.mark.parametrize("shape", [(40, 300), (3, 2, 5, 5), (1, 1)])
    @pytest.mark.parametrize("activation", ["relu", "identity"])
    def test_it_gives_finite_float64_weights_of_the_shape(self, shape: tuple[int, ...], activation: str) -> None:
        weights = from_name(self.name, 1)(shape, activation)
        assert weights.shape == shape and weights.dtype == np.float64 and np.isfinite(weights).all()

    def test_the_seed_decides_and_calls_differ(self) -> None:
        one, two, other = (from_name(self.name, seed) for seed in (5, 5, 6))
        first = one((4, 3), "tanh")
        assert (first == two((4, 3), "tanh")).all()
        if self.draws:
            assert (first != one((4, 3), "tanh")).any() and (first != other((4, 3), "tanh")).any()
