"""The supernet against what it stands for: each individual's own graph, edited, compiled and trained by itself."""

from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import compiler
from compiler.lowering import REGIONS
from neurograph.builders import enas_macro
from neurograph.edits import Directions, PruneKernels
from neurograph.errors import MissingError, OptionError
from neurograph.initializers.smooth import smoothed
from search.nhn.addons import AddOnOptions, AddOnSupernet, Locations
from search.options import read_options, settled, stored
from tests.compiler.lowering.toy_region import TOY

GENES = [["conv3"], ["separable3", 1], ["average", 0, 0], ["conv5", 1, 0, 1]]  # layer 2 begins the second segment
GENOMES = [(-1,) * 8, (0, -1, -1, 1, -1, -1, -1, -1), (-1, 1, 0, -1, -1, 0, -1, 0), (-1, -1, -1, 1, -1, -1, 0, 1)]


def network(seed=0, channels=6):
    """A pruned macro network with running statistics and scales that are none of the defaults."""
    g = enas_macro(GENES, channels=channels, segments=2, size=8, classes=5, seed=seed)
    g.apply(PruneKernels(0.5))
    rng = np.random.default_rng(seed)
    keys = g.table.keys()
    keys = np.array([key for key in keys if g.neurons.of(int(key)).norm == "batch"])
    for name, low, high in (
        ("gamma", 0.5, 1.5),
        ("beta", -0.5, 0.5),
        ("running_mean", -0.3, 0.3),
        ("running_var", 0.5, 2.0),
    ):
        g.write_values(name, keys, rng.uniform(low, high, len(keys)))
    return g


def supernet(g=None, **options):
    g = g or network()
    net = AddOnSupernet(g, Locations(g), AddOnOptions(**({"seed": 3, "sparsity": 0.4} | options)), torch.float64)
    shaken(net)
    return net


def shaken(net, seed=1):
    """Weights none of which is zero, so that everything that should matter does."""
    drawn = torch.Generator().manual_seed(seed)
    net.load({n: 0.3 * torch.randn(t.shape, generator=drawn, dtype=t.dtype) for n, t in net.state().items()})


def batch(seed, size=7):
    drawn = torch.Generator().manual_seed(seed)
    x = torch.randn(size, 3, 8, 8, generator=drawn, dtype=torch.float64)
    return x, torch.randint(0, 5, (size,), generator=drawn)


def compiled(g):
    return compiler.compile(g, dtype=torch.float64).eval()


@pytest.mark.parametrize("choice", [None, 11, "sensitive"])
def test_an_individual_computes_what_its_own_graph_computes(choice):
    net, (x, y) = supernet(), batch(0)
    for genome in GENOMES:
        directions = net.sensitive(genome) if choice == "sensitive" else choice
        own = net.build(genome, directions)
        answers = compiled(own)(x)
        losses, errors = net.evaluate([genome], (x, y), [directions])
        assert losses[0] == pytest.approx(F.cross_entropy(answers, y).item(), rel=1e-12)
        assert errors[0] == pytest.approx(100 * (answers.argmax(1) != y).double().mean().item())
        plainly = compiler.reference(own, x[:2]).outputs[0]
        assert torch.allclose(answers[:2], plainly, rtol=1e-9, atol=1e-12)


def test_individuals_that_share_a_forward_compute_what_each_would_alone():
    net, (x, y) = supernet(rows=8), batch(0)
    alone = np.array([net.evaluate([genome], (x, y)) for genome in GENOMES])[:, :, 0].T
    assert np.allclose(net.evaluate(GENOMES, (x, y)), alone, rtol=1e-12)
    assert len(set(alone[0].round(9))) == len(GENOMES)  # add-ons matter
    others = [batch(seed) for seed in range(len(GENOMES))]
    each = np.array([net.evaluate([g], b) for g, b in zip(GENOMES, others, strict=True)])[:, :, 0].T
    assert np.allclose(net.evaluate(GENOMES, others), each, rtol=1e-12)


def trained_alone(own, base, batches, lr, options):
    """What an individual's own graph learns when it is compiled, its old part frozen; the graph after it."""
    names = {name for members in base.populations.values() for name in members}
    for u, v in own.edges:
        if u in names and v in names and own[u][v].get("op", "weight") == "weight":
            own[u][v]["trainable"] = False
    for name in names:
        if own.nodes[name]["role"] != "input":
            own.nodes[name]["trainable"] = False
    net = compiled(own)
    momentum = options.momentum
    optimizer = torch.optim.SGD(
        net.parameters(), lr, momentum=momentum, nesterov=momentum > 0, weight_decay=options.weight_decay
    )
    losses = []
    for (x, y), rate in zip(batches, lr if isinstance(lr, list) else [lr] * len(batches), strict=True):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        if options.clip:
            torch.nn.utils.clip_grad_norm_(net.parameters(), options.clip)
        optimizer.step()
        losses.append(loss.item())
    net.write_back()
    return own, np.mean(losses)


