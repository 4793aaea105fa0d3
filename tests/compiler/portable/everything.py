"""Two networks with one of each: every activation and aggregation, every way wiring is made portable."""

import numpy as np

from neurograph import NeuronGraph
from neurograph.schema.activations import ACTIVATIONS
from neurograph.schema.neuron import AGGREGATIONS


def every_scalar(seed: int = 0) -> NeuronGraph:
    """All activations and aggregations, full, thin, uneven and block-wise wiring, constants, norms and dropout."""
    rng = np.random.default_rng(seed)
    g = NeuronGraph(name="every scalar")
    g.add_population("left", 70, role="input")
    g.add_population("right", 3, role="input", is_output=True)
    for name in ACTIVATIONS:
        g.add_population(f"{name} layer", 2, activation=name, bias=rng.normal(size=2))
        g.connect("right", f"{name} layer", weight=rng.normal(size=(3, 2)))
    for name in AGGREGATIONS:
        g.add_population(name, 4, aggregation=name, bias=0.5)
        left = g.population("left")
        for v in g.population(name)[:3]:
            for u in rng.choice(left, size=int(rng.integers(1, 5)), replace=False).tolist():
                g.add_edge(u, v, weight=float(rng.normal()))
    g.add_edge(g.population("right")[0], g.population("max")[0], op="identity")
    g.add_population("even", 70, norm="batch", gamma=rng.normal(size=70), running_var=2.0, running_mean=0.1)
    g.add_population("uneven", 70, activation="tanh", dropout=0.3)
    for at, (u, even, uneven) in enumerate(zip(*map(g.population, ("left", "even", "uneven")), strict=True)):
        g.add_edge(u, even, weight=float(rng.normal()))
        g.add_edge(u, g.population("uneven")[0] if at % 2 else uneven, weight=float(rng.normal()))
    g.add_population("blocks", 70, bias=0.1)
    order = rng.permutation(70)
    for at, v in enumerate(g.population("blocks")):
        for k in range(7):
            g.add_edge(g.population("left")[int(order[at // 7 * 7 + k])], v, weight=float(rng.normal()))
    g.add_population("constant", 2, bias=rng.normal(size=2))
    g.add_population("relay", 5)
    for u, v in zip(g.population("uneven")[4:9], g.population("relay")[::-1], strict=True):
        g.add_edge(u, v, op="identity")
    g.add_edge(g.population("even")[0], g.population("relay")[0], op="identity")
    hidden = [v for v, d in g.nodes(data=True) if d["role"] == "hidden"]
    g.add_population("class", 3, is_output=True, bias=rng.normal(size=3))
    g.connect(hidden, "class", weight=rng.normal(size=(len(hidden), 3)) / 16)
    return g


def every_map(seed: int = 0) -> NeuronGraph:
    """Kernels full, masked, grouped and depthwise, strides, dilations, pools, relays, residuals, norms, a flat end."""
    rng = np.random.default_rng(seed)
    g = NeuronGraph()
    g.add_population("image", 4, role="input", shape=(8, 8))
    common = {"shape": (8, 8), "activation": "relu"}
    g.add_population("full", 4, **common, norm="batch", gamma=rng.normal(size=4), running_mean=rng.normal(size=4))
    g.connect("image", "full", weight=rng.normal(size=(4, 4, 3, 3)), padding=1)
    g.add_population("thin", 4, **common, bias=rng.normal(size=4))
    g.add_population("grouped", 4, **common, bias=0.1, dropout=0.2, dropout_kind="channel")
    g.add_population("depthwise", 4, shape=(4, 4), activation="prelu", bias=rng.normal(size=4))
    layers = [g.population(name) for name in ("full", "thin", "grouped", "depthwise")]
    for j, (thin, grouped, depthwise) in enumerate(zip(*layers[1:], strict=True)):
        for i, u in enumerate(layers[0]):
            if (i + j) % 3:
                g.add_edge(u, thin, weight=rng.normal(size=(3, 3)), padding=2, dilation=2)
            if i % 2 == j % 2:
                g.add_edge(u, grouped, weight=rng.normal(size=(1, 1)))
        g.add_edge(layers[2][-1 - j], depthwise, weight=rng.normal(size=(3, 3)), stride=2, padding=1)
    g.add_population("residual", 4, shape=(4, 4), bias=0.3)
    for u, pooled, v in zip(layers[3], layers[1], g.population("residual"), strict=True):
        g.add_edge(u, v, op="identity")
        g.add_edge(pooled, v, op="max_pool", kernel_size=3, stride=2, padding=1)
    g.add_population("average", 3, shape=(2, 2))
    for u, v in zip(g.population("residual")[1:], g.population("average"), strict=True):
        g.add_edge(u, v, op="avg_pool", kernel_size=3, stride=2, padding=1, count_include_pad=False)
    g.add_population("sum", 1, shape=(4, 4), activation="gelu", is_output=True)
    for u in g.population("residual"):
        g.add_edge(u, g.population("sum")[0], op="identity")
    g.add_population("whole", 4, is_output=True, activation="sigmoid", bias=0.2)
    for u, v in zip(g.population("residual"), g.population("whole"), strict=True):
        g.add_edge(u, v, op="avg_pool", kernel_size=4)
    g.add_population("class", 3, is_output=True, bias=rng.normal(size=3))
    g.connect("average", "class", weight=rng.normal(size=(3, 3, 2, 2)))
    g.connect("whole", "class", weight=rng.normal(size=(4, 3)))
    return g
