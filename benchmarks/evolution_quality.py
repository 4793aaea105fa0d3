"""How soon searches solve XOR and the pole on a cart, and what gradient and evolution are worth on digits, over seeds.

    python -m benchmarks.evolution_quality xor pole digits [--seeds 20] [--out runs/evolution-quality.jsonl]

XOR and the pole (the equations of gymnasium's CartPole-v1, five episodes) are set beside neat-python 2.x with the
settings of its own examples (`xor`, `single-pole-balancing`), where it is installed; the search here has a population
as large and the same target. On digits evolution alone, gradient alone and both have the same floating-point
operations. Each run is a line of the file, so that a stopped measurement goes on. Times are the process's, on one
thread.
"""

import argparse
import json
import random
from collections.abc import Callable
from contextlib import suppress
from math import cos, sin
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from neurograph.search.datasets import load
from neurograph.search.evolution import EvolutionOptions, Learning, Policy, Species, evolve, make_toolbox

from benchmarks.neat_peer import config
from neurograph import NeuronGraph, compiler
from neurograph.builders import mlp

Row = dict[str, Any]
X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
GENERATIONS, EPISODES, STEPS = 300, 5, 500
FLOPS = 1.2e10  # of one run on digits
SCALE = (2.4, 3.0, 0.21, 3.0)  # where an episode ends, and usual speeds
POLE = {
    "population": 250, "goal": 499.5, "inputs": 4, "hidden": 1, "connect": "partial_direct 0.5", "add": 0.2,
    "cut": 0.2, "weights": 0.6,
}  # fmt: skip


def bred(**policy: Any) -> Any:
    """A toolbox with species."""
    toolbox = make_toolbox(Policy(**policy))
    toolbox.register("select", Species(threshold=3.0))
    return toolbox


def found_in(found: Any) -> Row:
    """What came of a search here."""
    return {"solved": found.reached, "generations": found.logbook[-1]["generation"], "evaluations": len(found.ancestry)}


# --- XOR --------------------------------------------------------------------------------------------------------------


def xor_here(seed: int, steps: int) -> Row:
    """Four squared errors of at most .1 in all, by evolution with so many steps of Adam in between."""
    toolbox = bred(connect=0.5, split=0.2, cut=0.3, remove=0.1, perturb=0.8, power=0.5)
    options = EvolutionOptions(
        150, GENERATIONS, elite=2, objectives={"error": -1.0}, goal=0.1, seed=seed, crossover=0.75
    )
    learning = Learning((X, Y), F.mse_loss, steps=steps, rate=0.1) if steps else None
    start = lambda rng: mlp([2, 1], seed=int(rng.integers(2**31)))  # noqa: E731
    error = lambda one, net: (net(X) - Y).square().sum()  # noqa: E731
    return found_in(evolve(start, error, options, learning=learning, toolbox=toolbox))


def xor_there(seed: int) -> Row:
    """The same by neat-python."""
    rows = list(zip(X.tolist(), Y[:, 0].tolist(), strict=True))
    return there(seed, lambda net: 4.0 - sum((net.activate(x)[0] - y) ** 2 for x, y in rows), {})


def there(seed: int, worth: Callable[[Any], float], changes: Row) -> Row:
    """A run of neat-python with the settings of an example."""
    import neat

    random.seed(seed)  # which is where it draws from
    settings, many = config(neat, **changes), [0]

    def fitness(genomes: list, given: Any) -> None:
        many[0] += len(genomes)
        for _, genome in genomes:
            genome.fitness = worth(neat.nn.FeedForwardNetwork.create(genome, given))

    peer = neat.Population(settings)
    best: Any = peer.run(fitness, GENERATIONS + 1)
    solved = best.fitness >= settings.fitness_threshold
    return {"solved": bool(solved), "generations": peer.generation, "evaluations": many[0]}


# --- the pole on a cart -----------------------------------------------------------------------------------------------


def balanced(push: Callable[[list[float]], bool], seed: int) -> int:
    """How many steps, of 500 at most, the pole stays up: CartPole-v1."""
    x, speed, angle, turn = np.random.default_rng(seed).uniform(-0.05, 0.05, 4).tolist()
    for step in range(STEPS):
        force = 10.0 if push([x / SCALE[0], speed / SCALE[1], angle / SCALE[2], turn / SCALE[3]]) else -10.0
        part = (force + 0.05 * turn * turn * sin(angle)) / 1.1
        bend = (9.8 * sin(angle) - cos(angle) * part) / (0.5 * (4.0 / 3.0 - 0.1 * cos(angle) ** 2 / 1.1))
        pull = part - 0.05 * bend * cos(angle) / 1.1
        x, speed, angle, turn = x + 0.02 * speed, speed + 0.02 * pull, angle + 0.02 * turn, turn + 0.02 * bend
        if abs(x) > 2.4 or abs(angle) > 0.2094395:
            return step + 1
    return STEPS


def pole_here(seed: int) -> Row:
    """The pole up to the end in all episodes."""

    def steps(one: Any, net: Any) -> float:
        return float(np.mean([balanced(lambda row: net.act(row)[0] > 0, at) for at in range(EPISODES)]))

    toolbox = bred(connect=0.2, split=0.2, cut=0.2, remove=0.2, perturb=0.8, power=0.5)
    options = EvolutionOptions(
        250, GENERATIONS, elite=2, objectives={"steps": 1.0}, goal=499.5, seed=seed, crossover=0.75
    )
    return found_in(evolve(lambda rng: mlp([4, 1], seed=int(rng.integers(2**31))), steps, options, toolbox=toolbox))


def pole_there(seed: int) -> Row:
    """The same by neat-python."""

    def steps(net: Any) -> float:
        return float(np.mean([balanced(lambda row: net.activate(row)[0] > 0.5, at) for at in range(EPISODES)]))

    return there(seed, steps, POLE)


