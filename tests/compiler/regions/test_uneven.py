"""Disjoint blocks of several sizes: found whatever the order of neurons, and padded to one size without a pair lost."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import compiler
from compiler.regions.uneven import find_uneven
from compiler.testing.reference import assert_equals_reference
from neurograph import NeuronGraph
from neurograph.edits import RemoveNeurons


@given(
    sizes=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=2, max_size=5),
    seed=st.integers(0, 2**16),
)
def test_every_synapse_has_a_place_of_its_own_in_its_block(sizes, seed):
    rng = np.random.default_rng(seed)
    inputs, outputs = (sum(side) for side in zip(*sizes, strict=True))
    columns, rows = rng.permutation(inputs), rng.permutation(outputs)
    joined, at = np.zeros((outputs, inputs), bool), np.zeros(2, int)
    for a, b in sizes:
        joined[np.ix_(rows[at[1] : at[1] + b], columns[at[0] : at[0] + a])] = True
        at += (a, b)
    row, column = np.nonzero(joined)
    found = find_uneven(row, column)
    assert found is not None
    high, wide = max(b for _, b in sizes), max(a for a, _ in sizes)
    assert found.rows.shape == (len(sizes), high) and found.columns.shape == (len(sizes), wide)
    assert len(set(found.flat.tolist())) == len(row)
    assert (found.rows.ravel()[found.flat // wide] == row).all()
    block, place = found.flat // (high * wide), found.flat % wide
    assert (found.columns[block, place] == column).all()
    assert sorted(found.rows[found.rows >= 0].tolist()) == list(range(outputs))


def test_what_hangs_together_is_no_groups():
    assert find_uneven(np.array([0, 0, 1]), np.array([0, 1, 1])) is None
    chain = np.arange(100)
    assert find_uneven(np.repeat(chain, 2), np.stack([chain, chain + 1], 1).ravel()) is None


def grouped_layer(groups: int = 16, width: int = 4) -> NeuronGraph:
    """A grouped convolution behind a grouped one."""
    rng, g = np.random.default_rng(0), NeuronGraph()
    g.add_population("x", groups, role="input", shape=(5, 5))
    g.add_population("h", groups * width, shape=(5, 5), activation="tanh", bias=0.1)
    g.add_population("y", groups, shape=(5, 5), is_output=True, bias=0.0)
    x, h, y = (g.population(name) for name in "xhy")
    for k in range(groups):
        mine = h[k * width : (k + 1) * width]
        g.connect([x[k]], mine, weight=rng.normal(size=(1, width, 3, 3)), padding=(1, 1))
        g.connect(mine, [y[k]], weight=rng.normal(size=(width, 1, 3, 3)), padding=(1, 1))
    return g


def as_groups(bundle):
    """A pin: grouped where blocks are equal, padded where they are not."""
    return "conv_grouped" if bundle.groups > 1 else "conv_padded" if bundle.padded else None


@pytest.mark.parametrize("pin", [as_groups, "conv_padded"])
def test_groups_that_were_pruned_one_by_one_stay_a_grouped_convolution(pin):
    g = grouped_layer()
    before = compiler.compile(g, dtype=torch.float64, lowering=as_groups)
    assert {p.lowering for s in before.program.stages for p in s.products} == {"conv_grouped"}
    many = sum(p.numel() for p in before.parameters())
    h = g.population("h")
    g.apply(RemoveNeurons([h[0], h[1], h[7], h[20], h[41]]))
    before.refresh()
    net = compiler.compile(g, dtype=torch.float64, lowering=pin)
    for one in (before, net):
        assert "conv_padded" in {p.lowering for s in one.program.stages for p in s.products}
        assert sum(p.numel() for p in one.parameters()) <= many
    assert_equals_reference(net, g, True)
