"""A trained network gets one more layer, as small as it can be, and goes on from where it was (CompNet).

A parent is trained. Then, between its last two layers, one more comes in: two hundred neurons are drawn, sparse
regression finds the few that are needed, and the weights behind them are fitted so that the network says what it said.
Three algorithms do that; beside them stand as many that are fitted and not drawn, all two hundred neurons, as few drawn
at random, Net2Net's identity layer, the same network from scratch, and the parent itself, all trained equally longer.

    python examples/compnet.py [--data digits|mnist:6000] [--keep 48] [--out runs/compnet]

Digits ship with scikit-learn and take about a minute.
"""

import argparse
from pathlib import Path
from typing import Any

import torch
from neurograph.search.datasets import Dataset, load
from neurograph.search.growth.morphing import report
from rich.console import Console
from rich.table import Table

from neurograph import NeuronGraph, draw, search
from neurograph.builders import mlp, parameter_count

PAIR = ("hidden1", "output")
RECIPE: dict[str, Any] = {"schedule": "cosine", "batch_size": 32, "validation": 0.0, "watch_test": True}


def main(words: list[str] | None = None) -> None:
    """Train the parent, make the children, train them all; a table and two pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--keep", type=int, default=48, help="neurons that stay of the 200 drawn")
    parser.add_argument("--epochs", type=int, default=30, help="of the parent, and as many after the insertion")
    parser.add_argument("--hidden", type=int, default=64, help="hidden neurons of the parent")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/compnet"), help="where pictures and graphs go")
    given = parser.parse_args(words)
    torch.set_num_threads(1)
    data, console = load(given.data).flat(), Console(highlight=False)
    sizes = [data.input_shape[0], given.hidden, data.classes]
    console.print(f"A parent, {'-'.join(map(str, sizes))}, learns {data.name}, {given.epochs} epochs ...")
    parent = mlp(sizes, seed=given.seed)
    settings = RECIPE | {"epochs": given.epochs, "seed": given.seed}
    level = 100 - search.train(parent, data, learning_rate=3e-3, **settings).test_error
    console.print(f"  {level:.2f}% of the test examples right, {parameter_count(parent):,} parameters")

    variants: dict[str, dict[str, Any]] = {
        "joint fit": {"algorithm": "joint", "target": given.keep},
        **{f"algorithm {n}": {"algorithm": n, "target": given.keep} for n in (1, 2, 3)},
        "random neurons": {"algorithm": "random", "target": given.keep},
        "all 200 neurons": {"algorithm": "redundant"},
        "Net2Net identity": {"algorithm": "identity"},
        "from scratch": {"algorithm": "random", "target": given.keep, "scratch": True},
        "parent, trained on": {"algorithm": "none"},
    }
    given.out.mkdir(parents=True, exist_ok=True)
    title = f"{data.name}: accuracy on {len(data.test_y)} test examples, %"
    table = Table(title=title, title_justify="left", padding=(0, 1))
    for column in ("network", "new", "parameters", "right after", f"{given.epochs} epochs on"):
        table.add_column(column, justify="left" if column == "network" else "right", no_wrap=True)
    curves = {}
    for name, how in variants.items():
        console.print(f"{name} ...")
        graph, curves[name] = child(parent.copy(), data, settings, how)
        new = len(graph.populations.get("inserted", ()))
        size = f"{parameter_count(graph):,}"
        table.add_row(name, str(new or ""), size, f"{curves[name][0]:.2f}", f"{curves[name][-1]:.2f}")
        if name == "algorithm 3":
            entry = graph.journal[0]
            draw.sparsity(entry.details["beta"], entry.details["kept"], given.out / "sparsity.png", title=name)
            graph.save(given.out / "graph.safetensors")
            console.print(report(graph))
    console.print()
    console.print(table)
    picture = draw.morphed(curves, given.out / "morphed.png", level=level, title=f"One more layer on {data.name}")
    console.print(f"\n  pictures  {picture}, {given.out / 'sparsity.png'}", soft_wrap=True)


def child(
    graph: NeuronGraph, data: Dataset, settings: dict[str, Any], how: dict[str, Any]
) -> tuple[NeuronGraph, list[float]]:
    """A network made from the parent, trained on; its accuracies right after the insertion and after every epoch."""
    graph.restart_journal()
    about = settings | {"epochs": 0, "insert_after": 0, "between": PAIR, "width": 200, "ridge": 1e-3}
    inserted = search.morph(graph, data, **about | how)
    rows = search.train(graph, data, learning_rate=1e-3, **settings).rows
    return graph, [100 - inserted.test_error, *(100 - row["test_error"] for row in rows)]


if __name__ == "__main__":
    main()
