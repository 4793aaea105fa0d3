"""Neurons given by hand: a network without any cannot tell the corners of a square apart crosswise, one with three can.

The graph is an ordinary networkx graph, so it is asked and edited as one; the compiled network and its optimizer follow
every edit and keep what they have learned. What was done can be undone.

    python examples/edit_by_hand.py [--steps 400] [--out runs/edit_by_hand]

Takes a few seconds; the picture shows the network before and after.
"""

import argparse
from pathlib import Path

import networkx as nx
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as loss_of

from neurograph import NeuronGraph, compiler
from neurograph.draw import before_and_after
from neurograph.edits import SplitEdge


def corners(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Points around the corners of a square, (count, 2), and whether each is on the rising diagonal, (count, 1)."""
    random = torch.Generator().manual_seed(seed)
    corner = torch.randint(0, 2, (count, 2), generator=random) * 2.0 - 1
    points = corner + 0.35 * torch.randn(count, 2, generator=random)
    return points, (corner.prod(1, keepdim=True) > 0).float()


def main(steps: int = 400, out: Path = Path("runs/edit_by_hand"), seed: int = 0) -> Path:
    """Train, edit, train on; returns the picture."""
    x, y = corners(400, seed)
    g = NeuronGraph(name="edited by hand")
    g.add_population("point", 2, role="input", names=["x", "y"])
    g.add_population("answer", 1, bias=0.0, is_output=True, names=["same sign"])
    g.connect("point", "answer", weight=[[0.1], [-0.1]])

    net = compiler.compile(g)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
    before = train(net, optimizer, x, y, steps)
    alone = g.copy()
    print(f"two synapses, no neuron between:                    {before:5.1f}% wrong")

    # The networkx way: nodes, edges, attributes. Nothing is trained yet, so weights are up to us.
    for name, slope in (("rising", 1.0), ("falling", -1.0)):
        g.add_neuron(name, population="hidden", activation="tanh", bias=0.0)
        g.add_edge("x", name, weight=1.0)
        g.add_edge("y", name, weight=slope)
        g.add_edge(name, "same sign", weight=0.1 * slope)
    # A verb: the synapse becomes two with a neuron between, a PReLU that leaves the function as it was.
    split = g.apply(SplitEdge("x", "same sign", population="hidden", names=["split"]))
    g.add_edge("y", *split.born, weight=0.1)
    net.refresh(optimizer)
    after = train(net, optimizer, x, y, 2 * steps)
    print(f"three neurons, by hand, and trained on:             {after:5.1f}% wrong")

    net.write_back()
    print(f"\nlongest way through it: {' -> '.join(map(str, nx.dag_longest_path(g, weight=None)))}")
    loudest = max(g.edges(data="weight"), key=lambda edge: abs(edge[2]))
    print(f"strongest synapse:      {loudest[0]} -> {loudest[1]}, {loudest[2]:.2f}\n\nthe journal:\n{g.journal}\n")

    out.mkdir(parents=True, exist_ok=True)
    g.save(out / "graph.safetensors")
    titles = f"By nature: {before:.1f}% wrong", f"By hand: {after:.1f}% wrong"
    picture = before_and_after(alone, g, out / "before_and_after.png", titles=titles)
    while len(g.journal) > 1:
        g.undo()
    print(f"undone again, the graph has {len(g)} neurons and {g.number_of_edges()} synapses\n")
    print(f"  graph    {out / 'graph.safetensors'}\n  picture  {picture}")
    return picture


def train(net: torch.nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, steps: int) -> float:
    """Full-batch steps; returns the percentage of points on the wrong side."""
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(net(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        return 100 * ((net(x) > 0) != (y > 0)).float().mean().item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400, help="of training before the edits; twice as many after")
    parser.add_argument("--out", type=Path, default=Path("runs/edit_by_hand"), help="where graph and picture go")
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
