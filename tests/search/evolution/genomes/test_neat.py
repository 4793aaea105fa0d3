"""Genomes of neat-python compute as graphs what they compute there."""

import random
from types import SimpleNamespace as Of

import numpy as np
import pytest
import torch

import compiler
from neurograph.errors import OptionError
from search import from_neat
from search.evolution import Policy, crossover, distance, mutate
from search.evolution.genomes.neat_genes import ACTIVATIONS, AGGREGATIONS

CONFIG = f"""
[NEAT]
fitness_criterion = max
fitness_threshold = 3.9
pop_size = 10
reset_on_extinction = False
no_fitness_termination = False
[DefaultGenome]
activation_default = random
activation_mutate_rate = 0.5
activation_options = {" ".join(ACTIVATIONS)}
aggregation_default = random
aggregation_mutate_rate = 0.5
aggregation_options = {" ".join(AGGREGATIONS)}
bias_init_mean = 0.0
bias_init_stdev = 1.0
bias_max_value = 30.0
bias_min_value = -30.0
bias_mutate_power = 0.5
bias_mutate_rate = 0.7
bias_replace_rate = 0.1
compatibility_disjoint_coefficient = 1.0
compatibility_weight_coefficient = 0.5
conn_add_prob = 0.7
conn_delete_prob = 0.2
enabled_default = True
enabled_mutate_rate = 0.1
feed_forward = %s
initial_connection = partial_direct 0.6
node_add_prob = 0.6
node_delete_prob = 0.1
num_hidden = 2
num_inputs = 3
num_outputs = 2
response_init_mean = 1.0
response_init_stdev = 0.5
response_max_value = 30.0
response_min_value = -30.0
response_mutate_power = 0.3
response_mutate_rate = 0.5
response_replace_rate = 0.1
single_structural_mutation = False
structural_mutation_surer = default
weight_init_mean = 0.0
weight_init_stdev = 1.0
weight_max_value = 30
weight_min_value = -30
weight_mutate_power = 0.5
weight_mutate_rate = 0.8
weight_replace_rate = 0.1
[DefaultSpeciesSet]
compatibility_threshold = 3.0
[DefaultStagnation]
species_fitness_func = max
max_stagnation = 20
species_elitism = 2
[DefaultReproduction]
elitism = 2
survival_threshold = 0.2
min_species_size = 2
"""


@pytest.fixture(scope="module")
def neat():
    return pytest.importorskip("neat")


def config_of(neat, path, feed_forward):
    path.write_text((CONFIG % feed_forward).strip())
    kinds = neat.DefaultGenome, neat.DefaultReproduction, neat.DefaultSpeciesSet, neat.DefaultStagnation
    config = neat.Config(*kinds, str(path))
    config.genome_config.innovation_tracker = neat.innovation.InnovationTracker()
    return config


def genomes(neat, config, count):
    """Genomes after more and more mutations, their randomness put back afterwards: the library draws from `random`."""
    before = random.getstate()
    try:
        for seed in range(count):
            random.seed(seed)
            genome = neat.DefaultGenome(seed)
            genome.configure_new(config.genome_config)
            for _ in range(seed % 12):
                genome.mutate(config.genome_config)
            yield genome
    finally:
        random.setstate(before)


@pytest.mark.parametrize("feed_forward", [True, False])
def test_random_genomes_of_every_kind_compute_what_they_do_there(neat, tmp_path, feed_forward):
    import neat.innovation

    config = config_of(neat, tmp_path / "config", feed_forward)
    kind = neat.nn.FeedForwardNetwork if feed_forward else neat.nn.RecurrentNetwork
    seen = set()
    for genome in genomes(neat, config, 60):
        theirs, graph = kind.create(genome, config), from_neat(genome, config)
        seen |= {(node.activation, node.aggregation) for node in genome.nodes.values()}
        xs = np.random.default_rng(genome.key).normal(size=(3, 3))
        wanted = np.array([theirs.activate(x.tolist()) for x in xs])
        found, _ = compiler.compile(graph, dtype=torch.float64, cut_off=True).unroll(torch.tensor(xs)[:, None])
        np.testing.assert_allclose(found[:, 0].detach(), wanted, rtol=1e-6, atol=1e-6, err_msg=str(genome))
    assert {one for one, _ in seen} == set(ACTIVATIONS) and {one for _, one in seen} == set(AGGREGATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_far_and_near(neat, name):
    activation = neat.activations.ActivationFunctionSet().get(name)
    for response in (1.0, -0.7):
        genome = one_node(activation=name, response=response, bias=0.3)
        net = compiler.compile(from_neat(*genome), dtype=torch.float64)
        for x in (0.0, 1e-3, -0.2, 0.7, -1.5, 3.0, -3.3, 11.0, -13.0, 25.0, -61.0):
            wanted = activation(0.3 + response * 1.5 * x)
            found = net(torch.tensor([[x]], dtype=torch.float64)).item()
            assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6), (name, x)


