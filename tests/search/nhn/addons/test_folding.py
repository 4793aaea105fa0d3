import numpy as np
import pytest
import torch

import compiler
from neurograph import NeuronGraph
from neurograph.builders import enas_macro
from search.nhn.addons.folding import fold_norms


def moved(g, seed=0):
    """The graph with statistics and scales that are none of the defaults, and a bias here and there."""
    rng = np.random.default_rng(seed)
    keys = g.table.keys()
    keys = keys[g.neurons.each("norm", keys) == "batch"]
    ranges = {"gamma": (-1, 2), "beta": (-1, 1), "running_mean": (-1, 1), "running_var": (0.1, 3)}
    for name, (low, high) in ranges.items():
        g.write_values(name, keys, rng.uniform(low, high, len(keys)))
    for name in g.names_of(keys[::3]):
        g.nodes[name]["bias"] = rng.normal()
    return g


def test_a_folded_network_computes_what_it_did():
    g = moved(enas_macro([["conv3"], ["separable3", 1], ["maximum", 1, 0]], channels=4, segments=1, size=8, seed=2))
    folded = g.copy()
    scales = fold_norms(folded)
    x = torch.randn(3, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    before, after = (compiler.compile(net, dtype=torch.float64).eval()(x) for net in (g, folded))
    assert torch.allclose(after, before, rtol=1e-10, atol=1e-12)
    assert torch.allclose(compiler.reference(folded, x).outputs[0], before, rtol=1e-10, atol=1e-12)
    assert not any(data["norm"] == "batch" for _, data in folded.nodes(data=True))
    stem = g.nodes[g.population("stem")[1]]
    assert scales["stem"][1] == pytest.approx(stem["gamma"] / np.sqrt(stem["running_var"] + stem["eps"]))


def test_what_reads_without_weights_keeps_its_norm():
    g = NeuronGraph()
    image = g.add_population("in", 2, role="input", shape=(4, 4))
    pooled = g.add_population("pooled", 2, shape=(2, 2), norm="batch", is_output=True)
    g.add_edges_from_arrays(image, pooled, op="max_pool", kernel_size=2, stride=2)
    before = g.wiring_digest()
    assert fold_norms(g) == {}
    assert g.wiring_digest() == before
