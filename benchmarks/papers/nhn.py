"""Neuron hierarchical networks, table 1 and the discussion: the whole pipeline on two processor cores.

CIFAR-10 with 10,000 training images (and the whole test part), six layers of 16 channels in three segments, the preset
`quick`: what pruning costs, what add-on neurons win back, and what they are held against.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import search
from benchmarks.papers.store import collect, known, markdown, spread
from neurograph.builders import parameter_count
from neurograph.network import NeuronGraph
from search.nhn.pipeline.options import read_stage_options
from search.nhn.pipeline.report import ROWS, rows_of, score
from search.runs import open_run

SEEDS = 3
DATA = "cifar10:10000"
LESS = {"less": "pruned less, to as many parameters as with add-ons, trained as long"}
PAPER = ["the paper: 12 layers of 36 channels, 50,000 images, GTX 1080 Ti", "7,000,000", "3.48", "1.76", "165,600"]


def table(seeds: int, directory: Path) -> str:
    """Run what is missing, and tell it."""

    def run(seed: int) -> Mapping[str, Any]:
        where = directory / "nhn-quick" / f"run-{seed}"
        if (where / "config.json").exists():
            made = search.resume(where, progress=True)
        else:
            made = search.neuron_hierarchy(DATA, run=where, preset="quick", progress=True, seed=seed)
        return {"results": made.results}

    def less(seed: int) -> Mapping[str, Any]:
        results = known("nhn-quick", "pipeline", seed, directory)["results"]
        return pruned_less(directory / "nhn-quick" / f"run-{seed}", results)

    found = collect("nhn-quick", {"pipeline": run, "pruned less": less}, seeds, directory)
    runs = [rows_of(each["results"]) for each in found.get("pipeline", [])]
    for rows, fewer in zip(runs, found.get("pruned less", []), strict=False):
        rows["less"] = fewer
    lines = [_line(label, [rows[name] for rows in runs if name in rows]) for name, label in (ROWS | LESS).items()]
    head = ["network", "parameters", "test error, %", "score", "seconds"]
    return markdown(head, [PAPER, *(line for line in lines if line)]) + "\n" + _differences(runs)


def pruned_less(where: Path, results: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the parameters of add-on neurons are worth left to the network: a pipeline's, pruned that much less.

    Its ratio is such that the parameters come out as those of the network with add-ons; trained as the pruned one was.
    """
    options = read_stage_options(settings=open_run(where).config()["options"])
    before, after, wanted = (results[stage]["parameters"] for stage in ("trained", "pruned", "final"))
    share = (before - wanted) / (before - after)
    graph = NeuronGraph.load(where / "trained" / "graph.safetensors")
    search.prune_network(graph, DATA, replace(options.prune, ratio=options.prune.ratio * share))
    search.train(graph, DATA, options.retrain)
    trained = search.train(graph, DATA, options.final)
    return {"test_error": trained.test_error, "parameters": parameter_count(graph)}


def _line(label: str, runs: list[Mapping[str, Any]]) -> list[str]:
    if not runs or runs[0].get("test_error") is None:
        return []
    sizes, errors = [r.get("parameters") for r in runs], [r["test_error"] for r in runs]
    known = [size for size in sizes if size is not None]
    scores = [score(error, size) for error, size in zip(errors, sizes, strict=True) if size is not None]
    seconds = [r["seconds"] for r in runs if r.get("seconds") is not None]
    return [
        label,
        f"{mean(known):,.0f}" if known else "",
        spread(errors),
        spread(scores) if scores else "",
        f"{mean(seconds):.0f}" if seconds else "",
    ]


def _differences(runs: Sequence[Mapping[str, Mapping[str, Any]]]) -> str:
    """Pairs within a seed, in points of test error."""
    asked = (
        ("pruning costs", "retrained", "trained"),
        ("add-ons win back, against training on without them", "control", "final"),
        ("and against pruning less", "less", "final"),
        ("taking them away costs", "removed", "final"),
    )
    text_lines = []
    for label, one, other in asked:
        both = [r for r in runs if one in r and other in r]
        if both:
            text_lines.append(
                f"- {label}: {spread([r[one]['test_error'] - r[other]['test_error'] for r in both])} points"
            )
    return "\n".join(text_lines) + "\n"
