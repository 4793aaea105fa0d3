"""What a notebook shows, asked of a real one: graphs, pictures and pages by themselves, progress as it goes on."""

import os
from pathlib import Path

import pytest

nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).parents[2]
CELLS = {
    "graph": "from neurograph.builders import mlp\ng = mlp([4, 3, 2], seed=0)\ng",
    "draw": "g.draw()",
    "view": "page = g.view()",
    "progress": """
import numpy as np
from neurograph.search import train
from neurograph.search.training import TrainingOptions
data = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 2
def shown():
    train(mlp([4, 3, 2], seed=0), data, TrainingOptions(epochs=3, batch_size=20), progress=True)
    print("and what is printed stays")
shown()""",
    "without widgets": "import sys\nsys.modules['ipywidgets'] = None\nshown()",
    "film": """
from neurograph.edits import Proliferate
from neurograph import draw
g.apply(Proliferate("hidden1", 1, seed=0))
draw.animation(g)""",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    book = nbformat.v4.new_notebook(cells=cells)
    folder = {"metadata": {"path": str(tmp_path_factory.mktemp("book"))}}
    client = nbclient.NotebookClient(book, timeout=120, resources=folder, store_widget_state=True)
    client.execute(env=os.environ | {"PYTHONPATH": str(ROOT)})
    return dict(zip(CELLS, (cell.outputs for cell in book.cells), strict=True)), book


def kinds(outputs):
    return [kind for output in outputs for kind in output.get("data", {})]


def test_a_graph_shows_itself(outputs):
    (shown,) = outputs[0]["graph"]
    assert "9 neurons, 18 synapses" in shown["data"]["text/html"] and "<svg" in shown["data"]["text/html"]


def test_pictures_films_and_pages_show_themselves_without_a_path(outputs):
    assert "image/png" in kinds(outputs[0]["draw"])
    assert "data:image/gif" in outputs[0]["film"][-1]["data"]["text/html"]
    (page,) = outputs[0]["view"]  # without a warning
    assert "<iframe" in page["data"]["text/html"]


def test_progress_is_a_widget(outputs):
    pytest.importorskip("ipywidgets")
    cells, book = outputs
    assert "application/vnd.jupyter.widget-view+json" in kinds(cells["progress"])
    state = str(book.metadata["widgets"])
    assert "3 of 3" in state and "1 of 3" not in state, "the last one stands in the place of those before"


def test_without_widgets_progress_is_one_output_that_changes(outputs):
    shown = [output for output in outputs[0]["without widgets"] if output["output_type"] == "display_data"]
    assert len(shown) == 1 and "3 of 3" in shown[0]["data"]["text/plain"] and "<pre" in shown[0]["data"]["text/html"]
    printed = [output["text"] for output in outputs[0]["without widgets"] if output["output_type"] == "stream"]
    assert printed == ["and what is printed stays\n"]
