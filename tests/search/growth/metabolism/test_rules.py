"""MetaNet's equations 1 and 2, by numbers worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph.errors import OptionError
from search.growth.metabolism import (
    MetabolismOptions,
    MetabolizeOptions,
    cycle_length,
    growth_due,
    loss_slope,
    newborn_counts,
    room,
)
from search.options import read_options


def test_the_slope_is_the_loss_lost_an_epoch():
    assert loss_slope([9.0, 2.0, 1.5, 1.0], cycle=2) == 0.5  # (2.0 - 1.0) / 2
    assert loss_slope([9.0, 2.0, 1.5, 1.0], cycle=3) == pytest.approx(8 / 3)
    assert loss_slope([1.0, 2.0], cycle=1) == -1.0  # a rising loss


@pytest.mark.parametrize("cycle", [0, 2, 5])
def test_a_cycle_needs_its_losses(cycle):
    with pytest.raises(OptionError, match=f"a cycle of {cycle} epochs needs {cycle + 1} losses, and there are 2"):
        loss_slope([1.0, 2.0], cycle)


def test_growth_is_due_at_the_threshold_and_not_above_it():
    options = MetabolismOptions(first_cycle=2, slope=0.25)
    assert growth_due([2.0, 1.6, 1.5], 0, options)  # exactly 0.25 an epoch
    assert not growth_due([2.0, 1.6, 1.4], 0, options)  # 0.3
    assert growth_due([2.0, 1.6, 1.7], 0, options)  # 0.15


def test_the_first_cycle_has_its_own_length():
    options = MetabolismOptions(first_cycle=4, cycle=2, slope=0.0)
    assert [growth_due([1.0] * n, 0, options) for n in range(1, 7)] == [False] * 4 + [True] * 2


@pytest.mark.parametrize(("cool_down", "first"), [(0, 12), (1, 13), (3, 15)])
def test_after_an_edit_a_whole_cycle_and_the_cool_down_must_pass(cool_down, first):
    options = MetabolismOptions(cycle=2, cool_down=cool_down, slope=0.0)
    due = [n for n in range(11, 20) if growth_due([1.0] * n, 10, options)]
    assert due[0] == first  # the first loss that counts is that of epoch 10 + cool_down


def test_a_loss_that_falls_in_the_cool_down_is_not_counted():
    """Newborns first disturb the loss; the fall back is no sign that the network still learns."""
    losses = [1.0, 1.0, 5.0, 1.0, 1.0]  # edited after epoch 2
    assert growth_due(losses, 2, MetabolismOptions(cycle=1, cool_down=2, slope=0.1))
    assert not growth_due(losses[:4], 2, MetabolismOptions(cycle=1, cool_down=1, slope=0.1))


def test_the_dynamic_count_is_equation_2():
    """c_l (1 + exp(-theta_l Var(E))), one population each: 13.68, 16.07 and 11.35 to the nearest."""
    options = MetabolismOptions(newborns=10, growth_rate={"one": 1.0, "half": 0.5, "two": 2.0, "never": 0.0})
    sizes = dict.fromkeys(("one", "half", "two", "never"), 1)
    assert newborn_counts(sizes, 1.0, options) == {"one": 14, "half": 16, "two": 11, "never": 20}
    assert newborn_counts(sizes, 0.0, options) == dict.fromkeys(sizes, 20)


def test_a_cycle_has_the_length_of_its_place():
    options = MetabolismOptions(first_cycle=9, cycle=4)
    assert (cycle_length(0, options), cycle_length(9, options)) == (9, 4)


def test_counts_are_clipped_at_the_limit():
    options = MetabolismOptions(newborns=8, growth="static", growth_limit=30)
    sizes = {"far": 16, "near": 27, "full": 30, "beyond": 64}
    assert newborn_counts(sizes, 0.0, options) == {"far": 8, "near": 3, "full": 0, "beyond": 0}
    assert room(sizes, options) == {"far": 14, "near": 3, "full": 0, "beyond": 0}


def test_each_population_may_have_its_own_numbers():
    options = MetabolismOptions(
        newborns={"a": 4, "b": 10}, growth_rate={"a": 0.0, "b": 1.0}, growth_limit={"a": 100, "b": 12}
    )
    assert newborn_counts({"a": 1, "b": 1}, 1.0, options) == {"a": 8, "b": 11}


def test_a_static_count_needs_no_rates():
    options = MetabolismOptions(growth="static", newborns=3, growth_rate={"elsewhere": 1.0})
    assert newborn_counts({"a": 1}, 5.0, options) == {"a": 3}


def test_tables_must_fit_the_populations():
    with pytest.raises(OptionError, match="newborns must give .*a, b.*no population c; it leaves out b"):
        newborn_counts({"a": 1, "b": 1}, 0.0, MetabolismOptions(newborns={"a": 4, "c": 4}))


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 200)),
    st.integers(1, 150),
    st.integers(0, 60),
    st.floats(0, 9),
)
def test_no_population_ever_grows_beyond_its_limit(sizes, limit, constant, variance):
    options = MetabolismOptions(newborns=constant, growth_limit=limit)
    for name, count in newborn_counts(sizes, variance, options).items():
        assert count >= 0
        assert sizes[name] + count <= max(limit, sizes[name])


def test_training_and_metabolism_are_one_table_of_options():
    options = read_options(MetabolizeOptions, settings=["epochs=3", "cycle=2", "growth_limit={first=9}"])
    assert (options.epochs, options.cycle, options.growth_limit) == (3, 2, {"first": 9})
    with pytest.raises(OptionError, match="cycle must be a whole number, at least 1"):
        MetabolizeOptions(cycle=0)
    with pytest.raises(OptionError, match="batch_size"):
        MetabolizeOptions(batch_size=0)
