"""Small networks of feature maps: the kinds that edits must know, and random ones."""

import numpy as np

from neurograph import NeuronGraph
from neurograph.builders.layers import convolution, depthwise, linear, pool, shape_of

SHAPE = (6, 6)


class Layers:
    """Layers put on one another in a graph, with random weights, biases and statistics."""

    def __init__(self, seed: int, channels: int = 2, shape: tuple = SHAPE) -> None:
        self.g, self.rng = NeuronGraph(), np.random.default_rng(seed)
        self.image = self.g.add_population("image", channels, role="input", shape=shape)

    def weights(self, shape, activation):
        return self.rng.normal(size=shape) / np.sqrt(np.prod(shape) / shape[1])

    def numbers(self, count, norm=False):
        found = {"bias": self.rng.normal(size=count)}
        if norm:
            values = {"gamma": 1.0, "beta": 0.0, "running_mean": 0.0, "running_var": 2.0}
            found |= {"norm": "batch"} | {k: v + 0.5 * self.rng.random(count) for k, v in values.items()}
        return found

    def conv(self, name, below, count, kernel=3, norm=False, activation="tanh", **form):
        numbers = self.numbers(count, norm)
        return convolution(self.g, name, below, count, kernel, self.weights, activation=activation, **form, **numbers)

    def pool(self, name, below, op="max_pool", kernel=2, **form):
        return pool(self.g, name, below, op, kernel, **form)

    def depthwise(self, name, below, **attributes):
        return depthwise(self.g, name, below, 3, self.weights, **attributes, **self.numbers(len(below)))

    def joined(self, name, *sides, **attributes):
        """Identity synapses from one or more populations of equal length: a relay, or a residual sum."""
        made = self.g.add_population(name, len(sides[0]), shape=shape_of(self.g, sides[0]), **attributes)
        for side in sides:
            self.g.add_edges_from_arrays(side, made, op="identity")
        return made

    def linear(self, name, below, count, **attributes):
        return linear(self.g, name, below, count, self.weights, **attributes)

    def done(self):
        self.g.restart_journal()
        return self.g


def lenet(seed=0):
    """Convolution, pool, convolution, pool, two linear layers."""
    b = Layers(seed)
    below = b.pool("pool1", b.conv("conv1", b.image, 4, padding=1))
    below = b.pool("pool2", b.conv("conv2", below, 3, padding=1), "avg_pool", 2)
    b.linear("out", b.linear("hidden", below, 4, activation="tanh"), 2, is_output=True)
    return b.done()


def vgg(seed=0):
    """Batch norm, two convolutions between pools, the last pool into scalars."""
    b = Layers(seed)
    below = b.conv("conv1", b.conv("conv0", b.image, 3, padding=1, norm=True), 4, padding=1, norm=True)
    below = b.conv("conv2", b.pool("pool1", below), 3, padding=1, norm=True, activation="relu")
    read = b.g.add_population("pool2", len(below))
    b.g.add_edges_from_arrays(below, read, op="max_pool", kernel_size=3)
    b.linear("out", read, 2, is_output=True)
    return b.done()


def residual(seed=0):
    """Two blocks: a sum of a block's end and what it began with, ReLU behind it; normed ends."""
    b = Layers(seed)
    below = b.conv("conv1", b.image, 3, padding=1, norm=True)
    for block in ("a", "b"):
        end = b.conv(f"{block}.1", below, 4, padding=1, norm=True)
        end = b.conv(f"{block}.2", end, 3, padding=1, norm=True, activation="identity")
        below = b.joined(f"{block}.sum", below, end, activation="relu")
    b.linear("out", below, 2, is_output=True)
    return b.done()


def concatenation(seed=0):
    """Each layer reads all before it, through normed and activated relays of its own."""
    b = Layers(seed)
    stream = [b.conv("conv1", b.image, 3, padding=1)]
    for name in ("a", "b"):
        norm = {"norm": "batch", "activation": "gelu", "gamma": 0.7, "running_var": 1.7, "running_mean": 0.2}
        relays = [b.joined(f"{name}.relay{at}", below, **norm) for at, below in enumerate(stream)]
        stream.append(b.conv(name, [n for side in relays for n in side], 2, padding=1))
    b.linear("out", [n for side in stream for n in side], 2, is_output=True)
    return b.done()


def separable(seed=0):
    """1 x 1, depthwise, 1 x 1, and a read-out by one kernel a channel."""
    b = Layers(seed)
    below = b.conv("point1", b.image, 4, 1, norm=True)
    below = b.conv("point2", b.depthwise("depth", below, activation="tanh", norm="none"), 3, 1)
    read = b.g.add_population("read", 3, bias=0.1)
    b.g.add_edges_from_arrays(below, read, weight=b.weights((1, 3, *SHAPE), "identity")[0])
    b.linear("out", read, 2, is_output=True)
    return b.done()


FAMILIES = {f.__name__: f for f in (lenet, vgg, residual, concatenation, separable)}


def random_maps(seed: int, steps: int = 4) -> NeuronGraph:
    """Layers of all sorts on one another and beside one another, then linear ones over all that is left unread."""
    rng = np.random.default_rng(seed)
    b = Layers(seed, int(rng.integers(1, 3)), (int(rng.integers(5, 8)), int(rng.integers(5, 8))))
    made = [b.image]
    for step in range(steps):
        below, name = made[rng.integers(len(made))], f"p{step}"
        alike = [other for other in made if shape_of(b.g, other) == shape_of(b.g, below)]
        side, room = alike[rng.integers(len(alike))], min(shape_of(b.g, below))
        norm, kernel = bool(rng.integers(2)), int(rng.integers(1, min(4, room + 1)))
        what = rng.integers(6)
        if what <= 1:
            sources = list(dict.fromkeys([*below, *side]))
            form = {"stride": int(rng.integers(1, 3)), "padding": int(rng.integers(0, 2))}
            made.append(b.conv(name, sources, int(rng.integers(1, 4)), kernel, norm, **form))
        elif what == 2 and room > 2:
            op, padding = ["max_pool", "avg_pool"][rng.integers(2)], int(rng.integers(2))
            made.append(b.pool(name, below, op, 2, stride=int(rng.integers(1, 3)), padding=padding))
        elif what == 3:
            made.append(b.depthwise(name, below, activation="sin"))
        else:
            pair = (below, side) if len(side) == len(below) and side is not below else (below,)
            made.append(
                b.joined(name, *pair, activation=["relu", "identity"][rng.integers(2)], **b.numbers(len(below)))
            )
    ends = [names for names in made if not any(b.g.out_degree(n) for n in names)] or made[-1:]
    hidden = b.g.add_population("hidden", 3, activation="tanh", bias=0.1)
    for names in ends:
        drawn = b.weights((len(names), 3, *shape_of(b.g, names)), "tanh")
        b.g.connect(names, hidden, weight=drawn)
    b.linear("out", hidden, 2, is_output=True)
    return b.done()


def images(g: NeuronGraph, seed: int = 0, size: int = 3) -> np.ndarray:
    """(size, channels, height, width) numbers of both signs."""
    names = [name for name in g if g.nodes[name]["role"] == "input"]
    return np.random.default_rng(seed).normal(size=(size, len(names), *g.nodes[names[0]]["shape"]))