@pytest.mark.parametrize("settings", [{}, {"weight_decay": 0.1, "clip": 0.05}, {"momentum": 0.0, "clip": 0.0}])
def test_training_moves_the_shared_weights_as_it_would_the_own_graph_of_an_individual(settings):
    net = supernet(**settings)
    genome, batches = GENOMES[3], [batch(seed) for seed in range(3)]
    own, loss = trained_alone(net.build(genome), net.trunk.graph, batches, 0.5, net.options)
    before = net.state()
    assert net.train([genome], [batches], 0.5) == pytest.approx([loss], rel=1e-10)
    after = net.build(genome)
    for u, v, weight in own.edges(data="weight"):
        if weight is not None:
            assert np.allclose(after[u][v]["weight"], weight, rtol=1e-9, atol=1e-12)
    born = [name for name in own if "+" in own.nodes[name]["population"]]
    assert born
    for name in born:
        assert after.nodes[name]["bias"] == pytest.approx(own.nodes[name]["bias"], rel=1e-9, abs=1e-12)
    moved = 0
    now, used = net.state(), [f"{a}+{b}.{k}x{k}." for a, b, k in net.locations.places(genome)]
    for name, held in now.items():
        if not name.startswith(tuple(used)):
            assert torch.equal(held, before[name])
        moved += int(not torch.equal(held, before[name]))
    assert moved == 3 * len(used)


def test_connections_that_no_direction_makes_do_not_move():
    net = supernet(weight_decay=0.1)
    genome, place = GENOMES[1], ("stem", "layer0", 3)
    before = net.state()
    net.train([genome], [[batch(0), batch(1)]], 0.5, directions=[5])
    drawn = net.weights.directions(net.number[place], 5)
    name = "stem+layer0.3x3."
    moved = (net.state()[name + "kernels"] != before[name + "kernels"]).flatten(2).any(2).T.numpy()
    assert (moved == drawn.reads).all()
    assert ((net.state()[name + "outgoing"] != before[name + "outgoing"]).T.numpy() == drawn.feeds).all()


def test_individuals_trained_together_add_up_their_gradients():
    """One step, plain descent: each weight moves by what each individual alone would move it."""
    one, other = GENOMES[1], GENOMES[3]  # they share one place
    step = [[batch(0)], [batch(1)]]
    moves = []
    for genome, mine in ((one, step[0]), (other, step[1])):
        net = supernet(momentum=0.0, clip=0.0)
        before = net.state()
        net.train([genome], [mine], 0.5)
        moves.append({name: held - before[name] for name, held in net.state().items()})
    net = supernet(momentum=0.0, clip=0.0, together=2)
    before = net.state()
    net.train([one, other], step, 0.5)
    for name, held in net.state().items():
        assert torch.allclose(held - before[name], moves[0][name] + moves[1][name], rtol=1e-9, atol=1e-13)


def test_batches_that_coincide_are_run_once_and_change_nothing(monkeypatch):
    (x, y), other = batch(0), batch(1)
    work = [[(x, y), other], [(x, y), (x, y)], [(x, y), other]]
    copies = [[(x.clone(), y) for x, y in mine] for mine in work]
    people, losses_found = [GENOMES[1], GENOMES[2], GENOMES[3]], []
    sizes = []
    for mine in (work, copies):
        net = supernet(together=3)
        planned = net._plan
        monkeypatch.setattr(net, "_plan", lambda *a, planned=planned: sizes.append(planned(*a).rows) or planned(*a))
        losses_found.append((net.train(people, mine, 0.1), net.state()))
    assert np.allclose(losses_found[0][0], losses_found[1][0], rtol=1e-10)
    assert all(
        torch.allclose(held, losses_found[1][1][n], rtol=1e-9, atol=1e-12) for n, held in losses_found[0][1].items()
    )
    assert max(sizes[:2]) < sizes[2]
    assert len(sizes) == 3  # two patterns, then one


def test_the_frozen_network_gets_no_gradients_and_stays_as_it_was():
    g = network()
    digest, net = g.read_weights(g.arrays().ids[:0]), supernet(g)
    before = {name: held.clone() for name, held in net.trunk.net.state_dict().items() if torch.is_tensor(held)}
    net.train([GENOMES[3]], [[batch(0), batch(1)]], 0.5)
    assert not any(p.requires_grad or p.grad is not None for p in net.trunk.net.parameters())
    after = net.trunk.net.state_dict()
    assert before
    assert all(torch.equal(held, after[name]) for name, held in before.items())
    assert g.owner is None
    assert digest.size == 0


