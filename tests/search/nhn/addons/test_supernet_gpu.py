"""The supernet on a GPU against the CPU."""

import numpy as np
import pytest
import torch

from neurograph.builders import enas_macro
from search.nhn.addons import AddOnOptions, AddOnSupernet, Locations

GENOMES = [(-1, -1, -1, -1), (0, 1, -1, 0), (-1, 0, 0, 1)]


@pytest.mark.gpu
def test_individuals_train_and_evaluate_alike_on_a_gpu():
    g = enas_macro([["conv3"], ["separable5", 1]], channels=6, segments=1, size=8, classes=5)
    drawn = torch.Generator().manual_seed(0)
    pairs = [
        (torch.randn(9, 3, 8, 8, generator=drawn), torch.randint(5, (9,), generator=drawn)) for _ in range(len(GENOMES))
    ]
    found_on = {}
    for device in ("cpu", "cuda"):
        options = AddOnOptions(sparsity=0.5, together=2, device=device)
        net = AddOnSupernet(g, Locations(g), options, torch.float64)
        losses = net.train(GENOMES, [[pair, pairs[0]] for pair in pairs], 0.1)
        found_on[device] = losses, *net.evaluate(GENOMES, pairs[0]), net.state()
    for one, other in zip(found_on["cpu"][:3], found_on["cuda"][:3], strict=True):
        assert np.allclose(one, other, rtol=1e-8)
    for name, held in found_on["cpu"][3].items():
        assert torch.allclose(held, found_on["cuda"][3][name], rtol=1e-8, atol=1e-12)
