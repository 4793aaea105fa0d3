"""Pictures without a path, which a notebook shows, and in the place of a subplot: every one that there is."""

import io

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure

from neurograph import draw
from neurograph.builders import mlp
from neurograph.edits import Proliferate
from neurograph.errors import OptionError

ROWS = [
    {"epoch": n, "train_error": 10.0 / n, "validation_error": None, "neurons": {"hidden1": n}, "edit": None}
    for n in (1, 2, 3)
]
GRAPH = mlp([4, 3, 2], seed=0)
GRAPH.apply(Proliferate("hidden1", 1, seed=0))
PAIR = np.random.default_rng(0).normal(size=(2, 12))
LAYOUTS = ("constrained", "compressed", "tight")
DRAWN = {
    "topology": lambda **how: draw.topology(GRAPH, **how),
    "adjacency": lambda **how: draw.adjacency(GRAPH, **how),
    "distributions": lambda **how: draw.distributions(GRAPH, **how),
    "growth": lambda **how: draw.growth(ROWS, title="Growth", **how),
    "growth_story": lambda **how: draw.growth_story(GRAPH, metrics=ROWS, **how),
    "before_and_after": lambda **how: draw.before_and_after(GRAPH, mlp([4, 5, 2], seed=0), **how),
    "reading": lambda **how: draw.reading(GRAPH, **how),
    "comparison": lambda **how: draw.comparison([draw.Variant("a", (1.0, 2.0))], **how),
    "tradeoff": lambda **how: draw.tradeoff([draw.Curve("a", (10, 20), ((1.0, 2.0), (1.0, 1.5)))], {}, **how),
    "tasks": lambda **how: draw.tasks({"ours": [[50.0, 60.0]]}, **how),
    "morphed": lambda **how: draw.morphed({"ours": [50.0, 60.0]}, **how),
    "sparsity": lambda **how: draw.sparsity([0.0, 1.0], [1], **how),
    "scores": lambda **how: draw.scores([draw.Scored(1, [0.1, 0.4, 0.9], [3, 2, 1])], **how),
    "weights": lambda **how: draw.weights([draw.Births(1, "hidden1", *PAIR.tolist())], **how),
    "generations": lambda **how: draw.generations([draw.Objective("e", [(0, 2.0), (1, 1.0)], lower=True)], **how),
    "front": lambda **how: draw.front([(0, 2.0, 1.0), (1, 1.0, 2.0)], ("a", "b"), (True, True), **how),
    "g.draw": lambda **how: GRAPH.draw(title="g", **how),
}


def test_all_pictures_are_here():
    assert {name for name in draw.__all__ if name[0].islower()} - {"animation"} <= set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_without_a_path_a_notebook_shows_it(name):
    png, size = DRAWN[name]()._repr_png_()
    pixels = matplotlib.image.imread(io.BytesIO(png))
    assert np.abs(np.subtract(pixels.shape[:2], (2 * size["height"], 2 * size["width"]))).max() <= 1
    assert pixels[..., :3].min() < 0.5, "there is nothing on it"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("name", "layout"), [(n, None) for n in DRAWN] + [(n, w) for n in ("topology", "growth") for w in LAYOUTS]
)
def test_it_is_drawn_in_the_place_of_a_subplot_and_nowhere_else(name, layout):
    figure = Figure(figsize=(12, 5), layout=layout, facecolor="white")
    left, right = figure.subplots(1, 2)
    assert DRAWN[name](ax=left) is left and figure.axes == [left, right] and figure.gca() is right
    right.set_axis_off()
    held = io.BytesIO()
    figure.savefig(held, dpi=60)
    held.seek(0)
    dark = matplotlib.image.imread(held)[..., :3].min(axis=2) < 0.9
    assert dark[:, :340].sum() > 100 and dark[:, 400:].sum() == 0


def test_the_subplot_keeps_its_title_and_the_figure_its_layout(tmp_path):
    figure = Figure(figsize=(10, 5))
    left, right = figure.subplots(1, 2)
    right.plot([1, 2])
    before = right.get_position().bounds
    GRAPH.draw(ax=left)
    left.set_title("mine")
    figure.savefig(tmp_path / "both.svg")
    assert right.get_position().bounds == before
    assert "<!-- mine -->" in (tmp_path / "both.svg").read_text()


@pytest.mark.parametrize("given", ["both", "a figure"])
def test_a_path_and_a_subplot_are_one_too_many_and_nothing_else_is_a_subplot(given, tmp_path):
    figure = Figure()
    with pytest.raises(OptionError, match="a path or to ax|one of matplotlib's axes"):
        if given == "both":
            draw.growth(ROWS, tmp_path / "x.png", ax=figure.subplots())
        else:
            draw.growth(ROWS, ax=figure)
    assert not list(tmp_path.iterdir())


def test_a_film_shows_itself():
    assert draw.animation(GRAPH)._repr_html_().startswith("<img alt")
