"""Births and deaths on a stream: how many are due, who dies, and whether the stream asks for more neurons."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from torch.optim import Optimizer

from neurograph import compiler
from neurograph.analysis.ages import Ages
from neurograph.analysis.observations import Observations
from neurograph.edits import Proliferate, Renew
from neurograph.edits.selectors import Chance, LowUtility
from neurograph.errors import OptionError
from neurograph.network import NeuronGraph

from ....training.seeds import seed_of
from ..events import growing_populations
from ..rules import loss_slope, of_each
from .options import StreamOptions


class Life:
    """The metabolism of a network on a stream.

    Parameters
    ----------
    net
        The network.
    optimizer
        That trains it.
    options
        See `StreamOptions`.

    Attributes
    ----------
    populations
        Those that metabolize.
    born, died
        Population -> how many since `count_anew`.
    seconds
        What that took.
    """

    def __init__(self, net: compiler.CompiledNetwork, optimizer: Optimizer, options: StreamOptions) -> None:
        self.net, self.optimizer, self.options = net, optimizer, options
        self.populations = metabolizing(net.graph, options)
        sizes = {name: len(net.graph.population(name)) for name in self.populations}
        self.rate = of_each(sizes, options.rate, "rate")
        self.newborns = of_each(sizes, options.newborns, "newborns")
        self.limit = of_each(sizes, options.growth_limit, "growth_limit")
        self.owed = dict.fromkeys(self.populations, 0.0)
        self.utility = compiler.RunningUtility(net, self.populations, decay=options.decay, form=options.utility)
        self.count_anew()

    @property
    def lives(self) -> bool:
        """Whether anybody ever dies."""
        return self.options.chosen != "none"

    def count_anew(self) -> None:
        """Begin to count births and deaths from nothing."""
        self.born, self.died = dict.fromkeys(self.populations, 0), dict.fromkeys(self.populations, 0)
        self.seconds = 0.0

    def after_step(self, step: int) -> None:
        """Let those die who are due after a step, counted from 1, and others be born in their places."""
        if not self.lives or step % self.options.every:
            return
        started, due = perf_counter(), self._due()
        if self.options.level or any(due.values()):
            seen, ages = self.utility.observations(), self.utility.ages()
            born = {name: self._renew(name, count, step, seen, ages) for name, count in due.items()}
            if any(born.values()):
                self._follow()
        self.seconds += perf_counter() - started

    def _follow(self) -> None:
        """Let the network and its optimizer follow the graph."""
        newborns: Any = self.options.newborn_state
        self.net.refresh(self.optimizer, newborns=newborns)

    def _due(self) -> dict[str, int]:
        """Population -> how many are due to die by the rate; what nobody is old enough for is let go."""
        for name in self.populations:
            self.owed[name] += self.rate[name] * self.options.every / 1000.0
        due = {name: int(owed) for name, owed in self.owed.items()}
        self.owed = {name: owed - due[name] for name, owed in self.owed.items()}
        return due

    def _renew(self, name: str, due: int, step: int, seen: Observations, ages: Ages) -> int:
        """Renew those of a population that are due and old enough, and those that contribute too little."""
        keys = self.net.graph.population_keys(name)
        grown = keys[ages.of(keys) >= self.options.age]
        count = min(len(grown), max(due, self._weak(seen, grown)))
        if count:
            seed = seed_of(self.options.seed, "renewal", step, self.populations.index(name)) % 2**32
            by = Chance(count) if self.options.chosen == "chance" else LowUtility(count)
            o, age = self.options, float(self.options.age)
            self.net.graph.apply(Renew(name, by, None, o.initializer, seed, seen, age, ages, o.newborn_scale))
            self.born[name], self.died[name] = self.born[name] + count, self.died[name] + count
        return count

    def _weak(self, seen: Observations, keys: np.ndarray) -> int:
        """How many of some neurons contribute less than the level."""
        if not self.options.level or not len(keys):
            return 0
        utility = seen.of_neurons("utility", keys)
        return int((utility < self.options.level * np.median(utility)).sum())

    def grow(self, losses: Sequence[float], grown: int, step: int) -> dict[str, int]:
        """Grow after a task where the stream asks for more; returns how many were born where.

        Parameters
        ----------
        losses
            Of all tasks so far.
        grown
            After how many of them it last grew, 0 for never.
        step
            So many steps are done.
        """
        free = {name: max(0, self.limit[name] - len(self.net.graph.population(name))) for name in self.populations}
        counts = {name: min(count, free[name]) for name, count in self.newborns.items()}
        if not any(counts.values()) or not asks_for_more(losses, grown, self.options):
            return {}
        started = perf_counter()
        for place, (name, count) in enumerate(counts.items()):
            if count:
                seed = seed_of(self.options.seed, "growth of a stream", step, place) % 2**32
                self.net.graph.apply(Proliferate(name, count, "fresh", "zero", seed))
                self.born[name] += count
        self._follow()
        self.seconds += perf_counter() - started
        return {name: count for name, count in counts.items() if count}

    def state_dict(self) -> dict[str, Any]:
        """What the next steps depend on, as plain values and tensors."""
        return {"owed": dict(self.owed), "utility": self.utility.state_dict()}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Go on from a saved state."""
        self.owed = {name: float(saved["owed"][name]) for name in self.populations}
        self.utility.load_state_dict(saved["utility"])


