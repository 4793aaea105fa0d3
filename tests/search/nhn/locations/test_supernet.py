"""Add-ons by way of the search: against the supernet used by hand, and from the network to the grown network."""

import numpy as np
import pytest
import torch
from toy import paper

import compiler
from neurograph import NeuronGraph
from neurograph.builders import enas_macro
from neurograph.errors import OptionError
from search.datasets import Split, hold_out, load
from search.nhn.addons import AddOnOptions, AddOnSupernet, Locations
from search.nhn.locations import BatchOptions, Turn, add_on_task, locate_and_direct, search
from search.nhn.locations.walk import Walk
from search.training import evaluate

GENES = [["conv3"], ["conv3", 0], ["conv3", 0, 1]]
ADDONS = AddOnOptions(sparsity=0.5, count=3, seed=4)
BATCHES = BatchOptions(batch_size=16, evaluation_batch=40, crop=1, flip=True, seed=2)
OPTIONS = paper(population=10, survivors=5, recombined=3, cycles=3, train_batches=2, learning_rate=0.2)
GENOME = (0, -1, 1, -1, 1, -1)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "base.safetensors"
    enas_macro(GENES, channels=4, segments=1, size=8, inputs=1, initializer="he_normal").save(path)
    return path


@pytest.fixture
def task(saved):
    return add_on_task(saved, "digits:300", addons=ADDONS, batches=BATCHES)


def by_hand(saved):
    graph = NeuronGraph.load(saved)
    data = load("digits:300").standardised()
    return AddOnSupernet(graph, Locations(graph), ADDONS), Walk(hold_out(data, 0.1, BATCHES.seed), BATCHES)


def test_a_turn_is_the_supernets_training_and_evaluation(task, saved):
    net, walk = by_hand(saved)
    evaluator = task.built()
    weights = {name: evaluator.weights()[name] for name in evaluator.used(GENOME)}
    places = {name.rsplit(".", 1)[0] for name in weights}
    assert places == {"stem+layer0.3x3", "layer0+layer2.3x3", "layer0+layer1.5x5"}
    result = evaluator(Turn((GENOME,), (range(3, 6),), (range(1, 2),), 0.1, weights))
    net.train([GENOME], [[walk.training(number) for number in (3, 4, 5)]], 0.1)
    losses, errors = net.evaluate([GENOME], walk.evaluation([1]))
    assert (result.errors, result.losses) == (tuple(errors), tuple(losses))
    state = net.state()
    assert result.weights.keys() == weights.keys()
    for name, value in result.weights.items():
        np.testing.assert_array_equal(value, state[name].numpy())
        assert (value != weights[name]).any()


def test_a_turn_of_several(task):
    """Together they share a forward, and each has its own batches."""
    evaluator = task.built()
    genomes = (GENOME, (-1,) * 6)
    turn = Turn(genomes, (range(0), range(0)), (range(1), range(1, 2)))
    both = evaluator(turn)
    alone = [evaluator(Turn((g,), (range(0),), (e,))) for g, e in zip(genomes, turn.evaluation, strict=True)]
    assert both.errors == tuple(one.errors[0] for one in alone)
    np.testing.assert_allclose(both.losses, [one.losses[0] for one in alone], rtol=1e-5)
    assert both.weights == {}


def test_turns_leave_nothing_behind(task):
    evaluator = task.built()
    weights = {name: evaluator.weights()[name] for name in evaluator.used(GENOME)}
    turn = Turn((GENOME,), (range(2),), (range(1),), 0.1, weights)
    one, again = evaluator(turn), evaluator(turn)
    for name, value in one.weights.items():
        np.testing.assert_array_equal(value, again.weights[name])
    assert one.errors == again.errors


