"""Moments of layers about to be inserted, and the insertion itself on maps, held against the reference interpreter."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import compiler
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import InsertLayer
from neurograph.errors import CompileError, EditError, StaleError
from neurograph.insertion import NewLayer, find_pair

RNG = np.random.default_rng(7)


def maps(pool: str | None = "max_pool", norm: bool = False, bias: bool = True) -> NeuronGraph:
    """image -> a -> (pool ->) b -> out, and a skip connection from a to out."""
    rng = np.random.default_rng(1)
    graph = NeuronGraph()
    graph.add_population("image", 2, role="input", shape=(6, 6))
    graph.add_population("a", 3, shape=(6, 6), activation="relu", bias=0.1)
    graph.connect("image", "a", rng.standard_normal((2, 3, 3, 3)) / 3, padding=1)
    below = "a"
    if pool:
        graph.add_population("pool", 3, shape=(3, 3))
        ends = graph.population("a"), graph.population("pool")
        graph.add_edges_from_arrays(*ends, op=pool, kernel_size=2, stride=2)
        below = "pool"
    shape = (3, 3) if pool else (6, 6)
    kind = {"norm": "batch", "running_mean": 0.3, "running_var": 2.0, "gamma": 1.5} if norm else {}
    graph.add_population("b", 2, shape=shape, bias=0.2 if bias else None, **kind)
    graph.connect(below, "b", rng.standard_normal((3, 2, 3, 3)) / 3, padding=1)
    graph.add_population("out", 2, is_output=True, bias=0.0)
    graph.connect("b", "out", rng.standard_normal((2, 2, *shape)))
    graph.connect("a", "out", rng.standard_normal((3, 2, 6, 6)) / 6)
    graph.restart_journal()
    return graph


def images(count: int, channels: int = 2, size: int = 6, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, channels, size, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def compiled(graph: NeuronGraph):
    return compiler.compile(graph, dtype=torch.float64)


def drawn(graph: NeuronGraph, place: str, activation: str = "relu") -> tuple:
    pair = find_pair(graph, ("a", "b"), place)
    weights = np.random.default_rng(2).standard_normal((len(pair.sources), 5, 3, 3))
    return pair, NewLayer(weights, np.linspace(-1, 1, 5), activation, (1, 1))


@pytest.mark.parametrize("place", ["after", "before"])
@pytest.mark.parametrize("pool", ["max_pool", "avg_pool", None])
def test_moments_are_those_of_the_whole_matrix(pool, place):
    """Batches, pieces and shifts against one big unfold of what the reference interpreter says."""
    graph, x = maps(pool), images(17)
    pair, layer = drawn(graph, place)
    seen = compiler.record(compiled(graph), x.split(7), piece=20_000)
    values = compiler.reference(graph, x).values
    source, read = (torch.stack([values[n] for n in graph.names_of(keys)], 1) for keys in (pair.sources, pair.readers))
    taken = F.conv2d(source, torch.from_numpy(layer.weights).transpose(0, 1), torch.from_numpy(layer.bias), padding=1)
    rows = taken.permute(0, 2, 3, 1).reshape(-1, 5).numpy()
    sums = seen.sums(pair, layer)
    assert sums.count == len(rows)
    np.testing.assert_allclose(sums.mean, rows.mean(0), atol=1e-12)
    np.testing.assert_allclose(sums.covariance, np.cov(rows.T, bias=True), atol=1e-11)
    activity = taken.relu()
    if pool and place == "before":
        activity = F.max_pool2d(activity, 2) if pool == "max_pool" else F.avg_pool2d(activity, 2)
    patches = F.unfold(activity, 3, padding=1).transpose(1, 2).reshape(-1, 45).numpy()
    wanted = F.conv2d(read, torch.from_numpy(pair.dense()).transpose(0, 1), padding=1)
    wanted = wanted.permute(0, 2, 3, 1).reshape(-1, 2).numpy()
    found = seen.regression(pair, layer)
    assert (found.window, found.neurons, found.inputs.count) == (9, 5, len(patches))
    np.testing.assert_allclose(found.inputs.covariance, np.cov(patches.T, bias=True), atol=1e-11)
    both = (patches - patches.mean(0)).T @ (wanted - wanted.mean(0)) / len(patches)
    np.testing.assert_allclose(found.cross, both, atol=1e-11)
    np.testing.assert_allclose(found.response_mean, wanted.mean(0), atol=1e-12)
    np.testing.assert_allclose(found.response_variance, wanted.var(0), atol=1e-11)


def activity_of_b(graph: NeuronGraph, x: torch.Tensor) -> np.ndarray:
    """(rows, b) what the neurons of b say, whose activation is the identity."""
    values = compiler.reference(graph, x).values
    return np.stack([values[n].numpy().reshape(-1) for n in graph.population("b")], 1)


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("place", ["after", "before"])
@pytest.mark.parametrize("algorithm", ["joint", 1, 2, 3, "redundant", "random", "identity"])
def test_the_network_with_the_layer_misses_what_it_tells(algorithm, place, norm):
    """What b takes in, by the reference interpreter, before and after; with a norm, its mean makes up for the shift."""
    graph, x = maps(norm=norm, bias=not norm), images(40)
    net, start = compiled(graph), graph.copy()
    given = {"redundant": {}, "identity": {"width": None}}.get(algorithm, {"target": 4})
    seen = compiler.record(net, x.split(16))
    result = graph.apply(
        InsertLayer(("a", "b"), **{"width": 8} | given, algorithm=algorithm, place=place, observations=seen)
    )
    then, now = activity_of_b(start, x), activity_of_b(graph, x)
    missed = ((now - then) ** 2).sum() / ((then - then.mean(0)) ** 2).sum()
    assert missed == pytest.approx(result.details.get("reconstruction_error", 0.0), abs=1e-9)
    assert missed < 0.6
    np.testing.assert_allclose(now.mean(0), then.mean(0), atol=1e-9)
    assert len(graph.population("inserted")) == result.details["neurons"]
    net.refresh()
    np.testing.assert_allclose(net.eval()(x).detach(), compiler.reference(graph, x).outputs[0], atol=1e-9)
    old = [(u, v) for u, v in start.edges if u in start.population("a") and v in start.population("out")]
    assert old and all(np.array_equal(graph[u][v]["weight"], start[u][v]["weight"]) for u, v in old)
    graph.undo()
    assert graph.wiring_digest() == start.wiring_digest()
    np.testing.assert_allclose(activity_of_b(graph, x), then, atol=1e-12)


def test_before_the_pool_the_relays_are_new_ones():
    graph = maps()
    seen = compiler.record(compiled(graph), [images(30)])
    graph.apply(InsertLayer(("a", "b"), 8, target=4, place="before", observations=seen))
    assert [len(graph.population(name)) for name in ("inserted", "pool")] == [4, 4]
    assert graph.nodes[graph.population("inserted")[0]]["shape"] == (6, 6)
    graph = maps()
    graph.connect("pool", "out", np.zeros((3, 2, 3, 3)))  # somebody else reads the pool: it stays
    seen = compiler.record(compiled(graph), [images(30)])
    graph.apply(InsertLayer(("a", "b"), 8, target=4, place="before", observations=seen))
    assert [len(graph.population(name)) for name in ("pool", "pool2")] == [3, 4]


def test_whole_maps_are_read_through_a_new_convolution():
    graph, x = maps(None), images(300)
    net = compiled(graph)
    start = net(x).detach()
    graph.apply(InsertLayer(("b", "out"), algorithm="identity", activation="identity", kernel=(1, 3)))
    net.refresh()
    torch.testing.assert_close(net(x), start)
    edit = InsertLayer(
        ("inserted", "out"), 6, algorithm="redundant", observations=compiler.record(net, x[:200].split(90))
    )
    with pytest.raises(EditError, match=r"200 recorded samples .*cannot tell 217 weights"):
        graph.apply(edit)
    edit = InsertLayer(("inserted", "out"), 6, algorithm="redundant", observations=compiler.record(net, x.split(90)))
    details = graph.apply(edit).details
    net.refresh()
    moved = ((net(x) - start) ** 2).sum() / ((start - start.mean(0)) ** 2).sum()
    assert 0 < details["reconstruction_error"] < 0.1
    assert 0 < moved.item() < 0.1


def test_training_goes_on_with_the_optimizers_state():
    graph = maps()
    net = compiled(graph)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    x = images(32)
    for _ in range(3):
        optimizer.zero_grad()
        net(x).square().mean().backward()
        optimizer.step()
    out = net(x).detach()
    result = graph.apply(InsertLayer(("a", "b"), 12, target=8, observations=compiler.record(net, [x])))
    net.refresh(optimizer)
    moved = ((net(x) - out).square().mean() / out.square().mean()).item()
    assert 0 < moved < result.details["reconstruction_error"] * 3 + 1e-9
    seconds = net.optimizer_state(optimizer)
    assert seconds
    before = [p.detach().clone() for p in net.parameters()]
    net(x).square().mean().backward()
    optimizer.step()
    assert all(not torch.equal(p, q) for p, q in zip(net.parameters(), before, strict=True))


def test_positions_are_a_sample():
    graph, x = maps(), images(600)
    pair, layer = drawn(graph, "after")
    whole = compiler.record(compiled(graph), x.split(64)).regression(pair, layer)
    some = compiler.record(compiled(graph), x.split(64), positions=3, seed=1)
    sampled = some.regression(pair, layer)
    assert (whole.inputs.count, sampled.inputs.count) == (5400, 1800)
    scale = whole.inputs.deviation
    assert np.abs((sampled.inputs.mean - whole.inputs.mean) / scale).max() < 0.25
    assert np.abs(sampled.inputs.deviation / scale - 1).max() < 0.3
    again = some.regression(pair, layer)
    np.testing.assert_array_equal(sampled.inputs.covariance, again.inputs.covariance)


@pytest.mark.parametrize("place", ["after", "before"])
def test_maps_are_the_values_of_the_first_images(place):
    graph, x = maps(), images(30)
    pair, _ = drawn(graph, place)
    sources, readers = compiler.record(compiled(graph), x.split(10)).maps(pair, 2**30)
    values = compiler.reference(graph, x).values
    for found, keys in ((sources, pair.sources), (readers, pair.readers)):
        np.testing.assert_allclose(found, np.stack([values[n] for n in graph.names_of(keys)], 1), atol=1e-12)
    assert (sources is readers) is (place == "after")
    some = compiler.record(compiled(graph), x.split(10)).maps(pair, sources.nbytes // 2)[0]
    assert 3 <= len(some) <= 15 and np.array_equal(some[:1], sources[:1]) and some.shape[1:] == sources.shape[1:]


def test_recording_leaves_no_trace_and_reads_a_generator():
    graph = maps()
    net = compiled(graph)
    x = images(6)
    net.train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    shown = []
    seen = compiler.record(net, (b for b in x.split(2)), progress=lambda *what: shown.append(what))
    pair, layer = drawn(graph, "after")
    first, second = seen.sums(pair, layer), seen.sums(pair, layer)
    np.testing.assert_array_equal(first.covariance, second.covariance)
    assert net.training and all(torch.equal(net.state_dict()[name], value) for name, value in before.items())
    assert shown[:4] == [("inputs of the new layer", n, 3) for n in range(4)]
    with pytest.raises(CompileError, match="no batch to record"):
        compiler.record(net, (b for b in ()))


@pytest.mark.parametrize("keep", [2**30, 0])
def test_what_is_kept_follows_training(keep):
    graph = maps()
    net, x = compiled(graph), images(6)
    pair, layer = drawn(graph, "after")
    seen = compiler.record(net, [x], keep=keep)
    before = seen.sums(pair, layer)
    runs = []
    run = net.run
    net.run = lambda *given: runs.append(1) or run(*given)
    assert np.array_equal(seen.sums(pair, layer).mean, before.mean)
    assert len(runs) == (0 if keep else 1)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(1.5)
    assert not np.allclose(seen.sums(pair, layer).mean, before.mean)


def test_activations_of_another_version_are_refused():
    graph = maps()
    net = compiled(graph)
    seen = compiler.record(net, [images(6)])
    pair, layer = drawn(graph, "after")
    graph.add_edge(graph.population("image")[0], graph.population("out")[0], weight=np.zeros((6, 6)))
    with pytest.raises(StaleError, match=r"recorded at version \d+ of the graph, which is at \d+ now"):
        seen.sums(pair, layer)
    with pytest.raises(EditError, match="recorded at version"):
        graph.apply(InsertLayer(("a", "b"), 8, target=4, observations=seen))


def test_values_that_are_not_finite_are_refused_by_name():
    graph = maps()
    broken = graph.population("a")[1]
    x = images(6)
    net = compiled(graph)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.shape == (3,):
                parameter[1] = float("inf")
    before = dict(graph.nodes[broken])
    with pytest.raises(EditError, match=rf"neurons {broken} take values that are not finite"):
        compiler.record(net, [x]).sums(find_pair(graph, ("a", "b"), "before"), drawn(graph, "before")[1])
    assert graph.nodes[broken]["shape"] == before["shape"]


def test_memory_that_runs_out_halves_the_batch_and_says_so(monkeypatch):
    graph, x = maps(), images(16)
    pair, layer = drawn(graph, "after")
    whole = compiler.record(compiled(graph), [x]).regression(pair, layer)
    unfold = F.unfold

    def small(maps, *given, **more):
        if len(maps) > 4:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 42 bytes")
        return unfold(maps, *given, **more)

    monkeypatch.setattr(F, "unfold", small)
    with pytest.warns(UserWarning, match=r"memory ran out: (8|4) images are taken at a time"):
        found = compiler.record(compiled(graph), [x]).regression(pair, layer)
    assert found.inputs.count == whole.inputs.count
    np.testing.assert_allclose(found.inputs.covariance, whole.inputs.covariance, atol=1e-12)

    def never(maps, *given, **more):
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(F, "unfold", never)
    with pytest.warns(UserWarning), pytest.raises(CompileError, match="does not hold the patches of a single image"):
        compiler.record(compiled(graph), [x]).regression(pair, layer)
    monkeypatch.setattr(F, "unfold", lambda *given, **more: (_ for _ in ()).throw(RuntimeError("another thing")))
    with pytest.raises(RuntimeError, match="another thing"):
        compiler.record(compiled(graph), [x]).regression(pair, layer)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": 3, "padding": 0}, r"makes maps of \(1, 1\) of \(3, 3\).*padding='same' keeps the size"),
        ({"kernel": 2, "padding": 1}, r"makes maps of \(4, 4\) of \(3, 3\)"),
        ({"kernel": 2}, "a 2 x 2 kernel has no middle"),
    ],
)
def test_a_kernel_that_changes_the_shape_is_refused(options, message):
    graph = maps()
    before = graph.version
    seen = compiler.record(compiled(graph), [images(30)])
    with pytest.raises(ValueError, match=message):
        graph.apply(InsertLayer(("a", "b"), 8, target=4, observations=seen, **options))
    assert graph.version == before


def test_single_precision_is_near_and_knows_it():
    graph, x = mlp([6, 10, 4], seed=1), torch.rand(500, 6, generator=torch.Generator().manual_seed(0))
    errors = []
    for dtype in (torch.float64, torch.float32):
        fresh = copy.deepcopy(graph)
        net = compiler.compile(fresh)
        seen = compiler.record(net, x.split(100), dtype=dtype)
        pair = find_pair(fresh, ("hidden1", "output"))
        layer = NewLayer(RNG.standard_normal((10, 7, 1, 1)), None, "tanh")
        assert seen.sums(pair, layer).resolution == torch.finfo(dtype).eps
        edit = InsertLayer(("hidden1", "output"), 40, "tanh", 1, target=12, ridge=1e-4, observations=seen)
        errors.append(fresh.apply(edit).details)
    assert errors[0]["kept"] == errors[1]["kept"]
    assert errors[1]["reconstruction_error"] == pytest.approx(errors[0]["reconstruction_error"], rel=1e-2, abs=1e-6)


@pytest.mark.gpu
def test_moments_on_a_gpu_are_those_on_the_cpu():
    graph, x = maps(), images(20)
    pair, layer = drawn(graph, "before")
    here = compiler.record(compiled(graph), x.split(7)).regression(pair, layer)
    net = compiler.compile(graph, dtype=torch.float64, device="cuda")
    there = compiler.record(net, x.split(7)).regression(pair, layer)
    np.testing.assert_allclose(there.inputs.covariance, here.inputs.covariance, atol=1e-10)
    np.testing.assert_allclose(there.cross, here.cross, atol=1e-10)


@pytest.mark.parametrize("place", ["after", "before"])
def test_a_depthwise_target_stays_depthwise(place):
    graph, x = maps(), images(60)
    pooled, b = graph.population("pool"), graph.add_population("depthwise", 3, shape=(3, 3), bias=0.1)
    for u, v in zip(pooled, b, strict=True):
        graph.add_edge(u, v, weight=np.random.default_rng(3).standard_normal((3, 3)), padding=1)
    graph.add_population("end", 1, is_output=True)
    graph.connect("depthwise", "end", np.ones((3, 1, 3, 3)))
    before = compiler.reference(graph, x).values
    count = graph.number_of_edges()
    seen = compiler.record(compiled(graph), x.split(20))
    edit = InsertLayer(("a", "depthwise"), target=3, sparse=True, place=place, observations=seen)
    missed = graph.apply(edit).details["reconstruction_error"]
    relays = 3 if place == "before" else 0  # others read the old pool, which stays
    assert graph.number_of_edges() == count + 3 + relays
    after = compiler.reference(graph, x).values
    then, now = (torch.stack([values[v] for v in b], 1) for values in (before, after))
    assert missed < 1e-3
    lost = ((now - then) ** 2).sum() / ((then - then.mean((0, 2, 3), keepdim=True)) ** 2).sum()
    assert lost.item() == pytest.approx(missed, abs=1e-9)
