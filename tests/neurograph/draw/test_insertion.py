import pytest

from neurograph.draw import morphed, sparsity
from neurograph.errors import FileError, OptionError


def test_pictures_are_the_same_for_the_same_numbers(tmp_path):
    for draw, given in (
        (lambda path: sparsity([0.5, 0.0, 0.2], [0, 2], path, title="2 of 3"), "svg"),
        (lambda path: morphed({"one": [98.0, 99.0], "from scratch": [10.0, 98.5]}, path, level=99.0), "svg"),
    ):
        first, second = draw(tmp_path / f"a.{given}"), draw(tmp_path / f"b.{given}")
        assert first.read_bytes() == second.read_bytes()
        assert len(first.read_bytes()) > 4000
    assert (
        sparsity([0.5, 0.0], [0], tmp_path / "c.svg").read_bytes()
        != sparsity([0.5, 0.0], [1], tmp_path / "d.svg").read_bytes()
    )


def test_nothing_to_draw(tmp_path):
    with pytest.raises(OptionError, match="no beta"):
        sparsity([], [], tmp_path / "a.png")
    with pytest.raises(OptionError, match="nothing to draw"):
        morphed({"one": []}, tmp_path / "a.png")
    with pytest.raises(FileError, match="must end in"):
        morphed({"one": [1.0]}, tmp_path / "a.gif")


def test_a_curve_may_have_gaps(tmp_path):
    gap = float("nan")
    curves = {"late": [gap, 98.0, 99.0], "stopped": [97.0, 98.0, gap], "from scratch": [10.0, 98.5, gap]}
    drawn = morphed(curves, tmp_path / "a.svg", level=99.0)
    assert "stopped 98.00" in drawn.read_text()
    with pytest.raises(OptionError, match="nothing to draw"):
        morphed({"unknown": [gap, gap]}, tmp_path / "b.svg")
