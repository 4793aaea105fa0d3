"""networkx's own tests of operators, relabelling, conversion, files and generators, with NeuronGraph for DiGraph."""

import networkx as nx
import pytest

from neurograph import NeuronGraph
from tests.neurograph.networkx_suites import gathered

EXCEPTIONS = {
    "the test's graph has a cycle": (
        "binary.test_full_join_graph",
        "product.test_tensor_product_combinations",
        "product.test_modular_product_raises",
        "unary.test_complement_2",
        "relabel.TestRelabel.test_relabel_isolated_nodes_to_same",
        "relabel.TestRelabel.test_relabel_selfloop",
        "convert.TestConvert.test_digraphs",
        "convert.TestConvert.test_directed_to_undirected",
        "pajek.TestPajek.test_parse_pajek_mat",
        "text.test_write_network_text_iterative_add_directed_edges",
        "text.test_write_network_text_iterative_add_random_directed_edges",
        "text.test_write_network_text_nearly_forest",
        "text.test_write_network_text_complete_graph_ascii_only",
        "text.test_write_network_text_with_labels",
        "text.test_write_network_text_complete_graphs",
        "text.test_write_network_text_multiple_sources",
        "text.test_write_network_text_clique_max_depth",
        "tree.test_exceptions",
        "classic.TestGeneratorClassic.test_complete_digraph",
        "classic.TestGeneratorClassic.test_cycle_graph",
        "classic.TestGeneratorClassic.test_dorogovtsev_goltsev_mendes_graph",
        "classic.TestGeneratorClassic.test_path_graph",
        "community.test_gaussian_random_partition_graph",
        "geometric.TestNavigableSmallWorldGraph.test_navigable_small_world",
        "geometric.TestNavigableSmallWorldGraph.test_r_between_0_and_1",
        "geometric.TestNavigableSmallWorldGraph.test_r_general_scaling",
        "lattice.TestGrid2DGraph.test_directed",
        "lattice.TestGrid2DGraph.test_periodic_directed",
        "random_graphs.test_create_using",
        "small.TestGeneratorsSmall.test__LCF_graph",
        "small.TestGeneratorsSmall.test_properties_of_named_small_graphs",
    ),
    "what is set up before each test of the class has a cycle": (
        "convert_numpy.TestConvertNumpyArray",
        "convert_scipy.TestConvertScipy",
        "adjlist.TestAdjlist",
        "adjlist.TestMultilineAdjlist",
        "edgelist.TestEdgelist",
        "gexf.TestGEXF",
        "p2g.TestP2G",
    ),
    "a weight is a float64, and this one is a whole number of 70 bits": (
        "convert_numpy.test_to_numpy_array_arbitrary_weights",
    ),
    "neighbours come in node order, not in the order their edges were added": ("text.test_collapse_directed",),
}
globals().update(gathered(EXCEPTIONS))


@pytest.fixture(scope="module", autouse=True)
def in_the_place_of_digraph():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nx, "DiGraph", NeuronGraph)
        yield
