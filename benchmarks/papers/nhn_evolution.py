"""Neuron hierarchical networks, the discussion: does evolution find better places for add-on neurons than chance does?

A narrow network on 12,000 images of Fashion-MNIST, trained and pruned as the pipeline does; then the location search by
evolution and by drawing everyone anew, at an equal budget and from equal seeds. What each finds is looked at twice on
the 10,000 test images: as the search left it, and after its add-ons alone were trained from their first weights for as
long as everyone else's, which tells good places from weights that were trained for long.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import compiler
import search
from benchmarks.papers.store import collect, markdown, spread
from neurograph.builders import enas_macro, parameter_count
from neurograph.network import NeuronGraph
from search.datasets import load
from search.nhn.addons import AddOnOptions
from search.nhn.locations import EvolutionOptions, Turn, add_on_task
from search.nhn.locations import search as search_places
from search.nhn.locations.genes import Genome
from search.nhn.locations.options import PAPER
from search.nhn.locations.supernet import AddOnEvaluator
from search.nhn.locations.turns import Weights
from search.nhn.locations.walk import BatchOptions
from search.nhn.pipeline.presets import PRESETS
from search.training import evaluate

SEEDS = 6
NAME = "nhn-evolution"
DATA = "fashion-mnist:12000"
LAYERS = [["conv3"], ["conv5", 1], ["conv3", 0, 1], ["conv5", 0, 0, 1], ["conv3", 0, 0, 1, 0], ["conv3", 0, 0, 0, 1, 0]]
TRAINING: dict[str, Any] = PRESETS["quick"]["train"] | {"epochs": 10, "crop": 2, "standardise": True}
PRUNING: dict[str, Any] = PRESETS["quick"]["prune"] | {"epochs": 10, "settle": 4, "crop": 2, "standardise": True}
STRATEGIES = "evolution", "random"
KEYS = {
    "held_out_error": "held-out error, %",
    "held_out_loss": "held-out loss",
    "test_error": "test error, %",
    "test_loss": "test loss",
    "alone_error": "test error trained alone, %",
    "alone_loss": "test loss trained alone",
}
BATCHES = BatchOptions(batch_size=64, evaluation_batch=500, validation=0.25, crop=2)
ADDONS = AddOnOptions(start="drawn", sensitivity="deviation")
SEARCH = EvolutionOptions(**PAPER, cycles=25, train_batches=10)
ALONE = (0.05, 200), (0.005, 100)  # learning rates, and batches at each


def table(seeds: int, directory: Path) -> str:
    """Run what is missing, and tell it."""
    start = pruned(directory / NAME)
    rows = {strategy: partial(found, start, strategy) for strategy in STRATEGIES}
    runs = collect(NAME, rows, seeds, directory)
    bare = tested(NeuronGraph.load(start))
    head = ["places found by", *KEYS.values(), "places", "add-on neurons"]
    lines = [["nobody", "", "", f"{bare[1]:.2f}", f"{bare[0]:.4f}", "", "", "0", "0"]]
    for name, those in runs.items():
        figures = [spread([run[key] for run in those], 4 if "loss" in key else 2) for key in KEYS]
        lines.append([name, *figures, *(spread([run[key] for run in those], 1) for key in ("places", "add_ons"))])
    return markdown(head, lines) + _paired(runs)


def pruned(folder: Path) -> Path:
    """The file of the network that the searches begin with, made where it is not there."""
    path = folder / "pruned.safetensors"
    if not path.exists():
        graph = enas_macro(LAYERS, channels=8, inputs=1, size=28)
        search.train(graph, DATA, **TRAINING)
        search.prune_network(graph, DATA, **PRUNING)
        folder.mkdir(parents=True, exist_ok=True)
        graph.save(path)
    return path


def found(start: Path, strategy: str, seed: int) -> Mapping[str, Any]:
    """What a search finds, and what it is worth."""
    evaluator = add_on_task(start, DATA, batches=BATCHES, addons=ADDONS).built()
    result = search_places(evaluator, replace(SEARCH, strategy=strategy, seed=seed))
    best = result.best
    graph = evaluator.build(best.genome, result.weights)
    loss, error = tested(graph)
    alone = tested(evaluator.build(best.genome, trained_alone(evaluator, best.genome)))
    return {
        "genome": list(best.genome),
        "held_out_error": best.error,
        "held_out_loss": best.loss,
        "test_error": error,
        "test_loss": loss,
        "alone_error": alone[1],
        "alone_loss": alone[0],
        "parameters": parameter_count(graph),
        "add_ons": len(graph) - len(NeuronGraph.load(start)),
        "places": len(evaluator.locations.places(best.genome)),
    }


def trained_alone(evaluator: AddOnEvaluator, genome: Genome) -> Weights:
    """The add-ons of one genome after training from their first weights, nobody else's before them."""
    weights, begun = evaluator.weights(), 0
    for rate, batches in ALONE:
        turn = Turn((genome,), (range(begun, begun + batches),), (range(1),), rate, weights)
        weights, begun = weights | evaluator(turn).weights, begun + batches
    return weights


def tested(graph: NeuronGraph) -> tuple[float, float]:
    """Loss, and error in percent, on the test images."""
    data = load(DATA).standardised()
    return evaluate(compiler.compile(graph), data.test_x, data.test_y)


def _paired(runs: Mapping[str, list[dict[str, Any]]]) -> str:
    """Evolution minus chance, seed by seed."""
    text_lines = []
    for key, label in KEYS.items():
        pairs = zip(*(runs.get(name, []) for name in STRATEGIES), strict=False)
        differences = [evolved[key] - drawn[key] for evolved, drawn in pairs]
        if differences:
            better = sum(difference < 0 for difference in differences)
            text_lines.append(f"- {label}: {spread(differences, 3)}, below in {better} of {len(differences)}")
    return "\n".join(["", "Evolution minus chance, seed by seed:", "", *text_lines, ""])
