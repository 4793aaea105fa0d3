"""CompNet: the moment after the insertion, at several widths; nothing is trained on.

VGG15 at an eighth of the width, a layer between `pool3` (32 channels) and `conv4_1`: what the test accuracy is before
and right after, for the joint fit, for CompNet's algorithms 1 and 3 and for filters drawn at random, 64 of which are
drawn.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import compiler
from benchmarks.papers.compnet import VGG_EIGHTH, grown_up, inserted
from benchmarks.papers.store import collect, markdown, spread
from search.datasets import Dataset, load
from search.training import evaluate

SEEDS = 3
NAME = "compnet-after"
WIDTHS = 20, 12, 8
WAYS: dict[str, int | str] = {"joint fit": "joint", "algorithm 1": 1, "algorithm 3": 3, "random filters": "random"}


def table(seeds: int, directory: Path) -> str:
    """Run what is missing, and tell it."""
    data, folder = load(VGG_EIGHTH.data), directory / VGG_EIGHTH.name
    rows = {
        f"{name}, {width}": partial(after, data, folder, {"algorithm": way, "target": width})
        for width in WIDTHS
        for name, way in WAYS.items()
    }
    lines = [
        [
            name,
            spread([run["before"] for run in runs]),
            spread([run["after"] for run in runs]),
            spread([run["before"] - run["after"] for run in runs]),
            spread([100 * run["missed"] for run in runs]),
            f"{mean(run['inserting'] for run in runs):.1f}",
        ]
        for name, runs in collect(NAME, rows, seeds, directory).items()
    ]
    head = ["layer, channels", "test accuracy before, %", "right after, %", "lost, points", "missed, %", "CPU seconds"]
    return markdown(head, lines)


def after(data: Dataset, folder: Path, options: dict[str, Any], seed: int) -> Mapping[str, float]:
    """A parent before, and right after it got its layer."""
    graph = grown_up(VGG_EIGHTH, data, folder, seed)
    net, details, seconds = inserted(VGG_EIGHTH, graph.copy(), data, VGG_EIGHTH.edit | options | {"seed": seed})
    net.refresh()
    parent = compiler.compile(graph, batch_size=VGG_EIGHTH.recipe["batch_size"])
    before, now = (100 - evaluate(each, data.test_x, data.test_y)[1] for each in (parent, net))
    return {"before": before, "after": now, "missed": details["reconstruction_error"], "inserting": seconds}