def test_location_and_direction_search(task, saved, tmp_path):
    found = locate_and_direct(task, OPTIONS, run=tmp_path)
    assert any(gene >= 0 for gene in found.genome)
    assert found.loss < found.bare_loss
    assert found.ways.best.genome != found.locations.best.genome
    assert found.directions in ("own", "drawn", "sensitive")
    assert (found.error, found.loss) == found.compared[found.directions] == min(found.compared.values())
    assert set(found.compared) == {"own", "drawn", "sensitive"}
    assert found.error <= min(found.locations.best.error, found.ways.best.error)
    data = load("digits:300").standardised()
    split = hold_out(data, 0.1, BATCHES.seed)
    net = compiler.compile(found.graph)
    loss, error = evaluate(net, split.validation_x, split.validation_y)
    assert loss == pytest.approx(found.loss, rel=1e-4)
    assert error == pytest.approx(found.error)
    before = NeuronGraph.load(saved)
    bare = evaluate(compiler.compile(before), split.validation_x, split.validation_y)
    assert bare == pytest.approx((found.bare_loss, found.bare_error), rel=1e-4)
    for source, target, weight in before.edges(data="weight"):  # what was there is as it was
        np.testing.assert_array_equal(found.graph[source][target].get("weight"), weight)
    pictures = [tmp_path / name / "pictures" / "search.png" for name in ("locations", "directions")]
    sizes = [path.stat().st_size for path in pictures]
    assert min(sizes) > 10_000
    again = locate_and_direct(task, OPTIONS, run=tmp_path)
    assert (again.genome, again.directions, again.loss) == (found.genome, found.directions, found.loss)


def test_without_add_ons_there_is_nothing_to_direct(task, saved):
    found = locate_and_direct(task, paper(cycles=1, train_batches=0, absent=1.0))
    assert found.genome == (-1,) * 6
    assert found.ways is None
    assert found.directions is None
    assert found.graph.number_of_nodes() == NeuronGraph.load(saved).number_of_nodes()
    with pytest.raises(OptionError, match="this genome has no add-ons"):
        add_on_task(saved, "digits:300", genome=found.genome, addons=ADDONS, batches=BATCHES).built()


def test_synchronous_threads_and_groups(task):
    """Groups train as the supernet trains several together."""
    options = paper(**vars(OPTIONS) | {"sharing": "synchronous", "together": 5, "cycles": 1})
    found = search(task, options)
    assert found.rows[0]["failed"] == 0
    assert any((value != task.built().weights()[name]).any() for name, value in found.weights.items())


def split(count=50, held=23):
    numbers = torch.arange(float(count + held)).reshape(-1, 1, 1, 1).expand(-1, 1, 4, 4)
    return Split(numbers[:count], torch.arange(count), numbers[count:], torch.arange(count, count + held))


def test_a_walk_goes_through_everything_once_an_epoch():
    walk = Walk(split(), BatchOptions(batch_size=8, evaluation_batch=10, crop=0, flip=False))
    epoch = [walk.training(number) for number in range(6)]
    seen = torch.cat([y for _, y in epoch])
    assert len(seen) == len(set(seen.tolist())) == 48  # the last two are too few for a batch
    for x, y in epoch:
        assert (x[:, 0, 0, 0] == y).all()
    following = torch.cat([walk.training(number)[1] for number in range(6, 12)])
    assert following.tolist() != seen.tolist()
    assert torch.equal(walk.training(2)[1], epoch[2][1])  # whatever was asked before
    assert walk.held_out == 2
    held = torch.cat([walk.evaluation([number])[1] for number in (0, 1)])
    assert sorted(held.tolist()) == list(range(50, 73))
    assert torch.equal(walk.evaluation([2])[1], walk.evaluation([0])[1])
    assert sorted(walk.evaluation(range(2))[1].tolist()) == list(range(50, 73))


def test_training_images_are_changed_and_the_same_each_time():
    plain = Walk(split(), BatchOptions(batch_size=8, crop=0, flip=False))
    walk, clone = (Walk(split(), BatchOptions(batch_size=8, crop=2, flip=True)) for _ in range(2))
    assert torch.equal(walk.training(1)[0], clone.training(1)[0])
    assert torch.equal(walk.training(1)[1], plain.training(1)[1])
    assert not torch.equal(walk.training(1)[0], plain.training(1)[0])
    assert torch.equal(walk.evaluation([0])[0], plain.evaluation([0])[0])


def test_what_is_refused(saved):
    with pytest.raises(OptionError, match="batch_size=51 is more than the 50 training examples"):
        Walk(split(), BatchOptions(batch_size=51))
    with pytest.raises(OptionError, match="holds out no examples"):
        Walk(split(held=0), BatchOptions(batch_size=5))
    with pytest.raises(OptionError, match="validation must be a number, above 0"):
        BatchOptions(validation=0.0)
    with pytest.raises(OptionError, match="directions belong to one genome"):
        add_on_task(saved, "digits:300", addons=ADDONS, batches=BATCHES).built().sensitive()