def metabolizing(graph: NeuronGraph, options: StreamOptions) -> tuple[str, ...]:
    """The populations that metabolize: those of the options, else all that are neither input nor output."""
    chosen: Any = options
    return growing_populations(graph, chosen)


def asks_for_more(losses: Sequence[float], grown: int, options: StreamOptions) -> bool:
    """Whether a stream asks for more neurons: for a whole cycle of tasks the loss has not fallen (MetaNet's eq. 1).

    Parameters
    ----------
    losses
        Online, one a task.
    grown
        After how many tasks the network last grew, 0 for never; the first one after that does not count.

    Examples
    --------
    >>> asks_for_more([1.0, 0.9, 0.95, 0.9], grown=0, options=StreamOptions(cycle=2))
    True
    >>> asks_for_more([1.0, 0.9, 0.95, 0.9], grown=2, options=StreamOptions(cycle=2))
    False
    """
    begin = grown + 1 if grown else 0
    if len(losses) - 1 - options.cycle < begin or losses[-1] < options.satisfied:
        return False
    return loss_slope(losses, options.cycle) <= options.slope


def check_life(graph: NeuronGraph, options: StreamOptions, steps: int | None) -> None:
    """Refuse, before anything is made, a metabolism that could not be.

    Raises
    ------
    OptionError
        Populations that cannot metabolize; a rate at which everyone would die before being old enough to; an age that
        nobody reaches.
    """
    populations = metabolizing(graph, options)
    sizes = {name: len(graph.population(name)) for name in populations}
    rates, newborns = of_each(sizes, options.rate, "rate"), of_each(sizes, options.newborns, "newborns")
    limits = of_each(sizes, options.growth_limit, "growth_limit")
    if options.chosen == "none":
        return
    if steps is not None and options.age >= steps and any(rates.values()):
        raise OptionError(
            f"age={options.age} protects all neurons for all {steps} steps: choose fewer, or chosen=none if nobody is "
            "to die"
        )
    for name, size in sizes.items():
        most = 1000.0 * size / max(options.age, options.every)
        if rates[name] > most:
            raise OptionError(
                f"rate={rates[name]:g} would replace all {size} neurons of {name!r} before any is age={options.age} "
                f"steps old: choose at most {most:g}, or a lower age"
            )
    trial = graph.copy()
    for name in populations:
        if rates[name] or options.level:
            trial.apply(Renew(name, Chance(1), initializer=options.initializer))  # what cannot be renewed says so now
        if newborns[name] and limits[name] > sizes[name]:
            trial.apply(Proliferate(name, 1, "fresh", "zero"))
