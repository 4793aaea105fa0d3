"""A network without layers: neurons wired at random over any distance read the handwritten digits.

1,200 neurons, each reading 16 others anywhere before it, twelve synapses deep. It is trained like any other network;
what it learned flows back into the graph, and the weakest half of its synapses can go.

    python examples/random_field.py [--neurons 1200] [--fan-in 16] [--levels 12] [--out runs/random_field]

Takes about a minute. The pictures show its wiring as matrices, and its weights and degrees.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

import compiler
from neurograph.builders import random_field
from neurograph.draw import adjacency, distributions
from search.datasets import hold_out, load
from search.training import Trainer, TrainingOptions, evaluate


def main(
    neurons: int = 1200,
    fan_in: int = 16,
    levels: int = 12,
    epochs: int = 15,
    out: Path = Path("runs/random_field"),
    seed: int = 0,
) -> list[Path]:
    """Train, prune, train on; returns the pictures."""
    torch.set_num_threads(1)  # products this thin are slower on two
    data = load("digits").flat()
    split = hold_out(data, 0.0, seed)
    options = TrainingOptions(epochs=epochs, learning_rate=3e-3, schedule="cosine", seed=seed)
    g = random_field(neurons, fan_in, levels, seed, inputs=data.input_shape[0], outputs=data.classes)
    g.graph["name"] = "A random field"
    net = compiler.compile(g, batch_size=options.batch_size)
    print(f"{len(g):,} neurons, {g.number_of_edges():,} synapses; compiled to {len(net.program.stages)} stages\n")
    optimizer = torch.optim.Adam(net.parameters(), lr=options.learning_rate)

    Trainer(net, split, options, optimizer).run()
    print(f"trained:                      {evaluate(net, data.test_x, data.test_y)[1]:5.2f}% test error")

    arrays = g.arrays()  # with what training has moved
    weak = np.argsort(np.abs(arrays.weight))[: len(arrays.ids) // 2]
    ends = zip(arrays.source[weak].tolist(), arrays.target[weak].tolist(), strict=True)
    g.remove_synapses([(arrays.names[u], arrays.names[v]) for u, v in ends])
    net.refresh(optimizer)
    print(f"without its weakest half:     {evaluate(net, data.test_x, data.test_y)[1]:5.2f}%")

    Trainer(net, split, options, optimizer).run()
    print(f"trained on, with {g.number_of_edges():,}:        {evaluate(net, data.test_x, data.test_y)[1]:5.2f}%\n")

    out.mkdir(parents=True, exist_ok=True)
    g.save(out / "graph.safetensors")
    pictures = [adjacency(g, out / "adjacency.png"), distributions(g, out / "distributions.png")]
    print(f"  graph     {out / 'graph.safetensors'}\n  pictures  {pictures[0]}\n            {pictures[1]}")
    return pictures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, default=1200)
    parser.add_argument("--fan-in", type=int, default=16, help="synapses into each")
    parser.add_argument("--levels", type=int, default=12, help="synapses on the longest way through it")
    parser.add_argument("--epochs", type=int, default=15, help="before synapses go, and as many after it")
    parser.add_argument("--out", type=Path, default=Path("runs/random_field"), help="where graph and pictures go")
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
