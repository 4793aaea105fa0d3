"""What MetaNet's tables have in common: a network that grows, and the networks it has to be better than.

Every row is trained by the same recipe for as many epochs on the same examples, and tested after the last epoch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

import search
from benchmarks.papers.store import collect, known, markdown, spread, trained
from neurograph import draw
from neurograph.builders import parameter_count
from neurograph.edits import Autophagy, Proliferate
from neurograph.edits.selectors import Chance
from neurograph.initializers.newborns import Fresh
from neurograph.network import NeuronGraph
from search.datasets import Dataset
from search.growth.events import Event
from search.growth.metabolism import MetabolizeOptions
from search.options import read_options
from search.training import Trainer
from search.training.seeds import seed_of

K = 1024  # the paper's "k", with norm parameters and statistics counted
HEAD = ["network", "test error, %", "neurons per layer", "final parameters, k", "mean parameters, k", "seconds"]
_SHORT = {  # names in the picture
    "fixed, as many parameters as grown on average": "fixed, mean size",
    "fixed, final widths of grown": "fixed, final widths",
    "grown by chance, same births and deaths": "grown by chance",
    "fixed, start of grown": "fixed, start",
    "grown by the paper's rules": "the paper's rules",
}
Figures = dict[str, Any]


@dataclass(frozen=True)
class Contest:
    """A table.

    Parameters
    ----------
    name
        Of the table.
    data
        What is learned.
    start
        From widths and a seed to a network.
    first
        The widths that growth begins from.
    layers
        The populations that have them.
    recipe
        How all rows are trained.
    growth
        What more `search.metabolize` is told.
    """

    name: str
    data: Dataset
    start: Callable[[Sequence[int], int], NeuronGraph]
    first: tuple[int, ...]
    layers: tuple[str, ...] = ("hidden1", "hidden2")
    recipe: Mapping[str, Any] = field(default_factory=dict)
    growth: Mapping[str, Any] = field(default_factory=dict)

    def options(self, seed: int) -> MetabolizeOptions:
        """The recipe as options."""
        return read_options(MetabolizeOptions, settings={**self.recipe, "seed": seed})


def table(
    contest: Contest,
    paper: list[list[str]],
    seeds: int,
    directory: Path,
    more: Mapping[str, Contest] | None = None,
) -> str:
    """Run what is missing; the table as Markdown.

    Growth, growth by chance, fixed networks of its mean and its final size, the start, and growth in `more` ways.
    The first seed's errors over the epochs, on held-out examples, are drawn beside the kept results.
    """

    def of_grown(seed: int) -> Figures:
        return known(contest.name, "grown", seed, directory)

    rows = {
        "grown": lambda seed: grown(contest, seed),
        "fixed, as many parameters as grown on average": lambda seed: fixed_widths(
            contest, equal_widths(contest, of_grown(seed)["mean_size"]), seed
        ),
        "fixed, final widths of grown": lambda seed: fixed_widths(contest, of_grown(seed)["widths"], seed),
        "grown by chance, same births and deaths": lambda seed: by_chance(contest, of_grown(seed)["events"], seed),
        "fixed, start of grown": lambda seed: fixed_widths(contest, contest.first, seed),
    }
    rows |= {name: lambda seed, other=other: grown(other, seed) for name, other in (more or {}).items()}
    found = collect(contest.name, rows, seeds, directory)
    _draw(contest.name, found, directory / contest.name / "errors.png")
    lines = [_line(name, runs) for name, runs in found.items()]
    return markdown(HEAD, paper + lines) + unfinished(found, rows, seeds) + (paired(found) if "grown" in found else "")


def grown(contest: Contest, seed: int) -> Figures:
    """A network that metabolizes."""
    graph = contest.start(contest.first, seed)
    growth = {"populations": contest.layers, **contest.growth}
    result = search.metabolize(graph, contest.data, contest.options(seed), **growth)
    return figures(contest, result.graph, result.rows, result.test_error)


def by_chance(contest: Contest, events: Sequence[Mapping[str, Any]], seed: int) -> Figures:
    """One that gains and loses as many neurons after the same epochs; who dies and what is born is left to chance."""
    graph = contest.start(contest.first, seed)
    change = ByChance(events, seed, contest.growth.get("outgoing", "zero"))
    return figures(contest, graph, *trained(graph, contest.data, contest.options(seed), (change,)))


def fixed_widths(contest: Contest, widths: Sequence[int], seed: int) -> Figures:
    """A network that stays as it is."""
    graph = contest.start(widths, seed)
    return figures(contest, graph, *trained(graph, contest.data, contest.options(seed)))


def figures(contest: Contest, graph: NeuronGraph, rows: list[dict[str, Any]], error: float) -> Figures:
    """What is kept of a run: sizes with statistics, and per epoch the errors, the neurons and the events."""
    size = parameter_count(graph, statistics=True)
    trained = [row["parameters"] for row in rows]
    statistics = size / trained[-1]  # running statistics are a few in a thousand of all
    curve = ("epoch", "train_error", "validation_error", "parameters", "neurons", "edit")
    return {
        "error": error,
        "validation": rows[-1]["validation_error"],
        "size": size,
        "mean_size": mean(trained) * statistics,
        "widths": [rows[-1]["neurons"][name] for name in contest.layers],
        "events": [row["event"] for row in rows if row["event"]],
        "curve": [{name: row[name] for name in curve} for row in rows],
    }


def equal_widths(contest: Contest, size: float) -> tuple[int, ...]:
    """Equal widths of the layers with which a network has as many parameters as that, as nearly as can be."""
    low, high = 1, 2
    while _size(contest, high) < size:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _size(contest, middle) < size else (low, middle)
    width = min((low, high), key=lambda w: abs(_size(contest, w) - size))
    return (width,) * len(contest.first)


def _size(contest: Contest, width: int) -> int:
    return parameter_count(contest.start((width,) * len(contest.first), 0), statistics=True)


class ByChance:
    """A callback for `Trainer`: the births and deaths of another run, with fresh weights and by lot.

    Parameters
    ----------
    events
        Of that run, with "epoch", "born" and "died".
    seed
        Of the lots.
    outgoing
        See `Proliferate`.
    """

    def __init__(self, events: Sequence[Mapping[str, Any]], seed: int, outgoing: str = "zero") -> None:
        self.events, self.seed, self.outgoing = {event["epoch"]: event for event in events}, seed, outgoing

    def __call__(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Do what the other run did after this epoch."""
        other = self.events.get(row["epoch"])
        if other is None:
            return
        event = Event(trainer, "chance", 0)
        seed = seed_of(self.seed, "births and deaths by chance", row["epoch"]) % 2**32
        for name, count in other["died"].items():
            event.apply(Autophagy(name, Chance(count), 1, "remove", seed))
        for name, count in other["born"].items():
            if count:
                event.apply(Proliferate(name, count, Fresh(), self.outgoing, seed))
        row["event"] = event.close(born=other["born"], died=other["died"])
        row["edit"] = "births and deaths of another run"


