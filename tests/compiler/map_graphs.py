"""Small random networks of feature maps, with everything they may have, for comparison with the reference."""

from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

import compiler
import compiler.runtime.norm
from neurograph import NeuronGraph
from tests.compiler.graphs import SMOOTH


@dataclass(frozen=True)
class MapRecipe:
    """How to make a random network of feature maps; hypothesis draws these, so what fails can be made again."""

    seed: int
    channels: tuple[int, ...] = (3, 4, 4)
    side: int = 6
    wiring: str = "full"
    norms: bool = True
    dropout: bool = False
    frozen: bool = False
    relays: bool = True
    mixed: bool = False


def map_recipes(**fixed) -> st.SearchStrategy[MapRecipe]:
    """Recipes with some fields fixed."""
    fields = {
        "seed": st.integers(0, 2**16),
        "channels": st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple),
        "side": st.integers(4, 8),
        "wiring": st.sampled_from(["full", "sparse", "grouped", "depthwise", "uneven"]),
        "norms": st.booleans(),
        "dropout": st.booleans(),
        "frozen": st.booleans(),
        "relays": st.booleans(),
        "mixed": st.booleans(),
    }
    fields |= {name: st.just(value) for name, value in fixed.items()}
    return st.builds(MapRecipe, **fields)


class _Builder:
    def __init__(self, recipe: MapRecipe) -> None:
        self.recipe, self.rng, self.graph = recipe, np.random.default_rng(recipe.seed), NeuronGraph()
        self.layers: list[list] = []

    def add(self, count: int, shape, last: bool = False, **fixed) -> list:
        """A population with random attributes."""
        recipe, rng = self.recipe, self.rng
        attributes = {"activation": str(rng.choice(SMOOTH)), "bias": rng.normal(size=count), "shape": shape}
        if recipe.norms and "norm" not in fixed and rng.random() < 0.5:
            attributes |= {"norm": "batch", "gamma": rng.normal(size=count), "beta": rng.normal(size=count)}
            attributes |= {"running_mean": rng.normal(size=count), "running_var": rng.random(count) + 0.5}
            attributes |= {"eps": 1e-3, "momentum": float(rng.choice([0.1, 0.3]))}
        if recipe.dropout and rng.random() < 0.5:
            kind = "channel" if shape != () and rng.random() < 0.5 else "element"
            attributes |= {"dropout": 0.4, "dropout_kind": kind}
        name = f"p{len(self.layers)}"
        names = self.graph.add_population(name, count, is_output=last or rng.random() < 0.1, **(attributes | fixed))
        if recipe.mixed:
            for v in names:
                self.mix(v)
        self.layers.append(names)
        return names

    def mix(self, v) -> None:
        rng, node = self.rng, self.graph.nodes[v]
        if rng.random() < 0.3:
            node["activation"] = str(rng.choice(SMOOTH))
        if rng.random() < 0.3:
            node["trainable"] = False
        if rng.random() < 0.2:
            node["bias"] = None

    def shape(self, names: list) -> tuple:
        return self.graph.nodes[names[0]]["shape"]

    def form(self) -> dict:
        return {"trainable": False} if self.recipe.frozen and self.rng.random() < 0.3 else {}

    def kernels(self, sources: list, targets: list, kernel, **window) -> None:
        """Join maps by kernels, in the recipe's wiring."""
        rng, wiring = self.rng, self.recipe.wiring
        for j, v in enumerate(targets):
            for i, u in enumerate(sources):
                apart = wiring == "grouped" and i % 2 != j % 2 and len(sources) > 1
                other = wiring == "depthwise" and i != j % len(sources)
                apart |= wiring == "uneven" and (i + 1) // 2 != (j + 1) // 2 and len(sources) > 1
                thin = wiring == "sparse" and i + j > 0 and rng.random() < 0.5
                if apart or other or thin or self.graph.has_edge(u, v):
                    continue
                weight = rng.normal(size=kernel) / max(kernel)
                self.graph.add_edge(u, v, weight=weight, **window, **self.form())

    def one_to_one(self, sources: list, targets: list, **form) -> None:
        for u, v in zip(sources, targets, strict=True):
            if not self.graph.has_edge(u, v):
                self.graph.add_edge(u, v, **form)


