"""Neuron hierarchical networks: searches for places of add-on neurons, and chance, in equal CPU seconds.

A narrow network on the digits, trained and pruned. Every search has the same CPU seconds, in which it measures what it
likes; the genomes that it hands over, ten at most, are then trained from their first weights by one long schedule. What
counts is the best loss among them on what is held out, and the hypervolume of (loss, parameters) beside the network
without add-ons. The rank correlation says how far each fitness agrees with that long schedule on genomes drawn at
random.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import thread_time
from typing import Any

import numpy as np

import search
from benchmarks.papers.store import collect, markdown, spread
from neurograph.builders import enas_macro
from search.nhn.addons import AddOnOptions
from search.nhn.locations import (
    PAPER,
    DesignOptions,
    EvolutionOptions,
    Searching,
    add_on_task,
    agreement,
    design,
    hypervolume,
)
from search.nhn.locations.designed import place_costs
from search.nhn.locations.genes import Genome, draw_genome
from search.nhn.locations.ranks import trained_loss
from search.nhn.locations.supernet import AddOnEvaluator
from search.nhn.locations.surrogate import indicators
from search.nhn.locations.walk import BatchOptions

SEEDS = 5
NAME = "nhn-places"
DATA = "digits"
LAYERS = [["conv3"], ["conv3", 1], ["conv3", 0, 1], ["conv3", 0, 1, 0], ["conv3", 0, 0, 1, 0]]
TRAINING: dict[str, Any] = {
    "batch_size": 64, "learning_rate": 5e-3, "schedule": "cosine", "epochs": 25, "standardise": True
}  # fmt: skip
PRUNING: dict[str, Any] = TRAINING | {"epochs": 20, "ratio": 0.6, "settle": 14}
BATCHES = BatchOptions(batch_size=64, evaluation_batch=250, validation=0.35, crop=0, flip=False)
LONG = (0.1, 80), (0.02, 40)
SECONDS = 20.0  # CPU, of a search
HANDED = 10
CYCLES = 40  # that the learning rates of evolution are laid out for; it is stopped when its time is over
OPTIONS: dict[str, EvolutionOptions] = {
    "evolution": EvolutionOptions(cycles=CYCLES, train_batches=10, racing=0),
    "evolution, the paper's fitness": EvolutionOptions(**PAPER, cycles=CYCLES, train_batches=10),
    "random, shared weights": EvolutionOptions(cycles=CYCLES, train_batches=10, racing=0, strategy="random"),
}


def table(seeds: int, directory: Path) -> str:
    """Run what is missing, and tell it."""
    evaluator = add_on_task(pruned(directory / NAME), DATA, kernels=(3,), batches=BATCHES, addons=ADDONS).built()
    searches: dict[str, Callable[[AddOnEvaluator, int], list[Genome]]] = {
        "design": designed,
        **{name: partial(evolved, options) for name, options in OPTIONS.items()},
        "random, one by one": drawn,
    }
    rows = {name: partial(figures, evaluator, how) for name, how in searches.items()}
    runs = collect(NAME, rows, seeds, directory)
    ranks = collect(NAME, {f"ranks of {name}": partial(ranked, evaluator, name) for name in OPTIONS}, 1, directory)
    head = ["places found by", "best held-out loss", "hypervolume", "mean loss", "measured", "CPU seconds"]
    lines = [
        [
            name,
            spread([run["best"] for run in those], 4),
            spread([run["hypervolume"] for run in those], 4),
            spread([run["mean"] for run in those], 4),
            spread([run["measured"] for run in those], 0),
            spread([run["cpu"] for run in those], 0),
        ]
        for name, those in runs.items()
    ]
    told = [f"- {name}: {those[0]['correlation']:.2f}" for name, those in ranks.items()]
    return markdown(head, lines) + "\n".join(["", "Rank correlation with the long schedule:", "", *told, ""])


ADDONS = AddOnOptions(count=4)


def pruned(folder: Path) -> Path:
    """The file of the network that the searches begin with, made where it is not there."""
    path = folder / "pruned.safetensors"
    if not path.exists():
        graph = enas_macro(LAYERS, channels=8, segments=1, inputs=1, size=8)
        search.train(graph, DATA, **TRAINING)
        search.prune_network(graph, DATA, **PRUNING)
        folder.mkdir(parents=True, exist_ok=True)
        graph.save(path)
    return path


def figures(
    evaluator: AddOnEvaluator, how: Callable[[AddOnEvaluator, int], tuple[list[Genome], int]], seed: int
) -> Mapping[str, Any]:
    """What a search hands over, and what that is worth after long training."""
    started = thread_time()
    genomes, measured = how(evaluator, seed)
    spent = thread_time() - started
    genomes = list(dict.fromkeys(genomes))[:HANDED]
    bare, each = place_costs(evaluator, ("parameters",))
    nobody = (-1,) * evaluator.space.gene_count
    losses = [trained_loss(evaluator, genome, LONG) for genome in genomes]
    start = evaluator.rate(nobody)[1]
    costs = (indicators(evaluator.space, genomes) @ each.T + bare)[:, 0]
    reference = (1.0, float(bare[0] + each.sum()))
    points = [(loss / start, cost) for loss, cost in zip(losses, costs.tolist(), strict=True)]
    whole = (reference[1] - float(bare[0])) * reference[0]
    return {
        "best": min(losses),
        "mean": float(np.mean(losses)),
        "hypervolume": hypervolume(points, reference) / whole,
        "bare": start,
        "measured": measured,
        "cpu": spent,
        "genomes": [list(genome) for genome in genomes],
    }


def designed(evaluator: AddOnEvaluator, seed: int) -> tuple[list[Genome], int]:
    """The front of a surrogate; training of each measurement is such that the whole takes its CPU seconds."""
    places = int(place_costs(evaluator, ())[1].shape[1])
    each = _seconds_a_batch(evaluator)
    total = SECONDS * 0.7 / each  # the rest is evaluation, genomes of several places, and the search on the surrogate
    found = design(
        evaluator,
        DesignOptions(
            batches=max(1, int(total / (2 * places + 1 + HANDED))),
            extra=places,
            evaluated=HANDED,
            generations=30,
            seed=seed,
        ),
    )
    return [one.genome for one in found.ranking], len(found.measured) + len(found.ranking)


def evolved(options: EvolutionOptions, evaluator: AddOnEvaluator, seed: int) -> tuple[list[Genome], int]:
    """A search over shared weights, stopped when its CPU seconds are over; its best by its own ranking."""
    searching = Searching(evaluator, replace(options, seed=seed))
    started = thread_time()
    while thread_time() - started < SECONDS and len(searching.rows) < CYCLES:
        searching.run_cycle()
    ranking = searching.rank([one.genome for one in searching.strategy.best()])
    return [one.genome for one in ranking], sum(row["evaluated"] for row in searching.rows)


def drawn(evaluator: AddOnEvaluator, seed: int) -> tuple[list[Genome], int]:
    """Genomes drawn at random, each trained by itself for as long as a design's; the best by what is held out."""
    rng, started, found = np.random.default_rng(seed), thread_time(), {}
    places = int(place_costs(evaluator, ())[1].shape[1])
    batches = max(1, int(SECONDS * 0.7 / _seconds_a_batch(evaluator) / (2 * places + 1 + HANDED)))
    while thread_time() - started < SECONDS:
        genome = tuple(draw_genome(evaluator.space, 0.8, rng))
        found[genome] = trained_loss(evaluator, genome, ((0.01, batches),))
    return sorted(found, key=lambda genome: found[genome]), len(found)


def ranked(evaluator: AddOnEvaluator, name: str, seed: int) -> Mapping[str, Any]:
    """How a fitness ranks thirty genomes, against the long schedule."""
    rng = np.random.default_rng(100 + seed)
    genomes = [tuple(draw_genome(evaluator.space, 0.8, rng)) for _ in range(30)]
    found = agreement(evaluator, list(dict.fromkeys(genomes)), replace(OPTIONS[name], seed=seed), LONG)
    return {"correlation": found.correlation}


def _seconds_a_batch(evaluator: AddOnEvaluator) -> float:
    genome = (0,) + (-1,) * (evaluator.space.gene_count - 1)  # most of what a design measures has one place
    started = thread_time()
    trained_loss(evaluator, genome, ((0.01, 10),))
    return (thread_time() - started) / 10