def test_rows_before_the_first_add_ons_are_computed_once_for_all():
    net = supernet()
    people = net._individuals(GENOMES, None)
    shared, apart = net._plan(people, [0] * 4), net._plan(people, range(4))
    steps = len(net.trunk.steps)
    assert apart.rows == 4 * steps
    assert shared.rows < apart.rows - 2 * steps // 3
    nobody = net._plan(net._individuals([GENOMES[0]] * 4, None), [0] * 4)
    assert nobody.rows == steps
    cold = [panel for _, panels in apart.steps for panel in panels if not panel.keys[0][1]]
    assert cold  # rows without add-ons before stand apart, so that no gradient is found for them


def test_add_ons_begin_with_no_effect_and_learn():
    g = network()
    net = AddOnSupernet(g, Locations(g), AddOnOptions(sparsity=1.0, start="drawn"), torch.float64)
    x, y = batch(0, 20)
    plain = F.cross_entropy(compiled(g)(x), y).item()
    assert net.evaluate(GENOMES, (x, y))[0] == pytest.approx([plain] * 4)
    net.train([GENOMES[3]], [[(x, y)] * 40], 0.2)
    assert net.evaluate([GENOMES[3]], (x, y))[0][0] < 0.95 * plain


def test_same_seed_same_numbers_whoever_was_first():
    first, second = (AddOnSupernet(network(), Locations(network()), AddOnOptions(seed=4)) for _ in range(2))
    assert all(torch.equal(held, second.state()[name]) for name, held in first.state().items())
    other = AddOnSupernet(network(), Locations(network()), AddOnOptions(seed=5)).state()
    assert any(not torch.equal(held, other[name]) for name, held in first.state().items())
    snapshot, work = first.state(), ([GENOMES[3]], [[batch(0), batch(1)]], 0.1)
    first.train([GENOMES[1]], [[batch(2)]], 0.1)
    first.load(snapshot)
    assert np.array_equal(first.train(*work), second.train(*work))
    assert all(torch.equal(held, second.state()[name]) for name, held in first.state().items())


def test_an_individual_that_diverges_is_told_and_spoils_nobody():
    net = supernet(together=3)
    state = net.state()
    state["stem+layer1.3x3.kernels"][0, 0, 0, 0] = torch.nan  # no place of GENOMES[1] or [3]
    state["stem+layer1.3x3.outgoing"][:] = 1.0
    net.load(state)
    fine, bad = GENOMES[3], (-1, 0, -1, -1, -1, -1, -1, -1)
    directions = [None if genome is not bad else everything(net) for genome in (fine, bad, fine)]
    losses, errors = net.evaluate([fine, bad, fine], batch(0), directions)
    assert np.isnan([losses[1], errors[1]]).all()
    assert np.isfinite([losses[0], errors[2]]).all()
    lone = supernet(together=2)
    lone.load(state)
    work = [batch(0), batch(1)]
    losses_found = net.train([fine, bad, GENOMES[1]], [work] * 3, 0.1, directions)
    assert np.isnan(losses_found).tolist() == [False, True, False]
    assert losses_found[[0, 2]] == pytest.approx(lone.train([fine, GENOMES[1]], [work] * 2, 0.1))
    losses_found = net.train([bad, GENOMES[0]], [work] * 2, 0.1, [everything(net), None])  # who is left has no add-ons
    assert np.isnan(losses_found).tolist() == [True, False]
    after = net.state()
    assert all(torch.equal(held, after[n]) for n, held in state.items() if n.startswith("stem+layer1.3x3.outgoing"))
    assert all(torch.allclose(held, after[n], equal_nan=True) for n, held in lone.state().items())


def everything(net):
    """Directions that make every connection of one place."""
    sources, count, targets = net.weights.sizes[net.number["stem", "layer1", 3]]
    made = Directions(np.ones((sources, count), bool), np.ones((count, targets), bool))
    return {("stem", "layer1", 3): made}


def test_what_does_not_fit_is_refused_with_the_way_out():
    net = supernet()
    x, y = batch(0)
    with pytest.raises(OptionError, match="has 8 genes here, not 3"):
        net.evaluate([(0, 0, 0)], (x, y))
    with pytest.raises(OptionError, match="forward or across segments"):
        net.train([(1, -1, -1, -1, -1, -1, -1, -1)], [[(x, y)]], 0.1)
    with pytest.raises(OptionError, match="as many lists of batches"):
        net.train(GENOMES, [[(x, y)]], 0.1)
    with pytest.raises(OptionError, match="as many batches"):
        net.train(GENOMES[:2], [[(x, y)], [(x, y)] * 2], 0.1)
    with pytest.raises(OptionError, match="need one learning rate, or as many, not 3"):
        net.train(GENOMES[:1], [[(x, y)]], [0.1] * 3)
    with pytest.raises(OptionError, match="one batch"):
        net.evaluate(GENOMES, [(x, y)])
    with pytest.raises(OptionError, match="as many directions"):
        net.evaluate(GENOMES, (x, y), [1])
    with pytest.raises(OptionError, match=r"say nothing of stem\+layer0"):
        net.evaluate([GENOMES[1]], (x, y), [{}])
    with pytest.raises(OptionError, match="not of these add-ons"):
        net.load({"nothing": torch.zeros(1)})
    with pytest.raises(OptionError, match="without a slope"):
        supernet(activation="prelu")
    with pytest.raises(OptionError, match="batches of one size"):
        supernet(together=2).train(GENOMES[:2], [[batch(0, 4)], [batch(0, 5)]], 0.1)


