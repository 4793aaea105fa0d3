"""Small random networks of feature maps, with everything that they may have."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from neurograph.network import NeuronGraph

from .networks import SMOOTH


@dataclass(frozen=True)
class MapRecipe:
    """How to make a random network of feature maps: what fails can be made again."""

    seed: int
    channels: tuple[int, ...] = (3, 4, 4)
    side: int = 6
    wiring: str = "full"
    norms: bool = True
    dropout: bool = False
    frozen: bool = False
    relays: bool = True
    mixed: bool = False


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
