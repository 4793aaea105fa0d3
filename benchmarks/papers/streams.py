"""Networks on streams: how long they go on learning, fixed, regularized, and with neurons that die and are born.

Every row is tuned with the same budget, eight settings of learning rate and of its own strength, on two seeds of their
own over half as many tasks, and runs with the best of them. What is compared is the accuracy of the last pass over each
task, in the last quarter of the tasks: whether a network still learns what it could learn at first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import compiler
from benchmarks.papers.store import found, keep, known, markdown, spread
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import Renew
from neurograph.errors import DivergenceError
from search import metabolize_stream
from search.datasets import Dataset, load
from search.streams import Stream, bit_flipping, class_incremental, class_pairs, permuted_pixels, random_labels
from search.training.tasks import faults, loss_of

SEEDS, TUNING = 10, 2
FIRST_TUNING = 1000  # seeds that settings are chosen by; no other row is run with them
T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}  # by seeds
Settings = dict[str, Any]
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """A stream and the network that is to keep up with it.

    Parameters
    ----------
    about
        What it is, in a line.
    sizes
        Of the layers.
    stream
        From a seed and a number of tasks to the stream.
    tasks
        How many.
    judged
        What is compared: "last pass" (accuracy of a task's last pass), "online", "test", or "error" (online).
    """

    about: str
    sizes: tuple[int, ...]
    stream: Callable[[int, int], Stream]
    tasks: int
    judged: str = "last pass"


@cache
def images(name: str) -> Dataset:
    """A data set as rows of pixels, read once."""
    return load(name).flat()


@cache
def small_mnist(side: int = 2) -> Dataset:
    """MNIST, squares of pixels averaged, as rows of pixels."""
    data = load("mnist")
    pooled = [F.avg_pool2d(x, side).flatten(1) for x in (data.train_x, data.test_x)]
    size = tuple(pooled[0].shape[1:])
    return replace(data, name=f"mnist/{side}", train_x=pooled[0], test_x=pooled[1], input_shape=size)


PROBLEMS: dict[str, Problem] = {
    "random labels, small": Problem(
        "28 tasks of 240 images of MNIST (14 x 14, pixels averaged) with random labels, 12 passes each, batches of 16",
        (196, 64, 64, 64, 10),
        lambda seed, tasks: random_labels(small_mnist(), tasks, 240, 12, 16, seed),
        28,
    ),
    "random labels": Problem(
        "24 tasks of 640 images of MNIST with random labels, 15 passes each, batches of 16",
        (784, 100, 100, 100, 10),
        lambda seed, tasks: random_labels(images("mnist"), tasks, 640, 15, 16, seed),
        24,
    ),
    "permuted pixels": Problem(
        "40 tasks of 10,000 images of MNIST, the pixels of each task in another order, one pass, batches of 16",
        (784, 100, 100, 100, 10),
        lambda seed, tasks: permuted_pixels(images("mnist"), tasks, 10_000, 16, seed),
        40,
        "online",
    ),
    "pairs of classes": Problem(
        "45 pairs of CIFAR-10's classes, 300 batches of 32 each; accuracy on the pair's test images after its task",
        (3072, 100, 100, 2),
        lambda seed, tasks: class_pairs(images("cifar10"), tasks, 300, 32, seed),
        45,
        "test",
    ),
    "classes that come": Problem(
        "CIFAR-10, two classes more a task, 3 passes; accuracy on the test images of all classes so far",
        (3072, 100, 100, 10),
        lambda seed, tasks: class_incremental(images("cifar10"), 2, 3, 32, seed),
        5,
        "test",
    ),
    "bit flipping": Problem(
        "the slowly changing regression at its published settings; online error in percent of the targets' variation",
        (21, 5, 1),
        lambda seed, tasks: bit_flipping(tasks * 10_000, seed=seed),
        100,
        "error",
    ),
}


# ------------------------------------------------------------------------------------------------ networks that stay
Regular = Callable[[nn.Module, list[Tensor], Settings, torch.Generator], None]


def nothing(net: nn.Module, start: list[Tensor], settings: Settings, drawn: torch.Generator) -> None:
    """Let the weights be."""


def towards_start(net: nn.Module, start: list[Tensor], settings: Settings, drawn: torch.Generator) -> None:
    """L2 towards the start: the gradient of strength / 2 times the squared distance (Kumar et al. 2023)."""
    for parameter, first in zip(net.parameters(), start, strict=True):
        assert parameter.grad is not None
        parameter.grad.add_(parameter.detach() - first, alpha=settings["strength"])


def l2(net: nn.Module, start: list[Tensor], settings: Settings, drawn: torch.Generator) -> None:
    """L2 in the gradient, as Adam has it."""
    for parameter in net.parameters():
        assert parameter.grad is not None
        parameter.grad.add_(parameter.detach(), alpha=settings["strength"])


def shrink_and_perturb(net: nn.Module, start: list[Tensor], settings: Settings, drawn: torch.Generator) -> None:
    """Weights shrink a little each step, and get a little noise (Ash and Adams 2020, at each step)."""
    for parameter in net.parameters():
        with torch.no_grad():
            parameter.mul_(1.0 - settings["strength"])
            parameter.add_(torch.randn(parameter.shape, generator=drawn), alpha=settings["strength"] * 0.1)


def plain(
    problem: Problem, settings: Settings, seed: int, tasks: int, regular: Regular, layered: bool = False
) -> Figures:
    """A network that stays as it is."""
    stream, graph = problem.stream(seed, tasks), mlp(problem.sizes, seed=seed)
    net = with_layer_norm(graph, problem.sizes) if layered else compiler.compile(graph, batch_size=16)
    optimizer = torch.optim.Adam(net.parameters(), lr=settings["learning_rate"], fused=True)
    start = [parameter.detach().clone() for parameter in net.parameters()]
    drawn, score = torch.Generator().manual_seed(seed), Score(stream)
    for step, (x, y) in enumerate(stream.batches()):
        optimizer.zero_grad()
        answers = net(x)
        loss_of(answers, y).backward()
        regular(net, start, settings, drawn)
        optimizer.step()
        score.add(step, answers.detach(), y, net)
    return score.figures()


def with_layer_norm(graph: NeuronGraph, sizes: Sequence[int]) -> nn.Sequential:
    """The same layers, with layer norm before each ReLU."""
    names, layers = list(graph.populations), []
    for at, (below, above) in enumerate(pairwise(names)):
        layer = nn.Linear(sizes[at], sizes[at + 1])
        weight = [[graph[u][v]["weight"] for u in graph.population(below)] for v in graph.population(above)]
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.zero_()
        last = at == len(sizes) - 2
        layers += [layer] if last else [layer, nn.LayerNorm(sizes[at + 1]), nn.ReLU()]
    return nn.Sequential(*layers)


class Score:
    """What a network answers, task by task: before it learns from a batch, and on tests after a task."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self.rows = stream, []
        self.every = stream.pass_steps or stream.task_steps or 1000
        self._anew()

    def _anew(self) -> None:
        self.wrong: Any = 0
        self.count, self.targets = 0, []

    def add(self, step: int, answers: Tensor, y: Tensor, net: nn.Module) -> None:
        """Take in a step."""
        self.wrong = self.wrong + faults(answers, y)
        self.count += len(y)
        if y.is_floating_point():
            self.targets.append(y)
        if (step + 1) % self.every:
            return
        of = self.count if not self.targets else float((t := torch.cat(self.targets)).sub(t.mean(0)).square().sum())
        row: dict[str, Any] = {"step": step + 1, "train_error": 100.0 * float(self.wrong) / of}
        if self.stream.tests and not (step + 1) % (self.stream.task_steps or 1):
            x, wanted = self.stream.tests(self.stream.task_of(step))
            with torch.no_grad():
                row["test_error"] = 100.0 * float(faults(net(x), wanted)) / len(wanted)
        self.rows.append(row)
        self._anew()

    def figures(self) -> Figures:
        return judged(self.rows, self.stream)


def judged(rows: Sequence[Mapping[str, Any]], stream: Stream) -> Figures:
    """Figures of the rows of a run: a number a task, and means over the last quarter and over all."""
    length = stream.task_steps or 1
    ends = [row for row in rows if not row["step"] % length]
    last = [100.0 - row["train_error"] for row in ends]
    online = [100.0 - row["train_error"] for row in rows]
    tests = [100.0 - row["test_error"] for row in ends if "test_error" in row]
    quarter = max(1, len(ends) // 4)
    part = max(1, len(online) // 4)
    figures = {"last pass": mean(last[-quarter:]), "online": mean(online[-part:]), "curve": last, "all": mean(last)}
    figures["error"] = 100.0 - mean(online[-part:])
    return figures | ({"test": mean(tests[-quarter:])} if tests else {})


# ---------------------------------------------------------------------------------------------- networks that live
def living(problem: Problem, settings: Settings, seed: int, tasks: int, **fixed: Any) -> Figures:
    """A network whose neurons die and are born."""
    stream, graph = problem.stream(seed, tasks), mlp(problem.sizes, seed=seed)
    every = stream.pass_steps or stream.task_steps or 1000
    try:
        lived = metabolize_stream(graph, stream, row=every, seed=seed, **fixed, **settings)
    except DivergenceError:  # what settings are chosen by; one that diverges is not chosen
        return {"last pass": 0.0, "online": 0.0, "test": 0.0, "all": 0.0, "error": 1e9, "curve": []}
    share = sum(row["event_seconds"] for row in lived.rows) / sum(row["seconds"] for row in lived.rows)
    died = sum(sum(row["died"].values()) for row in lived.rows)
    return {
        **judged(lived.rows, stream),
        "events, %": 100.0 * share,
        "died": died,
        "parameters": lived.rows[-1]["parameters"],
    }


def redo(problem: Problem, settings: Settings, seed: int, tasks: int, every: int = 200) -> Figures:
    """ReDo (Sokar et al. 2023): now and then, neurons far quieter than their layer begin anew."""
    stream, graph = problem.stream(seed, tasks), mlp(problem.sizes, seed=seed)
    net = compiler.compile(graph, batch_size=16)
    optimizer = torch.optim.Adam(net.parameters(), lr=settings["learning_rate"], fused=True)
    score, inner = Score(stream), list(graph.populations)[1:-1]
    for step, (x, y) in enumerate(stream.batches()):
        optimizer.zero_grad()
        answers = net(x)
        loss_of(answers, y).backward()
        optimizer.step()
        score.add(step, answers.detach(), y, net)
        if not (step + 1) % every:
            with torch.no_grad():
                values = net.run((x,))
            for name in inner:
                keys = graph.population_keys(name)
                (block,) = (b for b, members in enumerate(net.program.blocks) if members[0] in keys)
                size = values[block].abs().mean(0)
                dormant = (size <= settings["tau"] * size.mean()).numpy()
                names = graph.names_of(net.program.blocks[block][dormant])
                if names:
                    graph.apply(Renew(name, names, seed=step))
            net.refresh(optimizer)
    return score.figures()


# ------------------------------------------------------------------------------------------------------------- rows
@dataclass(frozen=True)
class Row:
    """A way to keep up: called with problem, settings, seed and tasks; its eight settings."""

    run: Callable[..., Figures]
    grid: tuple[Settings, ...]


def rates(*values: float) -> tuple[Settings, ...]:
    return tuple({"learning_rate": value} for value in values)


def grid(learning: Sequence[float], **own: Sequence[float]) -> tuple[Settings, ...]:
    """Learning rates, each with each strength."""
    ((name, values),) = own.items()
    return tuple({"learning_rate": rate, name: value} for rate in learning for value in values)


SLOW, FAST = (5e-4, 1e-3, 2e-3, 4e-3), (2e-3, 3e-3, 4e-3, 6e-3)
BY_CHANCE: dict[str, Any] = {"chosen": "chance", "every": 40}
PUBLISHED: dict[str, Any] = {"utility": "contribution", "decay": 0.99, "age": 100, "every": 1}
OURS: dict[str, Any] = {"every": 40, "age": 20, "decay": 0.9}
FIXED, METABOLISM, PUBLISHED_ROW, CHANCE = "fixed", "metabolism", "continual backprop", "births and deaths by chance"
ROWS: dict[str, Row] = {
    FIXED: Row(partial(plain, regular=nothing), rates(2e-4, 3e-4, 5e-4, 7e-4, 1e-3, 1.4e-3, 2e-3, 4e-3)),
    METABOLISM: Row(partial(living, **OURS), grid(FAST, rate=(40.0, 64.0))),
    PUBLISHED_ROW: Row(partial(living, **PUBLISHED), grid(FAST, rate=(6.4, 64.0))),
    CHANCE: Row(partial(living, **BY_CHANCE), grid(FAST, rate=(16.0, 64.0))),
    "L2": Row(partial(plain, regular=l2), grid(SLOW, strength=(1e-4, 1e-3))),
    "L2 towards the start": Row(partial(plain, regular=towards_start), grid(SLOW, strength=(1e-3, 1e-2))),
    "shrink and perturb": Row(partial(plain, regular=shrink_and_perturb), grid(SLOW, strength=(1e-5, 1e-4))),
    "layer norm": Row(partial(plain, regular=nothing, layered=True), rates(3e-4, 5e-4, *FAST, 1.6e-2, 3e-2)),
    "redo": Row(redo, grid(FAST, tau=(0.025, 0.1))),
    "metabolism that may grow": Row(
        partial(living, **OURS, newborns=8, cycle=3, growth_limit=96), grid(FAST, rate=(40.0, 64.0))
    ),
}
DECIDING = ((FIXED, METABOLISM, PUBLISHED_ROW), (CHANCE, "L2"))  # rows that are run first, those of a group together
OTHERS = tuple(row for row in ROWS if not any(row in group for group in DECIDING))
LEAST = 3  # seeds of the others


def table(seeds: int, directory: Path, only: Sequence[str] = tuple(PROBLEMS)) -> str:
    """Run what is missing, problem by problem; what is there as Markdown."""
    try:
        for name in only:
            _run(name, seeds, directory)
    except KeyboardInterrupt:
        print("streams | interrupted; what is there makes the table, and the command run again goes on")
    sections = [_section(name, directory, seeds) for name in PROBLEMS]
    return "\n".join(filter(None, sections)) + NOTES


def _run(name: str, seeds: int, directory: Path) -> None:
    """Tune every row and run it, those that decide first."""
    problem, folder = PROBLEMS[name], _folder(name)
    for rows in (*DECIDING, OTHERS):
        for row in rows:
            for seed in range(FIRST_TUNING, FIRST_TUNING + TUNING):
                for number, settings in enumerate(ROWS[row].grid):
                    run = partial(_half, problem, ROWS[row], settings)
                    keep(folder, f"tuning {row} {number}", seed, run, directory)
        for seed in range(min(seeds, LEAST) if rows is OTHERS else seeds):
            for row in rows:
                settings = best(name, row, directory)
                keep(folder, row, seed, partial(_whole, problem, ROWS[row], settings), directory)


def _half(problem: Problem, row: Row, settings: Settings, seed: int) -> Figures:
    return row.run(problem, settings, seed, max(1, problem.tasks // 2))


def _whole(problem: Problem, row: Row, settings: Settings, seed: int) -> Figures:
    return {**row.run(problem, settings, seed, problem.tasks), "settings": settings}


def best(name: str, row: str, directory: Path) -> Settings:
    """The settings of a row that did best on the seeds for that; those that diverged did worst."""
    judge = PROBLEMS[name].judged
    sign = -1.0 if judge == "error" else 1.0

    def score(number: int) -> float:
        seeds = range(FIRST_TUNING, FIRST_TUNING + TUNING)
        scores = [known(_folder(name), f"tuning {row} {number}", seed, directory) for seed in seeds]
        return mean(sign * one[judge] for one in scores)

    return ROWS[row].grid[max(range(len(ROWS[row].grid)), key=score)]


def _folder(name: str) -> str:
    return f"streams-{name.replace(' ', '-').replace(',', '')}"


def _section(name: str, directory: Path, seeds: int) -> str:
    """One problem's table, of what has been run."""
    problem, judge = PROBLEMS[name], PROBLEMS[name].judged
    rows: dict[str, dict[int, Figures]] = {}
    for row in ROWS:
        runs = {seed: found(_folder(name), row, seed, directory) for seed in range(seeds)}
        rows[row] = {seed: run for seed, run in runs.items() if run is not None}
    if not any(rows.values()):
        return ""
    sign = -1.0 if judge == "error" else 1.0
    ours, lines = rows[METABOLISM], []
    for row, runs in sorted(rows.items(), key=lambda item: -_mean(item[1], judge, sign)):
        if not runs:
            continue
        first = runs[min(runs)]
        settings = ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in first["settings"].items())
        events = spread([run["events, %"] for run in runs.values()], 1) if "events, %" in first else ""
        every = spread([run["all"] for run in runs.values()], 1)
        lines.append(
            [row, spread([run[judge] for run in runs.values()], 1), every, _apart(ours, runs, judge), settings, events,
             str(len(runs))]
        )  # fmt: skip
    head = [
        row_name(judge),
        "last quarter of the tasks",
        "all tasks",
        "metabolism less it, 95% interval",
        "settings",
        "events, % of the time",
        "seeds",
    ]
    return f"## {name.capitalize()}\n\n{problem.about}; {'-'.join(map(str, problem.sizes))}.\n\n{markdown(head, lines)}"


def row_name(judge: str) -> str:
    return {"last pass": "accuracy in the last pass, %", "error": "online error, %"}.get(judge, f"{judge} accuracy, %")


def _mean(runs: Mapping[int, Figures], judge: str, sign: float) -> float:
    return mean(sign * run[judge] for run in runs.values()) if runs else float("-inf")


def _apart(ours: Mapping[int, Figures], theirs: Mapping[int, Figures], judge: str) -> str:
    """The mean paired difference with its 95% interval, of the seeds that both have."""
    apart = [ours[seed][judge] - theirs[seed][judge] for seed in ours if seed in theirs]
    if ours is theirs or not apart:
        return ""
    if len(apart) < 2:
        return f"{apart[0]:+.1f}"
    half = T_95.get(len(apart), 1.96) * stdev(apart) / len(apart) ** 0.5
    return f"{mean(apart):+.1f} [{mean(apart) - half:+.1f}, {mean(apart) + half:+.1f}]"


NOTE = """\
Networks that learn from data that keep coming, each batch once, as it comes. One thread; Adam. Every row was tuned with
the same budget: eight settings of learning rate and of its own strength, two seeds of their own, half as many tasks.
What stands here is what has been run so far; the command goes on with the rest."""
NOTES = """"""
