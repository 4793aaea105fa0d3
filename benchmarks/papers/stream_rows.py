"""Ways to keep up with a stream: fixed networks, regularized ones, and those whose neurons die and are born."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from statistics import mean
from typing import Any

import torch
from torch import Tensor, nn

import compiler
from benchmarks.papers.stream_problems import Problem
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import Renew
from neurograph.errors import DivergenceError
from search import metabolize_stream
from search.streams import Stream
from search.training.tasks import faults, loss_of

Settings = dict[str, Any]
Figures = Mapping[str, Any]


SLOW = (3e-4, 6e-4, 1e-3, 2e-3)
LARGE = 3.0  # newborns' weights, of those of a new network
PUBLISHED: dict[str, Any] = {"utility": "contribution", "decay": 0.99, "age": 100, "every": 1}
OURS: dict[str, Any] = {"every": 40, "age": 20, "decay": 0.9}


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
    """A network whose neurons die and are born; where it may grow, by half."""
    if "newborns" in fixed:
        fixed["growth_limit"] = problem.sizes[1] * 3 // 2
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
    """A way to keep up.

    Parameters
    ----------
    run
        Called with problem, settings, seed and tasks.
    grid
        From a problem to the eight settings that the row is tried with.
    whole
        Whether these are compared over all tasks: half of them hide most of what a network loses slowly.
    """

    run: Callable[..., Figures]
    grid: Callable[[Problem], tuple[Settings, ...]]
    whole: bool = False


def staying(regular: Regular, learning: Sequence[float] = SLOW, layered: bool = False, **own: Sequence[float]) -> Row:
    """A network that stays as it is: learning rates, each with each strength of its own."""
    return Row(partial(plain, regular=regular, layered=layered), lambda _: each_with(learning, **own), whole=True)


def changing(published: bool = False, lower: float = 0.1, **fixed: Any) -> Row:
    """A network whose neurons die and are born: learning rates of the problem, each with two rates of births."""
    return Row(
        partial(living, **(PUBLISHED if published else OURS), **fixed),
        lambda problem: each_with(problem.learning, rate=(lower * problem.births[1], problem.births[1])),
    )


def each_with(learning: Sequence[float], **own: Sequence[float]) -> tuple[Settings, ...]:
    """Learning rates, each with each value of another setting, where there is one."""
    alone: tuple[Settings, ...] = tuple({"learning_rate": rate} for rate in learning)
    return tuple(one | {name: value} for one in alone for name, values in own.items() for value in values) or alone


FIXED, METABOLISM, PUBLISHED_ROW, CHANCE = "fixed", "metabolism", "continual backprop", "births and deaths by chance"
QUIET, LOUD = "metabolism, newborns small", "continual backprop, newborns large"
ROWS: dict[str, Row] = {
    FIXED: staying(nothing, (2e-4, 3e-4, 5e-4, 7e-4, 1e-3, 1.4e-3, 2e-3, 4e-3)),
    METABOLISM: changing(lower=0.625, newborn_scale=LARGE),
    PUBLISHED_ROW: changing(published=True),
    CHANCE: changing(lower=0.25, newborn_scale=LARGE, chosen="chance"),
    "L2": staying(l2, strength=(1e-4, 1e-3)),
    QUIET: changing(lower=0.625),
    LOUD: changing(published=True, newborn_scale=LARGE),
    "L2 towards the start": staying(towards_start, strength=(1e-3, 1e-2)),
    "shrink and perturb": staying(shrink_and_perturb, strength=(1e-5, 1e-4)),
    "layer norm": staying(nothing, (3e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3e-2), layered=True),
    "redo": Row(redo, lambda problem: each_with(problem.learning, tau=(0.025, 0.1))),
    "metabolism that may grow": changing(lower=0.625, newborn_scale=LARGE, newborns=8, cycle=3),
}