def build_maps(recipe: MapRecipe) -> NeuronGraph:
    """Convolutions of several sizes with stride, padding and dilation, pools, relays, residuals and a head."""
    made = _Builder(recipe)
    graph, side = made.graph, recipe.side
    maps = graph.add_population("x", recipe.channels[0], role="input", shape=(side, side))
    made.layers.append(maps)
    for count in recipe.channels[1:]:
        maps = _layer(made, maps, count)
    _head(made, maps)
    graph.restart_journal()
    return graph


def _layer(made: _Builder, maps: list, count: int) -> list:
    """One more convolution, then perhaps a residual, a concatenation or a pool."""
    rng, recipe = made.rng, made.recipe
    height, width = made.shape(maps)
    window = _window(rng, (height, width))
    kernel = window.pop("kernel")
    new = made.add(count, window.pop("makes"))
    made.kernels(maps, new, kernel, **window)
    if made.shape(new) == (height, width) and rng.random() < 0.5:  # kernels of another size into the same neurons
        relay = made.add(len(maps), (height, width), activation="identity", bias=None, norm="none", dropout=0.0)
        made.one_to_one(maps, relay, op="identity")
        made.kernels(relay, new, (1, 1))
    if recipe.relays and made.shape(new) == (height, width):
        if rng.random() < 0.5:
            both = made.add(len(maps) + len(new), (height, width))
            order = [*new, *maps] if rng.random() < 0.5 else [*maps, *new]
            made.one_to_one(order, both, op="identity")
            return both
        if len(new) == len(maps) and rng.random() < 0.5:
            total = made.add(len(new), (height, width))
            made.one_to_one(maps, total, op="identity")
            made.one_to_one(new, total, op="identity")
            return total
    if rng.random() < 0.4:
        return _pooled(made, new)
    return new


def _window(rng: np.random.Generator, shape: tuple[int, int]) -> dict:
    found = []
    for kernel in ((3, 3), (1, 1), (2, 2), (3, 1)):
        for stride in (1, 2):
            for padding in (0, 1):
                for dilation in (1, 2):
                    makes = tuple(
                        (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1
                        for n, k in zip(shape, kernel, strict=True)
                    )
                    if min(makes) >= 1:
                        found.append((kernel, stride, padding, dilation, makes))
    same = [f for f in found if f[4] == tuple(shape)]
    chosen = same if same and rng.random() < 0.5 else found
    kernel, stride, padding, dilation, makes = chosen[int(rng.integers(len(chosen)))]
    return {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation, "makes": makes}


def _pooled(made: _Builder, maps: list) -> list:
    rng, shape = made.rng, made.shape(maps)
    if min(shape) < 3:
        return maps
    op, ceil = str(rng.choice(["max_pool", "avg_pool"])), bool(rng.random() < 0.5)
    form = {"op": op, "kernel_size": 2, "stride": 2, "padding": int(rng.integers(2)), "ceil_mode": ceil}
    if op == "avg_pool":
        form["count_include_pad"] = bool(rng.random() < 0.5)
    call = F.max_pool2d if op == "max_pool" else F.avg_pool2d
    makes = call(torch.zeros(1, 1, *shape), 2, 2, form["padding"], ceil_mode=ceil).shape[2:]
    new = made.add(len(maps), tuple(makes))
    made.one_to_one(maps, new, **form)
    return new


def _head(made: _Builder, maps: list) -> None:
    rng, shape = made.rng, made.shape(maps)
    size, hidden = 3, made.add(4, ())
    for v in hidden:
        for u in maps:
            if made.recipe.wiring != "sparse" or u == maps[0] or rng.random() < 0.7:
                made.graph.add_edge(u, v, weight=rng.normal(size=shape) / shape[0], **made.form())
    pooled = made.add(len(maps), ())
    made.one_to_one(maps, pooled, op=str(rng.choice(["max_pool", "avg_pool"])), kernel_size=shape)
    last = made.add(size, (), last=True)
    made.graph.connect([*hidden, *pooled], last, weight=rng.normal(size=(len(hidden) + len(pooled), size)))


def map_batch(graph: NeuronGraph, rows: int = 5, seed: int = 0, dtype=torch.float64) -> tuple[torch.Tensor, ...]:
    """Random inputs, for scalars and maps."""
    generator, found = torch.Generator().manual_seed(seed), []
    for names in graph.populations.values():
        inputs = [v for v in names if graph.nodes[v]["role"] == "input"]
        if inputs:
            shape = (rows, len(inputs), *graph.nodes[inputs[0]]["shape"])
            found.append(torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype))
    return tuple(found)


