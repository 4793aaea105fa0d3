"""Pictures of results: variants side by side, error against size, newborns' weights, runs beside one another."""

import numpy as np
import pytest

from neurograph import draw
from neurograph.errors import FileError, OptionError


def groups(path):
    """How many sets of dots there are: one for each curve and point, two for each variant: its runs, and their mean."""
    return path.read_text().count('id="PathCollection_')


def test_a_comparison_has_a_dot_for_each_run_and_a_mark_for_their_mean(tmp_path):
    one = draw.comparison([draw.Variant("grown", [2.0])], tmp_path / "one.svg")
    three = draw.comparison([draw.Variant("grown", [2.0, 2.1, 2.2], "9 parameters")], tmp_path / "three.svg")
    two = draw.comparison([draw.Variant("a", [1.0]), draw.Variant("b", [2.0], kind="x")], tmp_path / "two.svg")
    assert (groups(one), groups(three), groups(two)) == (2, 2, 4)
    assert "<!-- 2.10 -->" in three.read_text()  # their mean
    assert "<!-- 9 parameters -->" in three.read_text()


@pytest.mark.parametrize("variants", [[], [draw.Variant("grown", [])]])
def test_a_comparison_of_nothing_is_refused(variants, tmp_path):
    with pytest.raises(OptionError, match="a comparison needs variants"):
        draw.comparison(variants, tmp_path / "none.svg")


def test_a_tradeoff_has_a_curve_for_each_making_and_a_dot_for_each_other(tmp_path):
    curve = draw.Curve("ours", [1e3, 1e4, 1e5], [[5.0, 5.5], [2.0], [1.5]], strong=True)
    plain = draw.tradeoff([curve], {}, tmp_path / "plain.svg")
    more = draw.tradeoff(
        [curve, draw.Curve("dense", [1e3, 1e6], [[9.0], [1.4]])], {"theirs": (4e3, 2.0)}, tmp_path / "more.svg",
        title="Error against size", note="a note", marks={"size only": 3e3},
    )  # fmt: skip
    assert (groups(plain), groups(more)) == (1, 3)


@pytest.mark.parametrize("curves", [[], [draw.Curve("a", [], [])], [draw.Curve("a", [1.0, 2.0], [[1.0]])]])
def test_a_tradeoff_without_networks_is_refused(curves, tmp_path):
    with pytest.raises(OptionError, match="each curve needs sizes"):
        draw.tradeoff(curves, {}, tmp_path / "none.svg")


def births(epochs=(3, 6), populations=("hidden1", "hidden2")):
    rng = np.random.default_rng(0)
    return [draw.Births(e, p, *rng.normal(size=(2, 30)).tolist()) for e in epochs for p in populations]


def test_weights_have_a_panel_for_each_epoch_and_population(tmp_path):
    text = draw.weights(births(), tmp_path / "weights.svg", title="Newborns").read_text()
    assert text.count('id="axes_') == 4
    text = draw.weights(births(epochs=range(1, 10), populations=("h",)), tmp_path / "many.svg").read_text()
    assert text.count('id="axes_') == 6
    text = draw.weights(births()[:-1], tmp_path / "gap.svg").read_text()
    assert text.count('id="axes_') == 4


@pytest.mark.parametrize("born", [[], [draw.Births(1, "h", [], [])], [draw.Births(1, "h", [1.0], [1.0, 2.0])]])
def test_weights_that_do_not_pair_are_refused(born, tmp_path):
    with pytest.raises(OptionError, match="equally many"):
        draw.weights(born, tmp_path / "weights.svg")


def rows(start, **more):
    return [
        {"epoch": e, "train_error": start / e, "validation_error": start / e + 1, "neurons": {"h": 4}, **more}
        for e in range(1, 6)
    ]


def test_growth_beside_other_runs_draws_one_error_of_each(tmp_path):
    alone = draw.growth(rows(30.0), tmp_path / "alone.svg").read_text()
    beside = draw.growth(rows(30.0), tmp_path / "beside.svg", beside={"fixed": rows(40.0), "a longer name": rows(9.0)})
    assert alone.count('id="line2d_') != beside.read_text().count('id="line2d_')
    tested = draw.growth(rows(30.0, test_error=7.0), tmp_path / "tested.svg").read_text()
    assert tested.count('id="line2d_') == alone.count('id="line2d_') + 1


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(FileError, match="must end in"):
        draw.comparison([draw.Variant("a", [1.0])], tmp_path / "picture.bmp")
