"""Random DAGs in a compiled network, and in other programs that run networks of single neurons.

    python -m benchmarks.peers --peer neat-python=ENV/bin/python --peer connex=... --peer kpnn2=... [--rounds 7]

Each program runs in a process of its own, by the Python of an environment in which it is installed
(`benchmarks/served_peer.py`), and takes its turn in every round; seconds are each process's own time, whatever else the
machine does, times are medians, ratios medians of the rounds' ratios. A step is a forward and a backward pass of all
weights over the batch. neat-python has no gradients, so ours runs forward alone beside it. "first" is what it takes to
make the network and to run its first step.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import compiler
from benchmarks.measure import format_seconds, show
from neurograph import NeuronGraph
from neurograph.builders import random_field

FORWARD_ONLY = ("neat-python",)
DAGS = ((1100, 8, 52), (2150, 12, 70))  # neurons, fan-in, levels: 8,200 and 24,400 synapses
TURN = 0.2  # seconds of a program in a round, about


def write(graph: NeuronGraph, path: Path, batch: int) -> torch.Tensor:
    """Put a graph where other programs read it; returns the batch that is in there."""
    arrays, sides = graph.arrays(), [graph.population_keys(name) for name in ("input", "output")]
    x = np.random.default_rng(0).normal(size=(batch, len(sides[0])))
    np.savez(
        path, inputs=len(sides[0]), outputs=len(sides[1]), neurons=len(arrays), source=arrays.source,
        target=arrays.target, level=arrays.level, weight=arrays.weight, bias=np.nan_to_num(arrays.values["bias"]), x=x,
    )  # fmt: skip
    return torch.from_numpy(x).float()


class Served:
    """A program in a process of its own."""

    def __init__(self, name: str, python: str, path: Path) -> None:
        served = Path(__file__).with_name("served_peer.py")
        one = {"OMP_NUM_THREADS": "1", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "JAX_PLATFORMS": "cpu"}
        self.process = subprocess.Popen(
            [python, str(served), name, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **one, "PYTHONPATH": "", "PYTHONWARNINGS": "ignore"},
        )  # fmt: skip
        self.first = self._read()

    def _read(self) -> float:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended with {self.process.wait()}")
        return float(line)

    def run(self, steps: int) -> float:
        """Seconds of so many steps."""
        assert self.process.stdin is not None
        print(steps, file=self.process.stdin, flush=True)
        return self._read()

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


class Ours:
    """A compiled network in this process."""

    def __init__(self, graph: NeuronGraph, x: torch.Tensor, backward: bool) -> None:
        start = time.perf_counter()
        network = compiler.compile(graph, batch_size=len(x))
        parameters = list(network.parameters())

        def step() -> object:
            return torch.autograd.grad(network(x).sum(), parameters)

        self.step: Callable[[], object] = step if backward else torch.no_grad()(lambda: network(x))
        self.step()
        self.first = time.perf_counter() - start

    def run(self, steps: int) -> float:
        """Seconds of so many steps."""
        start = time.process_time()
        for _ in range(steps):
            self.step()
        return time.process_time() - start


def rounds_of(ways: dict[str, Served | Ours], rounds: int) -> dict[str, list[float]]:
    """Seconds a step of each way in each round, all of them in turn."""
    steps = {name: max(1, int(TURN / max(way.run(1), 1e-6))) for name, way in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            seconds[name].append(way.run(steps[name]) / steps[name])
    return seconds


def rows_of(dag: tuple[int, int, int], peers: dict[str, str], batch: int, rounds: int) -> list[list[str]]:
    """The table's rows for one graph."""
    neurons, fan_in, levels = dag
    graph, rows = random_field(neurons, fan_in, levels, activation="tanh", inputs=64, outputs=10), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.npz"
        x = write(graph, path, batch)
        for name, python in peers.items():
            try:
                served = Served(name, python, path)
            except (OSError, RuntimeError) as err:
                print(f"{name}: {err}", file=sys.stderr)
                continue
            ours = Ours(graph, x, name not in FORWARD_ONLY)
            seconds = rounds_of({"ours": ours, name: served}, rounds)
            served.close()
            ratio = statistics.median(a / b for a, b in zip(seconds[name], seconds["ours"], strict=True))
            mine, theirs = (format_seconds(statistics.median(seconds[way])) for way in ("ours", name))
            firsts = [format_seconds(ours.first), format_seconds(served.first)]
            size = f"{graph.number_of_edges():,}, {levels} levels"
            what = "forward" if name in FORWARD_ONLY else "forward, backward"
            rows.append([size, name, what, theirs, mine, f"{ratio:.3g}", *reversed(firsts)])
    return rows


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--dags", type=int, default=len(DAGS), help="how many of the graphs, smallest first")
    options = parser.parse_args()
    torch.set_num_threads(1)
    peers = dict(peer.split("=", 1) for peer in options.peer)
    rows = [row for dag in DAGS[: options.dags] for row in rows_of(dag, peers, options.batch, options.rounds)]
    columns = ["synapses", "program", "step", "its time", "ours", "times", "first", "our first"]
    show(f"random DAGs, batch {options.batch}", columns, rows)


if __name__ == "__main__":
    main()