def map_loss(*outputs: torch.Tensor) -> torch.Tensor:
    """A smooth loss in which every number counts differently."""
    total = outputs[0].new_zeros(())
    for y in outputs:
        weight = torch.arange(1, y[0].numel() + 1, dtype=y.dtype, device=y.device).view(y.shape[1:]) / y[0].numel()
        total = total + (torch.sin(y) * weight).sum() + (y * y).mean()
    return total


@contextmanager
def recorded_masks(net: compiler.CompiledNetwork):
    """What dropout multiplies by, neuron by neuron, while the network runs."""
    masks, drawn = {}, []
    original = compiler.runtime.norm.drop

    def drop(x, rate, channelwise):
        mask = original(torch.ones_like(x), rate, channelwise)
        drawn.append(mask.detach())
        return x * mask

    compiler.runtime.norm.drop = drop
    try:
        yield masks
    finally:
        compiler.runtime.norm.drop = original
        stages = [stage for stage in net.program.stages if stage.blocks[0].neurons.dropout]
        for stage, mask in zip(stages, drawn, strict=bool(drawn)):
            names = net.graph.names_of(stage.blocks[0].neurons.keys)
            masks |= {v: mask[:, place] for place, v in enumerate(names)}


def assert_maps_equal_reference(net, graph: NeuronGraph, training: bool, tolerance: float = 1e-8) -> None:
    """Outputs, running statistics and the gradients of everything are the reference's."""
    inputs = tuple(x.to(net.device).requires_grad_() for x in map_batch(graph))
    before, held = net.training, graph.copy()  # training moves the running statistics
    net.train(training)
    with recorded_masks(net) as masks, torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        outputs = net(*inputs)
    outputs = (outputs,) if isinstance(outputs, torch.Tensor) else outputs
    wanted = compiler.reference(held, *inputs, loss=map_loss, training=training, masks=masks)
    close = {"rtol": tolerance, "atol": tolerance, "check_device": False}
    for got, want in zip(outputs, wanted.outputs, strict=True):
        torch.testing.assert_close(got.detach(), want, **close)
    net.zero_grad()
    map_loss(*outputs).backward()
    assert_gradients(net, graph, wanted, close)
    for x, want in zip(inputs, wanted.inputs, strict=True):
        torch.testing.assert_close(x.grad if x.grad is not None else torch.zeros_like(x), want, **close)
    for name in ("running_mean", "running_var"):
        quantity = (name, ())
        vector = net.slots.gather(quantity).double()
        want = [wanted.running[v, name] for v in graph.names_of(net.slots.numbers(quantity))]
        torch.testing.assert_close(vector, torch.tensor(want, dtype=torch.float64), **close)
        assert len(want) == sum(key[1] == name for key in wanted.running)
    net.train(before)


def assert_gradients(net, graph: NeuronGraph, wanted, close: dict) -> None:
    """Every gradient of a synapse and a neuron."""
    arrays = graph.arrays()
    ends = [
        (arrays.names[s], arrays.names[t]) for s, t in zip(arrays.source.tolist(), arrays.target.tolist(), strict=True)
    ]
    number = dict(zip(ends, arrays.ids.tolist(), strict=True))
    by_id = {number[e]: g for e, g in wanted.synapses.items() if graph.edges[e].get("trainable", True)}
    seen = []
    for quantity in net.slots.quantities:
        name, shape = quantity
        if not len(net.slots.numbers(quantity, True)):
            continue
        numbers, found = net.gradients(name, shape)
        if name == "weight":
            seen += numbers.tolist()
            want = np.array([np.asarray(by_id[i]) for i in numbers.tolist()])
        else:
            want = np.array([wanted.neurons[v, name] for v in graph.names_of(numbers)])
            trained = {v for v, n in wanted.neurons if n == name and graph.nodes[v]["trainable"]}
            assert set(graph.names_of(numbers)) == trained
        np.testing.assert_allclose(found, want, rtol=close["rtol"], atol=close["atol"])
    assert sorted(seen) == sorted(by_id)
