from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from neurograph.errors import FileError
from search.nhn.layers import MacroSpace
from search.nhn.layers.picture import draw_search

SPACE = MacroSpace(layers=4, segments=2)
GENES = SPACE.genes([["conv3"], ["maximum", 1], ["separable5", 0, 1], ["average", 1, 0, 0]])


def rows(reward=0.5):
    search = {"reward": reward, "best_error": 40.0}
    return [{"epoch": epoch, "train_error": 60.0 / epoch, "search": search} for epoch in (1, 2, 3)]


def shapes(path):
    return len(list(ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}path")))


def test_the_same_search_makes_the_same_picture(tmp_path):
    one, other = (draw_search(rows(), GENES, SPACE, tmp_path / name).read_bytes() for name in ("a.svg", "b.svg"))
    assert one == other
    without_reads = SPACE.genes([["conv3"], ["maximum", 0], ["separable5", 0, 0], ["average", 0, 0, 0]])
    draw_search(rows(), without_reads, SPACE, tmp_path / "c.svg")
    assert shapes(tmp_path / "a.svg") == shapes(tmp_path / "c.svg") + 2 * 3  # an arc and a head for each read


def test_a_search_that_rated_nothing_is_drawn_without_that_line(tmp_path):
    draw_search(rows(), GENES, SPACE, tmp_path / "a.svg")
    draw_search(rows(reward=None), GENES, SPACE, tmp_path / "b.svg")
    assert shapes(tmp_path / "b.svg") < shapes(tmp_path / "a.svg")


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(FileError, match="must end in one of"):
        draw_search(rows(), GENES, SPACE, tmp_path / "a.gif")


def test_it_is_drawn_for_a_notebook_and_into_a_subplot():
    assert draw_search(rows(), GENES, SPACE)._repr_png_()[0].startswith(b"\x89PNG")
    axes = Figure(figsize=(9, 5)).subplots()
    assert draw_search(rows(), GENES, SPACE, ax=axes) is axes and not axes.axison
