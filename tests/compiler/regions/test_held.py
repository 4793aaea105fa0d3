"""Bundles from which synapses go, and what they touch afterwards."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.regions import held
from compiler.regions.held import HeldBundle


@settings(max_examples=80, deadline=None)
@given(
    targets=st.integers(1, 12),
    sources=st.integers(1, 12),
    seed=st.integers(0, 2**32 - 1),
    density=st.sampled_from([0.2, 0.8, 0.97, 1.0]),
    statuses=st.booleans(),
)
def test_what_is_left_is_everything_else(targets, sources, seed, density, statuses):
    rng = np.random.default_rng(seed)
    row, column = (end.astype(np.int32) for end in np.nonzero(rng.random((targets, sources)) < density))
    full = len(row) == targets * sources
    ids = rng.permutation(len(row)).astype(np.int64)
    status = rng.integers(0, 3, len(row)).astype(np.uint8) if statuses else None
    bundle = HeldBundle(targets, sources, ids, None if full else row, None if full else column, status)
    gone = np.flatnonzero(rng.random(len(row)) < rng.choice([0.05, 0.5]))
    gone = rng.permutation(gone)
    keep = np.ones(len(row), bool)
    keep[gone] = False
    for few in (0, held._FEW):
        with_few, held._FEW = held._FEW, few
        try:
            left = bundle.without(row[gone], column[gone], ids[gone])
        finally:
            held._FEW = with_few
        assert left is not None
        for found, whole in (
            (left.ids, ids),
            (left.rows, row),
            (left.columns, column),
            (left.statuses, bundle.statuses),
        ):
            np.testing.assert_array_equal(found, whole[keep])
        assert left.touched() == (len(set(column[keep].tolist())), len(set(row[keep].tolist())))
    if len(gone) > 1:
        assert bundle.without(row[gone], column[gone], np.roll(ids[gone], 1)) is None