def one_node(nodes=(), links=((-1, 0, 1.5),), inputs=(-1,), feed_forward=True, **attributes):
    """A genome and a config without the library: one output."""
    plain = {"bias": 0.0, "response": 1.0, "activation": "identity", "aggregation": "sum"}
    genes = {0: Of(**(plain | attributes))} | {key: Of(**(plain | dict(held))) for key, held in nodes}
    connections = {(u, v): Of(key=(u, v), weight=w, enabled=True) for u, v, w in links}
    config = Of(genome_config=Of(input_keys=list(inputs), output_keys=[0], feed_forward=feed_forward))
    return Of(nodes=genes, connections=connections), config


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("how", ["median", "maxabs"])
def test_sorting_networks(how, count):
    inputs = tuple(-1 - at for at in range(count))
    genome = one_node(links=[(key, 0, 1.0) for key in inputs], inputs=inputs, aggregation=how)
    actor, rng = compiler.Actor(from_neat(*genome)), np.random.default_rng(count)
    for _ in range(30):
        x = rng.integers(-3, 9, size=count) + 0.25 * (how == "maxabs")
        wanted = np.median(x) if how == "median" else max(x.tolist(), key=abs)
        assert actor.act(x)[0] == pytest.approx(wanted)


def test_a_link_from_a_node_is_a_step_late_and_one_from_an_input_is_not():
    links = [(-1, 0, 1.0), (-1, 5, 2.0), (5, 0, 1.0), (0, 0, 0.5)]
    graph = from_neat(*one_node([(5, {})], links, feed_forward=False))
    assert {(u, v): d.get("delay", 0) for u, v, d in graph.edges(data=True)} == {
        (-1, 0): 0, (-1, 5): 0, (5, 0): 1, (0, 0): 1,
    }  # fmt: skip
    y, _ = compiler.compile(graph).unroll(torch.tensor([1.0, 0.0, 0.0])[:, None, None])
    assert y.flatten().tolist() == [1.0, 2.5, 1.25]


def test_what_nobody_needs_and_what_is_disabled_is_left_out():
    genome, config = one_node([(5, {}), (6, {})], [(-1, 0, 1.0), (-1, 5, 1.0), (6, 0, 1.0)])
    genome.connections[6, 0].enabled = False
    assert list(from_neat(genome, config)) == [-1, 0]


def test_siblings_align_and_go_on_evolving_and_learning():
    links = [(-1, 0, 1.0), (-1, 5, 1.0), (5, 0, 1.0)]
    a = from_neat(*one_node([(5, {"activation": "tanh"})], links))
    b = from_neat(*one_node([(5, {"activation": "tanh"})], [(u, v, 2 * w) for u, v, w in links], activation="sin"))
    assert distance(a, a.copy()) == 0.0 < distance(a, b)
    rng = np.random.default_rng(0)
    child = crossover(a, b, rng)
    mutate(child, rng, Policy(split=1, connect=1))
    net = compiler.compile(child)
    net(torch.ones(3, 1)).square().mean().backward()
    assert any(p.grad is not None and p.grad.any() for p in net.parameters())


@pytest.mark.parametrize(
    ("attributes", "words"),
    [({"activation": "mine"}, "node 0.*'mine'"), ({"aggregation": "mine"}, "node 0.*'mine'")],
)
def test_what_a_user_has_added_is_refused_by_name(attributes, words):
    with pytest.raises(OptionError, match=words):
        from_neat(*one_node(**attributes))
    with pytest.raises(OptionError, match="genome and a config"):
        from_neat(Of(), Of())