# --- digits -----------------------------------------------------------------------------------------------------------


def sparse_start(rng: np.random.Generator) -> NeuronGraph:
    """Ten outputs, each of which reads ten pixels."""
    graph = NeuronGraph()
    pixels = graph.add_population("pixels", 64, role="input")
    for digit in graph.add_population("digit", 10, is_output=True, bias=0.0):
        read = [pixels[at] for at in rng.choice(64, 10, replace=False)]
        graph.connect(read, [digit], weight=rng.normal(size=(10, 1)) / 10**0.5)
    return graph


class Spent(Exception):
    """The operations are used up."""


def digits_evolved(seed: int, steps: int) -> Row:
    """The error on the test part of the best that a search finds in its operations, with steps of Adam or without."""
    digits, spent = load("digits").flat(), [0.0]
    x, y = digits.train_x, digits.train_y

    def loss(one: Any, net: Any) -> Any:
        spent[0] += one.synapses * (2 * len(x) + 6 * steps * 256)
        return F.cross_entropy(net(x), y)

    best: list[Any] = [None]

    def look(search: Any, record: Row) -> None:
        best[0] = search.best
        if spent[0] >= FLOPS:
            raise Spent

    policy = Policy(
        connect=0.8, split=0.3, cut=0.2, remove=0.0, perturb=0.0 if steps else 0.8, power=0.2, activations=("relu",)
    )
    toolbox = make_toolbox([policy] * 5 if steps else policy)
    learning = Learning((x, y), F.cross_entropy, steps=steps, rate=0.02, batch=256) if steps else None
    options = EvolutionOptions(60, 10**6, elite=5, objectives={"loss": -1.0}, seed=seed)
    with suppress(Spent):
        evolve(sparse_start, loss, options, learning=learning, toolbox=toolbox, progress=look)
    net = compiler.compile(best[0].graph)
    return {"solved": True, "error": _error(net, digits), "synapses": best[0].synapses, "flops": spent[0]}


def digits_trained(seed: int, graph: Callable[[np.random.Generator], NeuronGraph]) -> Row:
    """The same of one network that is trained in the same operations."""
    digits, rng = load("digits").flat(), np.random.default_rng(seed)
    made = graph(rng)
    net = compiler.compile(made)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    each = 6 * 256 * made.number_of_edges()
    steps = int(FLOPS // each)
    cooling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        rows = torch.from_numpy(rng.choice(len(digits.train_x), 256, replace=False))
        optimizer.zero_grad()
        F.cross_entropy(net(digits.train_x[rows]), digits.train_y[rows]).backward()
        optimizer.step()
        cooling.step()
    return {"solved": True, "error": _error(net, digits), "synapses": made.number_of_edges(), "flops": steps * each}


def dense(rng: np.random.Generator, hidden: int) -> NeuronGraph:
    """A layer of hidden neurons between pixels and digits."""
    return mlp([64, hidden, 10], seed=int(rng.integers(2**31)))


def _error(net: Any, digits: Any) -> float:
    net.eval()
    with torch.no_grad():
        return float(100 * (net(digits.test_x).argmax(1) != digits.test_y).float().mean())


# --- all of it --------------------------------------------------------------------------------------------------------

WAYS: dict[str, dict[str, Callable[[int], Row]]] = {
    "xor": {
        "with gradient": lambda seed: xor_here(seed, 10),
        "neat-python": xor_there,
        "evolution alone": lambda seed: xor_here(seed, 0),
    },
    "pole": {"evolution alone": pole_here, "neat-python": pole_there},
    "digits": {
        "gradient and evolution": lambda seed: digits_evolved(seed, 20),
        "evolution alone": lambda seed: digits_evolved(seed, 0),
        "gradient alone, 64-4-10": lambda seed: digits_trained(seed, lambda rng: dense(rng, 4)),
        "gradient alone, 64-32-10": lambda seed: digits_trained(seed, lambda rng: dense(rng, 32)),
    },
}
MOST = {"xor": 20, "pole": 10, "digits": 5}  # seeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", nargs="+", choices=list(WAYS))
    parser.add_argument("--seeds", type=int, help="20 of xor, 10 of the pole, 5 of digits unless given")
    parser.add_argument("--out", type=Path, default=Path("runs/evolution-quality.jsonl"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in given.out.read_text().splitlines()] if given.out.exists() else []
    known = {(row["problem"], row["way"], row["seed"]) for row in rows}
    for problem in given.problems:
        for seed in range(MOST[problem] if given.seeds is None else given.seeds):
            for way, run in WAYS[problem].items():
                if (problem, way, seed) not in known:
                    begun = process_time()
                    row = {"problem": problem, "way": way, "seed": seed, **run(seed)}
                    rows.append(row | {"seconds": process_time() - begun})
                    with given.out.open("a") as file:
                        file.write(json.dumps(rows[-1]) + "\n")
        show([row for row in rows if row["problem"] == problem])


def show(rows: list[Row]) -> None:
    """Print each way's means over seeds."""
    for way in dict.fromkeys(row["way"] for row in rows):
        mine = [row for row in rows if row["way"] == way]
        solved = [row for row in mine if row["solved"]]
        words = [f"{rows[0]['problem']}, {way}: {len(solved)} of {len(mine)}"]
        for what in ("generations", "evaluations", "error", "synapses", "seconds"):
            values = np.array([row[what] for row in solved if what in row])
            if len(values):
                words.append(
                    f"{what} {values.mean():.1f} ± {values.std():.1f} (median {np.median(values):.1f}, "
                    f"most {values.max():.1f})"
                )
        print("; ".join(words), flush=True)


if __name__ == "__main__":
    main()
