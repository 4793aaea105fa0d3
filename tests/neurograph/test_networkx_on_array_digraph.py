"""networkx's own tests of operators, relabelling, conversion, files and generators, with ArrayDiGraph for DiGraph."""

import networkx as nx
import pytest

from neurograph.storage import ArrayDiGraph
from tests.neurograph.networkx_suites import gathered

EXCEPTIONS = {
    "neighbours come in node order, not in the order their edges were added": (
        "text.test_write_network_text_iterative_add_random_directed_edges",
        "text.test_write_network_text_multiple_sources",
        "text.test_collapse_directed",
    ),
}
globals().update(gathered(EXCEPTIONS))


@pytest.fixture(scope="module", autouse=True)
def in_the_place_of_digraph():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nx, "DiGraph", ArrayDiGraph)
        yield
