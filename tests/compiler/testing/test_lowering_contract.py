"""Our own lowerings keep the contract that other packages are offered."""

import pytest
import torch

from compiler.lowering import REGISTRY
from compiler.lowering.dense import Dense
from compiler.testing import LoweringContract
from tests.compiler.extras import NEEDS


class InFloat32(LoweringContract):
    """Of what knows no other dtype; differences need float64."""

    dtype, tolerance = torch.float32, 1e-3
    test_it_has_forward_batched_and_second_derivatives = None


for name in REGISTRY:
    contract = InFloat32 if name == "onednn" else LoweringContract
    made = type(f"Test_{name}", (contract,), {"name": name, "__module__": __name__})
    for mark in [NEEDS[name]] if name in NEEDS else []:
        made = mark(made)
    globals()[made.__name__] = made


def test_a_lowering_that_computes_something_else_fails_it(monkeypatch):
    monkeypatch.setattr(Dense, "run", lambda self, x, bias: x.new_zeros(len(x), self.layout.outputs))

    class Broken(LoweringContract):
        name = "dense"

    with pytest.raises(AssertionError):
        Broken().test_whatever_it_accepts_it_computes_as_the_reference_does(0, False)
