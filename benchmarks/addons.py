"""Individuals of the add-on search per hour: the gated supernet against compiling each individual's own graph.

Both do the same work: each individual is trained on its own batches (only its add-ons; Nesterov, clipped gradients) and
evaluated on one batch that is the same for all. The own graph is made by the same edits from the same shared weights,
its old part marked as frozen, batches in channels_last on both sides; carrying the learned weights back to where others
find them is left out there. CPU time of one thread, variants in turn, medians over rounds; ratios within a round.

    python -m benchmarks.addons [--rounds 3] [--people 8] [--channels 8]
"""

import argparse
import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

import compiler
from benchmarks.measure import clock_for, format_seconds, interleaved, median_ratio, show
from neurograph import NeuronGraph
from neurograph.builders import enas_macro
from neurograph.edits import PruneKernels
from search.nhn.addons import AddOnOptions, AddOnSupernet, Genome, Locations

GENES = [
    ["conv3"],
    ["conv5", 1],
    ["average", 1, 0],
    ["separable3", 1, 0, 1],
    ["conv3"] + [0] * 4,
    ["conv5", 1, 0, 0, 1, 1],
]
SETTINGS = (  # training batches, samples in each, samples evaluated on, whether all train on the same
    (25, 20, 500, False),  # a cycle of 20 individuals goes through 10,000 images
    (25, 20, 500, True),
    (0, 1, 500, False),
)
TOGETHER = 1, 8
LEARNING_RATE, MOMENTUM, CLIP = 0.01, 0.9, 5.0


def network(channels: int) -> NeuronGraph:
    """A macro network of six layers in three segments, 85% of its kernels pruned, all of it frozen."""
    g = enas_macro(GENES, channels=channels)
    g.apply(PruneKernels(0.85))
    for u, v, data in g.edges(data=True):
        if data.get("op", "weight") == "weight":
            g[u][v]["trainable"] = False
    for name, data in g.nodes(data=True):
        if data["role"] != "input":
            g.nodes[name]["trainable"] = False
    g.restart_journal()
    return g


def population(locations: Locations, people: int) -> list[Genome]:
    """Genomes as the paper draws them: no add-ons with probability 0.8, else one of the choices."""
    rng = np.random.default_rng(0)
    counts = [len(locations.choices(i)) for i in range(locations.gene_count)]
    return [tuple(int(rng.integers(n)) if rng.random() < 0.2 else -1 for n in counts) for _ in range(people)]


def batch(rows: int, seed: int) -> tuple[Tensor, Tensor]:
    """Random images in channels_last, and classes."""
    drawn = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 3, 32, 32, generator=drawn).contiguous(memory_format=torch.channels_last)
    return x, torch.randint(10, (rows,), generator=drawn)


class Recompiling:
    """Every individual as a graph of its own: edited, compiled, trained, evaluated, written back."""

    def __init__(self, net: AddOnSupernet, clock: Callable[[], float]) -> None:
        self.net, self.clock = net, clock
        self.parts: list[list[float]] = []

    def __call__(self, genomes: Sequence[Genome], batches: list, held: tuple[Tensor, Tensor]) -> list[float]:
        """The loss of each individual on what is held out."""
        return [self.one(genome, mine, held) for genome, mine in zip(genomes, batches, strict=True)]

    def one(self, genome: Genome, batches: list, held: tuple[Tensor, Tensor]) -> float:
        """One of them."""
        times = [self.clock()]
        graph = self.net.build(genome)
        times.append(self.clock())
        own = compiler.compile(graph, batch_size=self.net.options.batch_size).eval()
        times.append(self.clock())
        parameters = list(own.parameters())
        if parameters and batches:
            optimizer = torch.optim.SGD(parameters, lr=LEARNING_RATE, momentum=MOMENTUM, nesterov=True)
            for x, y in batches:
                optimizer.zero_grad()
                F.cross_entropy(own(x), y).backward()
                torch.nn.utils.clip_grad_norm_(parameters, CLIP)
                optimizer.step()
        times.append(self.clock())
        with torch.no_grad():
            answers = torch.cat([own(x) for x in held[0].split(100)])
            loss = F.cross_entropy(answers, held[1]).item()
        own.write_back()
        times.append(self.clock())
        self.parts.append([b - a for a, b in pairwise(times)])
        return loss


def measure(
    graph: NeuronGraph, setting: tuple[int, int, int, bool], people: int, rounds: int, clock
) -> tuple[list, list]:
    """A row of either table."""
    count, rows, held_out, alike = setting
    locations, held = Locations(graph), batch(held_out, 0)
    nets = {
        f"{together} together": AddOnSupernet(
            graph, locations, AddOnOptions(momentum=MOMENTUM, clip=CLIP, batch_size=rows, together=together)
        )
        for together in TOGETHER
    }
    genomes = population(locations, people)
    batches = [[batch(rows, 1 + person * count + at) for at in range(count)] for person in range(people)]
    batches = [batches[0]] * people if alike else batches
    start = nets["1 together"].state()
    drawn = torch.Generator().manual_seed(0)
    for name, weights in start.items():  # as if they had learned something
        if name.endswith("outgoing"):
            weights.copy_(0.05 * torch.randn(weights.shape, generator=drawn))
    recompiling = Recompiling(nets["1 together"], clock)

    def by_supernet(net: AddOnSupernet) -> list[float]:
        net.train(genomes, batches, LEARNING_RATE)
        return net.evaluate(genomes, held)[0].tolist()

    runs = {"recompiling": lambda: recompiling(genomes, batches, held)}
    runs |= {name: lambda net=net: by_supernet(net) for name, net in nets.items()}
    prepare = {name: (lambda: [net.load(start) for net in nets.values()]) for name in runs}
    if not count:
        for name in runs:
            prepare[name]()
        assert np.allclose(runs["recompiling"](), runs["1 together"](), rtol=1e-3)
    recompiling.parts.clear()
    seconds = interleaved(runs, rounds, prepare, clock)
    each = {name: statistics.median(spent) / people for name, spent in seconds.items()}
    ratios = [f"{1 / median_ratio(seconds, name, 'recompiling'):.2f}" for name in nets]
    title = f"{count} x {rows}{', the same for all' if alike else ''}; {held_out} samples"
    parts = [format_seconds(float(np.median([p[at] for p in recompiling.parts]))) for at in range(4)]
    return [title, *(f"{3600 / each[name]:,.0f}" for name in runs), *ratios], [title, *parts]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--channels", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(1)
    graph, clock = network(options.channels), clock_for(1)
    rows = [measure(graph, setting, options.people, options.rounds, clock) for setting in SETTINGS]
    title = f"individuals per hour, six layers of {options.channels} channels, 32 x 32, one thread"
    columns = [
        "trained; evaluated",
        "recompiling",
        *(f"{n} together" for n in TOGETHER),
        *(f"ratio, {n}" for n in TOGETHER),
    ]
    show(title, columns, [speed for speed, _ in rows])
    costs = ["trained; evaluated", "copy and edits", "compile", "training", "evaluation and write-back"]
    show("where recompiling spends its time", costs, [cost for _, cost in rows])


if __name__ == "__main__":
    main()
