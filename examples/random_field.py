"""A network without layers: neurons wired at random over any distance read handwritten digits, beside a dense network.

3,000 neurons, the pixels among them, each of the others reading 16 anywhere before it, forty synapses deep. The
compiler makes all of them in one call, so that depth costs no time. The field is trained like any other network, beside
a dense one with a hidden layer of as many synapses; what it learned flows back into the graph, and the weakest half of
its synapses can go.

    python examples/random_field.py [--data mnist|mnist:6000|digits] [--neurons 3000] [--fan-in 16] [--levels 40]

Takes about a minute. The pictures show its wiring as matrices, and its weights and degrees.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from neurograph.search.datasets import Dataset, hold_out, load
from neurograph.search.training import Trainer, TrainingOptions, evaluate

from neurograph import NeuronGraph, compiler
from neurograph.builders import mlp, random_field
from neurograph.draw import adjacency, distributions


def main(
    data: str = "mnist:6000",
    neurons: int = 3000,
    fan_in: int = 16,
    levels: int = 40,
    epochs: int = 8,
    out: Path = Path("runs/random_field"),
    seed: int = 0,
) -> list[Path]:
    """Train both, prune the field, train it on; returns the pictures."""
    torch.set_num_threads(1)  # products this thin are slower on two
    images = load(data).flat()
    options = TrainingOptions(epochs=epochs, learning_rate=2e-3, schedule="cosine", seed=seed)
    inputs, outputs = images.input_shape[0], images.classes
    g = random_field(neurons, fan_in, levels, seed, inputs=inputs, outputs=outputs)
    g.graph["name"] = "A random field"
    hidden = max(1, g.number_of_edges() // (inputs + outputs))
    dense = mlp([inputs, hidden, outputs], seed=seed)
    learned(f"dense, {hidden} hidden neurons", dense, compiler.compile(dense), images, options)

    net = compiler.compile(g, batch_size=options.batch_size)
    optimizer = learned(f"field, {levels} levels", g, net, images, options)
    arrays = g.arrays()  # with what training has moved
    weak = np.argsort(np.abs(arrays.weight))[: len(arrays.ids) // 2]
    ends = zip(arrays.source[weak].tolist(), arrays.target[weak].tolist(), strict=True)
    g.remove_synapses([(arrays.names[u], arrays.names[v]) for u, v in ends])
    net.refresh(optimizer)
    print(f"{'without its weakest half':<26} {evaluate(net, images.test_x, images.test_y)[1]:5.2f}% test error")
    learned("trained on", g, net, images, options, optimizer)

    out.mkdir(parents=True, exist_ok=True)
    g.save(out / "graph.safetensors")
    pictures = [adjacency(g, out / "adjacency.png"), distributions(g, out / "distributions.png")]
    print(f"\n  graph     {out / 'graph.safetensors'}\n  pictures  {pictures[0]}\n            {pictures[1]}")
    return pictures


def learned(
    name: str,
    graph: NeuronGraph,
    net: compiler.CompiledNetwork,
    images: Dataset,
    options: TrainingOptions,
    optimizer: torch.optim.Optimizer | None = None,
) -> torch.optim.Optimizer:
    """Train a network and print how well it does; returns its optimizer."""
    optimizer = optimizer or torch.optim.Adam(net.parameters(), lr=options.learning_rate)
    began = time.perf_counter()
    Trainer(net, hold_out(images, 0.0, options.seed), options, optimizer).run()
    spent = time.perf_counter() - began
    error = evaluate(net, images.test_x, images.test_y)[1]
    size = f"{graph.number_of_edges():,} synapses in {len(net.program.stages)} stages"
    print(f"{name:<26} {error:5.2f}% test error, {size}, {spent:.1f} s")
    return optimizer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist:6000", help="digits, mnist, fashion-mnist; mnist:6000: a part")
    parser.add_argument("--neurons", type=int, default=3000, help="the pixels among them")
    parser.add_argument("--fan-in", type=int, default=16, help="synapses into each")
    parser.add_argument("--levels", type=int, default=40, help="synapses on the longest way through it")
    parser.add_argument("--epochs", type=int, default=8, help="before synapses go, and as many after it")
    parser.add_argument("--out", type=Path, default=Path("runs/random_field"), help="where graph and pictures go")
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
