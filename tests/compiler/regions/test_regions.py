import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.regions.blocks import find_blocks
from compiler.regions.bundles import find_bundles
from compiler.regions.product_wiring import cut_product
from compiler.regions.remainder import merge_thin
from tests.compiler.graphs import build, mlp, recipes


@settings(max_examples=60, deadline=None)
@given(recipe=recipes())
def test_blocks_partition_the_neurons_in_an_order_that_can_run(recipe):
    arrays = build(recipe).arrays()
    blocks = find_blocks(arrays)
    together = np.concatenate([b.neurons for b in blocks.blocks])
    assert sorted(together.tolist()) == list(range(len(arrays)))
    assert (blocks.block[arrays.source] < blocks.block[arrays.target]).all()
    for index, block in enumerate(blocks.blocks):
        assert (np.diff(arrays.keys[block.neurons]) > 0).all()
        assert (blocks.block[block.neurons] == index).all()
        assert (blocks.place[block.neurons] == np.arange(len(block.neurons))).all()


@settings(max_examples=60, deadline=None)
@given(recipe=recipes())
def test_bundles_partition_the_synapses(recipe):
    arrays = build(recipe).arrays()
    blocks = find_blocks(arrays)
    bundles = find_bundles(arrays, blocks)
    assert sorted(bundles.synapses.tolist()) == list(range(len(arrays.ids)))
    for number in range(len(bundles.target)):
        mine = bundles.of(np.array([number]))
        assert (blocks.block[arrays.target[mine]] == bundles.target[number]).all()
        assert (blocks.block[arrays.source[mine]] == bundles.source[number]).all()
        ends = list(zip(blocks.place[arrays.target[mine]], blocks.place[arrays.source[mine]], strict=True))
        assert ends == sorted(ends)
        assert bundles.sources[number] == len(set(arrays.source[mine].tolist()))
        assert bundles.targets[number] == len(set(arrays.target[mine].tolist()))


@settings(max_examples=60, deadline=None)
@given(recipe=recipes(), pick=st.booleans(), narrow=st.booleans())
def test_parts_place_every_synapse_where_its_neurons_are(recipe, pick, narrow):
    arrays = build(recipe).arrays()
    blocks = find_blocks(arrays)
    bundles = find_bundles(arrays, blocks)
    target = int(bundles.target[0])
    group = np.flatnonzero(bundles.target == target)
    part = cut_product(blocks, bundles, target, group, pick, narrow)
    synapses = bundles.of(group) if part.order is None else bundles.of(group)[part.order]
    columns = np.concatenate(
        [blocks.blocks[b].neurons if c is None else blocks.blocks[b].neurons[c] for b, c in part.pieces]
    )
    members = blocks.blocks[target].neurons
    rows = members if part.rows is None else members[part.rows]
    assert (part.inputs, part.outputs) == (len(columns), len(rows))
    assert (columns[part.column] == arrays.source[synapses]).all()
    assert (rows[part.row] == arrays.target[synapses]).all()
    assert (np.diff(part.row * part.inputs + part.column) > 0).all()


def test_a_layer_stays_one_block_when_a_split_pushes_one_of_its_neurons_down():
    graph = mlp((3, 4, 4, 2))
    u, v = graph.populations["h1"][0], graph.populations["h2"][0]
    new = graph.add_neuron(population="split", activation="tanh")
    graph.remove_synapses([(u, v)])
    graph.add_edge(u, new, weight=1.0)
    graph.add_edge(new, v, weight=1.0)
    arrays = graph.arrays()
    assert len(set(arrays.level[graph_positions(arrays, graph.populations["h2"])].tolist())) == 2
    assert [block.population for block in find_blocks(arrays).blocks] == ["x", "h1", "split", "h2", "y"]


def graph_positions(arrays, names) -> np.ndarray:
    at = {name: i for i, name in enumerate(arrays.names)}
    return np.array([at[name] for name in names])


def test_thick_bundles_run_alone_and_thin_ones_together():
    count = np.array([1000, 3, 2, 900, 1])
    groups = merge_thin(count, count, count, 50, 1.0 + count / 1e3, lambda i, o, s, n: 1.2 + s / 1e2)
    assert [g.tolist() for g in groups] == [[0], [3], [1, 2, 4]]


def test_nothing_is_merged_where_that_costs_more():
    count = np.array([5, 4, 3])
    groups = merge_thin(count, count, count, 50, np.ones(3), lambda i, o, s, n: np.full(len(s), 100.0))
    assert sorted(g.tolist() for g in groups) == [[0], [1], [2]]
