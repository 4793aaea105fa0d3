"""Evolve small networks for the digits: errors and synapses at once, weights by gradient between generations.

    python examples/evolve_digits.py

Genomes begin with a few synapses. Mutation connects, splits and cuts, some steps of Adam train everybody as one
program, and DEAP's NSGA-II keeps what is best for its size. What is printed in the end are errors on the test part. Run
it again to go on where it was stopped.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from deap import tools
from neurograph.search.datasets import load
from neurograph.search.evolution import EvolutionOptions, Learning, Policy, evolve, make_toolbox

from neurograph import NeuronGraph, compiler
from neurograph.draw.tradeoff import Curve, tradeoff


def sparse_start(rng: np.random.Generator) -> NeuronGraph:
    """Ten outputs, each of which reads some pixels."""
    graph = NeuronGraph()
    pixels = graph.add_population("pixels", 64, role="input")
    each = int(rng.integers(4, 16))
    for digit in graph.add_population("digit", 10, is_output=True, bias=0.0):
        read = [pixels[at] for at in rng.choice(64, each, replace=False)]
        graph.connect(read, [digit], weight=rng.normal(size=(each, 1)) / each**0.5)
    return graph


def main(
    generations: int = 40, population: int = 60, steps: int = 20, seed: int = 0, out: str | Path = "runs/evolve-digits"
) -> Path:
    """Evolve, print the front by synapses and errors on the test part, and return its picture."""
    digits = load("digits").flat()
    x, y = digits.train_x, digits.train_y
    changes = Policy(connect=0.8, split=0.3, cut=0.3, remove=0.0, perturb=0.0, activations=("relu",))
    toolbox = make_toolbox([changes] * 5)
    toolbox.register("select", lambda individuals, count, rng: tools.selNSGA2(individuals, count))
    found = evolve(
        sparse_start,
        lambda one, net: (100 * (net(x).argmax(1) != y).float().mean(), one.synapses),
        EvolutionOptions(population, generations, objectives={"error": -1.0, "synapses": -1.0}, seed=seed),
        learning=Learning((x, y), F.cross_entropy, steps=steps, rate=0.02, batch=256),
        toolbox=toolbox,
        progress=lambda search, record: print(f"generation {record['generation']}: at best {record['min'][0]:.1f}%"),
        run=out,
        resume=True,
    )
    front = sorted(found.hall, key=lambda one: one.synapses)
    nets = compiler.compile_population([one.graph for one in front], cut_off=True)
    with torch.no_grad():
        errors = 100 * (nets(digits.test_x).argmax(2) != digits.test_y).float().mean(1)
    sizes = [one.synapses for one in front]
    for size, error in zip(sizes, errors.tolist(), strict=True):
        print(f"{size:>5} synapses {error:6.2f}%")
    front_of = Curve("evolved, a network a point", sizes, [[error] for error in errors.tolist()], strong=True)
    return tradeoff(
        [front_of], {}, Path(out) / "front.png", size_name="synapses", title="Digits: what synapses are worth"
    )


if __name__ == "__main__":
    main()
