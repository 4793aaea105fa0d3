"""Where numbers of new tensors stood in old ones: runs and look-ups find what a dictionary says."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from compiler.slots import WEIGHT, SlotMap, Slots
from compiler.sync import stock
from compiler.sync.optimizers.counts import Counts
from compiler.sync.optimizers.lineage import Heirs
from compiler.sync.stock import Stock, common_runs
from neurograph.storage import runs


def held(parts: list[np.ndarray], trained: list[bool]) -> SlotMap:
    """Tensors that hold some numbers, each its own number."""
    entries = []
    for at, (numbers, learns) in enumerate(zip(parts, trained, strict=True)):
        module, values = nn.Module(), torch.from_numpy(numbers.astype(np.float64))
        if learns:
            module.weight = nn.Parameter(values)
        else:
            module.register_buffer("weight", values)
        flat = None if at % 2 else np.arange(len(numbers), dtype=np.int32)
        entries.append(Slots(WEIGHT, module, "weight", numbers, flat, learns))
    return SlotMap(entries)


@st.composite
def edited(draw):
    """Numbers of a few old tensors, and those of a new one that has most of them in order, and others."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    spread = draw(st.sampled_from([1, 3, 1 << 33]))
    numbers = rng.permutation(int(rng.integers(1, 300))) * spread
    parts = np.split(numbers, np.sort(rng.integers(0, len(numbers) + 1, draw(st.integers(0, 3)))))
    wanted = numbers if draw(st.booleans()) else parts[0]
    wanted = np.delete(wanted, np.unique(rng.integers(0, max(1, len(wanted)), draw(st.integers(0, 4))))[: len(wanted)])
    born = numbers.max() + 1 + rng.permutation(draw(st.integers(0, 5)))
    wanted = np.insert(wanted, rng.integers(0, len(wanted) + 1, len(born)), born)
    if draw(st.booleans()):
        wanted = rng.permutation(wanted)
    return parts, [draw(st.booleans()) for _ in parts], wanted


@pytest.mark.parametrize("many", [1, 4096])
@settings(max_examples=80, deadline=None)
@given(case=edited(), near=st.integers(1, 8), most=st.integers(1, 5))
def test_places_are_those_of_a_dictionary(case, near, most, many):
    parts, trained, wanted = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stock, "MANY", many)
        patch.setattr(stock, "_NEAR", near)
        patch.setattr(stock, "_FIRST", 4)
        patch.setattr(runs, "LEAST", many)  # 1: whatever is taken or held is found by runs
        patch.setattr(runs, "MEAN", min(many, runs.MEAN))
        found = Stock(held(parts, trained), WEIGHT)
        place = found.places(wanted)
        values, there = found.take(place)
        holding = found.holders(place)
    known = {int(number): at for at, number in enumerate(found.numbers)}
    assert place.tolist() == [known.get(int(number), -1) for number in wanted]
    assert there.tolist() == [int(number) in known for number in wanted]
    assert values.tolist() == [float(number) if int(number) in known else 0.0 for number in wanted]
    assert found.numbers[: found.trained].tolist() == [
        n for part, learns in zip(parts, trained, strict=True) if learns for n in part.tolist()
    ]
    holders = {int(np.searchsorted(found.starts, at, "right")) - 1 for at in place[place >= 0].tolist()}
    assert set(holding) == holders and holding == sorted(holding)
    for old, new, count in common_runs(found.numbers, wanted, most):
        assert count and (found.numbers[old : old + count] == wanted[new : new + count]).all()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([1, 3, 1 << 33]), few=st.sampled_from([0, 1, 10**6]))
def test_numbers_that_are_asked_for_several_times_are_found_each_time(seed, spread, few):
    """Several newborns may continue one number; whatever way they are looked up, none of them is lost."""
    rng = np.random.default_rng(seed)
    numbers = rng.permutation(300) * spread
    wanted = rng.choice(np.r_[numbers, numbers.max() + 7, -1], int(rng.integers(1, 40)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stock, "_VERY_FEW", 1 if few else 10**6)  # 1: by comparing with all
        patch.setattr(stock, "_FEW", few)  # 0: by marks, else by a table
        place = Stock(held([numbers[:200], numbers[200:]], [True, False]), WEIGHT).places(wanted)
    known = {int(number): at for at, number in enumerate(numbers)}
    assert place.tolist() == [known.get(int(number), -1) for number in wanted]


@settings(max_examples=60, deadline=None)
@given(pairs=st.dictionaries(st.integers(0, 40), st.integers(0, 9)), numbers=st.lists(st.integers(0, 50), max_size=20))
def test_heirs_in_arrays_are_those_of_the_dictionary(pairs, numbers):
    heirs, olds = Heirs(pairs), list(pairs.values())
    assert len(heirs) == len(pairs)
    if pairs:
        assert heirs.ancestors(np.array(numbers, np.int64)).tolist() == [pairs.get(n, -1) for n in numbers]
    assert heirs.with_one.tolist() == sorted(old for old in set(olds) if olds.count(old) == 1)


@given(st.integers(1, 12), st.lists(st.integers(0, 11), max_size=20))
def test_rows_that_nobody_has_are_left_out(many, which):
    which = np.minimum(np.array(which, np.int32), many - 1)
    counts = Counts(which, {"step": np.arange(many, dtype=float), "own_step": -np.arange(many, dtype=float)})
    used = counts.used()
    assert used.rows["step"].tolist() == sorted(set(which.tolist()))
    assert used.rows["own_step"][used.which].tolist() == (-which.astype(float)).tolist()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(0, 200), kinds=st.integers(1, 100))
def test_counts_are_few_rows_that_say_what_the_columns_said(seed, size, kinds):
    rng = np.random.default_rng(seed)
    columns = {name: rng.integers(-1, kinds, size).astype(float) for name in ("step", "own_step")}
    counts = Counts.of_each(columns)
    for name, column in columns.items():
        assert counts.rows[name][counts.which].tolist() == column.tolist()
    rows = list(zip(*(row.tolist() for row in counts.rows.values()), strict=True))
    assert len(set(rows)) == len(rows)