def unfinished(found: Mapping[str, list[Figures]], rows: Mapping[str, Any], seeds: int) -> str:
    """Which rows lack seeds, empty where none does."""
    lacking = {name: len(found.get(name, [])) for name in rows if len(found.get(name, [])) < seeds}
    missing = ", ".join(f"{name} ({count} of {seeds} seeds)" for name, count in lacking.items())
    return f"\nUnfinished: {missing}.\n" if missing else ""


def paired(found: Mapping[str, list[Figures]]) -> str:
    """By how much the first row's error differs from each other's, seed by seed; in the words of a list."""
    (_, first), *others = found.items()
    text_lines = [
        f"- {name}: {spread([mine['error'] - its['error'] for mine, its in zip(first, runs, strict=False)])}"
        for name, runs in others
    ]
    note = "Test error of the grown network minus that of the other, in points, seed by seed:"
    return "\n".join(["", note, "", *text_lines, ""]) if text_lines else ""


def _draw(title: str, found: Mapping[str, list[Figures]], path: Path) -> None:
    curves = {name: runs[0]["curve"] for name, runs in found.items()}
    grown = curves.pop("grown", None)
    if grown:
        beside = {_SHORT.get(name, name): rows for name, rows in curves.items()}
        draw.growth(grown, path, title=f"{title}: error on held-out examples", beside=beside)


def _line(name: str, runs: list[Figures]) -> list[str]:
    widths = (round(mean(run["widths"][layer] for run in runs)) for layer in range(len(runs[0]["widths"])))
    return [
        name,
        spread([run["error"] for run in runs]),
        ", ".join(map(str, widths)),
        f"{mean(run['size'] for run in runs) / K:,.0f}",
        f"{mean(run['mean_size'] for run in runs) / K:,.0f}",
        f"{mean(run['seconds'] for run in runs):.0f}",
    ]