def test_locations_of_another_network_are_refused():
    with pytest.raises(MissingError, match="no population 'layer1.at1'"):
        AddOnSupernet(enas_macro(GENES[:3], channels=6, segments=1, size=8), Locations(network()))


def test_memory_is_estimated_before_anything_is_built():
    g = network()
    with pytest.raises(OptionError, match=r"would take about .* GiB .* of 1e-06 GiB"):
        supernet(g, memory=1e-6)
    small, large = supernet(g).memory, supernet(g, together=4).memory
    assert large.training == 4 * small.training
    held = sum(held.numel() * 8 for held in supernet(g).state().values())
    assert small.addons == 4 * held
    assert small.network >= 8 * sum(np.size(w) for _, _, w in g.edges(data="weight") if w is not None)


@pytest.mark.parametrize("name", ["field", "toy"])
def test_a_trunk_with_a_region_of_scalars_computes_what_its_blocks_do(name):
    with REGIONS.lending({"toy": TOY} if name == "toy" else {}):
        _trunk_with_a_region(name)


def _trunk_with_a_region(name):
    g = network()
    before = next(g.predecessors(next(iter(g.population("output")))))
    reader = g.add_population("deep", 12, activation="tanh", bias=0.1)
    g.connect([before], reader[:1], weight=np.ones((1, 1)))
    for u, v in pairwise(reader):
        g.add_edge(u, v, weight=0.9)
    g.connect(reader[3:], "output", weight=np.random.default_rng(0).normal(size=(9, 5)))
    net, (x, y) = supernet(g), batch(0)
    assert name in {product.lowering for stage in net.trunk.net.program.stages for product in stage.products}
    for genome in GENOMES:
        answers = compiler.compile(net.build(genome), dtype=torch.float64, lowering="blocks").eval()(x)
        losses, _ = net.evaluate([genome], (x, y))
        assert losses[0] == pytest.approx(F.cross_entropy(answers, y).item(), rel=1e-12)
    alone = np.array([net.evaluate([genome], (x, y)) for genome in GENOMES])[:, :, 0].T
    assert np.allclose(net.evaluate(GENOMES, (x, y)), alone, rtol=1e-12)


def test_kernels_start_smooth_and_changed_ones_are_sensitive():
    g = network()
    place = Locations(g).places(GENOMES[3])[0]
    smooth, drawn = (
        AddOnSupernet(g, Locations(g), AddOnOptions(start=start), torch.float64) for start in ("smooth", "drawn")
    )
    number = smooth.number[place]
    first, plain = (net.weights.held[number]["kernels"].detach().clone() for net in (smooth, drawn))
    np.testing.assert_allclose(first.numpy(), smoothed(plain.numpy()))
    neighbours = (first[..., 1:] * first[..., :-1]).mean() / first.var()
    assert neighbours > 0.4 > 0.2 > (plain[..., 1:] * plain[..., :-1]).mean() / plain.var()
    with torch.no_grad():
        smooth.weights.held[number]["kernels"][:, 1] += 0.01  # one source's kernels learned, if little
    assert smooth.sensitive(GENOMES[3])[place].reads.nonzero()[0].tolist() == [1] * first.shape[0]
    flat = AddOnSupernet(g, Locations(g), AddOnOptions(sensitivity="deviation"), torch.float64)
    deviation = flat.weights.held[number]["kernels"].detach().flatten(2).std(2)
    chosen = flat.sensitive(GENOMES[3])[place].reads.nonzero()[0]
    assert sorted(chosen.tolist()) == sorted(deviation.argmax(1).tolist())


def test_tasks_from_before_the_start_was_smoothed_start_as_they_did():
    assert (
        settled(AddOnOptions, asdict(AddOnOptions(start="drawn", sensitivity="deviation")))
        .keys()
        .isdisjoint({"start", "sensitivity"})
    )
    old = read_options(AddOnOptions, settings=stored(AddOnOptions, {"count": 2}))
    assert (old.start, old.sensitivity) == ("drawn", "deviation")
