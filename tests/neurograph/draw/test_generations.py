"""Pictures of searches: the numbers that they show, not their looks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph.draw import Objective, front, generations
from neurograph.draw.generations import unbeaten
from neurograph.errors import FileError, OptionError
from tests.neurograph.draw.test_pictures import texts

VALUES = st.integers(-5, 5)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=30), st.booleans(), st.booleans())
def test_nobody_beats_the_unbeaten_and_everyone_else_is_beaten_or_equal(points, low, other):
    first, second = np.array(points, float).T
    found = unbeaten(first, second, (low, other))
    good = np.array([(x if low else -x, y if other else -y) for x, y in points])
    front_of = {tuple(good[at]) for at in found}
    for point in good:
        beaten = ((good <= point).all(axis=1) & (good < point).any(axis=1)).any()
        assert (tuple(point) in front_of) is not beaten
    assert len(front_of) == len(found) and (np.diff(good[found][:, 0]) > 0).all()


@pytest.mark.parametrize(("lower", "best"), [(True, "best 1"), (False, "best 9")])
def test_a_panel_says_the_best_so_far_and_the_last_median(lower, best, tmp_path):
    born = [(0, 9.0), (0, 5.0), (1, 1.0), (1, 3.0), (2, 4.0), (2, 6.0), (2, 8.0)]
    lines = {"mean": ([0, 1], [2.0, 7.0])}
    panels = [Objective("error", born, lower=lower), Objective("size", lines=lines)]
    said = texts(generations(panels, tmp_path / "a.svg", title="A search"))
    assert {"error", "size", "generation", best, "median born 6", "mean 7", "A search"} <= set(said)


def test_a_front_counts_those_that_nobody_beats(tmp_path):
    points = [(0, 1.0, 5.0), (0, 2.0, 4.0), (1, 2.0, 5.0), (1, 3.0, 3.0)]
    said = texts(front(points, ("error", "synapses"), (True, True), tmp_path / "a.svg"))
    assert {"error", "synapses"} <= set(said) and any(text.startswith("3 of 4 ") for text in said)


def test_nothing_to_draw_and_other_endings_are_refused(tmp_path):
    for panels in ([], [Objective("error")]):
        with pytest.raises(OptionError, match="nothing to draw"):
            generations(panels, tmp_path / "a.svg")
    with pytest.raises(OptionError, match="no individuals"):
        front([], ("a", "b"), (True, True), tmp_path / "a.svg")
    with pytest.raises(FileError, match="must end in"):
        generations([Objective("e", [(0, 1.0)], lower=True)], tmp_path / "a.jpeg")
