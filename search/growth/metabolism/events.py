"""The metabolism of a network in training: after each epoch, whether to eat and grow, and the edits that do it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurograph import compiler
from neurograph.analysis.observations import Observations
from neurograph.analysis.variance import variance_condition
from neurograph.core.editing import EditResult
from neurograph.edits import Autophagy, Proliferate
from neurograph.edits.support.counts import error_variance
from neurograph.errors import OptionError
from neurograph.initializers.newborns.signals import ends_through, require_plain
from neurograph.network import NeuronGraph

from ...training import Trainer
from ...training.seeds import seed_of
from ..amplitude import observed_deltas, search_amplitude
from ..events import Event, Keep, last_event
from ..pictures import remember_weights
from ..reasons import Reason, by_calendar, reasons, stopped_falling, would_gain
from .ages import ages_in_epochs
from .natural import natural_gains
from .options import MetabolizeOptions
from .rules import cycle_length, cycle_over, growth_due, loss_slope, newborn_counts, of_each, room

_SEEING = {"representational", "low_representational_power", "low_contribution"}  # look at activations


def growing_populations(graph: NeuronGraph, options: MetabolizeOptions) -> tuple[str, ...]:
    """The populations that metabolize: those of the options, else all that are neither input nor output.

    Raises
    ------
    OptionError
        A population that is not there or cannot grow, or none that can.
    """
    fixed = {
        name
        for name, members in graph.populations.items()
        if any(graph.nodes[n]["role"] == "input" or graph.nodes[n]["is_output"] for n in members)
    }
    inner = tuple(name for name in graph.populations if name not in fixed)
    odd = [name for name in options.populations or () if name not in inner]
    if odd or not inner:
        if not inner:
            raise OptionError(
                "nothing here can metabolize, as every population is an input or an output: begin with a hidden layer "
                "(--hidden 16, mlp([64, 16, 10])), or let synapses become neurons (expand)"
            )
        raise OptionError(f"populations that can metabolize: {', '.join(inner)}; not {', '.join(odd)}")
    return options.populations or inner


def require_growth(graph: NeuronGraph, options: MetabolizeOptions) -> None:
    """Refuse, before anything is made, what the first growth could not do; it is tried on a copy.

    Initializers that look at activations are left to their time.

    Raises
    ------
    OptionError, EditError
        As `growing_populations`, `newborn_counts` and `Proliferate`, naming the option.
    """
    populations = growing_populations(graph, options)
    if options.rule == "natural":
        for name in populations:
            require_plain(graph, np.append(keys := graph.population_keys(name), ends_through(graph, keys)[1]))
    if options.needs_deltas():
        for name in populations:
            require_plain(graph, graph.population_keys(name))
            _proliferation(options, name, 1, 0, None)
        return
    sizes = _sizes(graph, populations)
    counts = newborn_counts(sizes, 0.0, options)
    if options.epochs <= options.first_cycle or options.initializer in _SEEING or not any(counts.values()):
        return
    trial = graph.copy()
    for name in (name for name, count in counts.items() if count):
        trial.apply(_proliferation(options, name, 1, 0, None))


def gathered_utility(net: compiler.CompiledNetwork, options: MetabolizeOptions) -> compiler.RunningUtility | None:
    """The running utility of what metabolizes, where autophagy goes by it."""
    if options.autophagy != "low_utility":
        return None
    return compiler.RunningUtility(net, growing_populations(net.graph, options))


class Metabolism:
    """A callback for `Trainer`: eats and grows the network's inner populations when a cycle, or a schedule, says so.

    It is a function of the rows so far, the graph and the seed, so a resumed run decides as the first one did.

    Parameters
    ----------
    options
        See `MetabolizeOptions`.
    keep
        Called with each journal entry as plain JSON.
    """

    def __init__(self, options: MetabolizeOptions, keep: Keep | None = None) -> None:
        self.options, self.keep = options, keep

    def __call__(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Metabolize after an epoch, where it is due."""
        options, graph = self.options, trainer.net.graph
        populations = growing_populations(graph, options)
        cycle = _cycle(trainer.rows, populations, options)
        gains = self._gains(trainer, cycle, self._places(graph, populations, row["epoch"]))
        grows = any(gains.values())
        eats = options.autophagy != "none" and (options.autophagy_before if grows else self._scheduled(trainer, row))
        eating = [name for name in populations if eats and self._edible(graph, name, row["epoch"])]
        if not grows and not eating:
            return
        event = Event(trainer, "metabolism" if grows else "autophagy", options.measured, self.keep)
        seen, epoch, figures = self._observe(trainer), row["epoch"], {}
        died = {name: self._eat(event, name, epoch, seen) for name in eating}
        counts = dict.fromkeys(populations, 0)
        if grows:
            figures = _appetite(trainer.rows, cycle.length, options)
            counts = newborn_counts(_sizes(graph, populations), figures["error_variance"], options)
            counts = {name: count if gains.get(name) else 0 for name, count in counts.items()}
            figures |= {"natural_gain": gains} if options.rule == "natural" else {}
        born = {name: self._grow(event, name, count, epoch, seen) for name, count in counts.items()}
        figures |= {"born": born, "died": {name: result.details["eaten"] for name, result in died.items()}}
        figures |= reasons(_reason(figures, cycle, options))
        row["event"] = event.close(**figures, variance_condition=_conditions(graph, populations))
        edits = [_summary(name, born[name], died.get(name)) for name in populations]
        row["edit"] = "; ".join(filter(None, edits)) or None
        if row["edit"] and figures.get("error") == "test_error" and options.growth == "dynamic":
            row["edit"] += " (counted by the variance of the test error)"

    def _settled(self, trainer: Trainer) -> bool:
        return trainer.finished or self.options.epochs - len(trainer.rows) < self.options.settle

    def _gains(self, trainer: Trainer, cycle: "_Cycle", sizes: dict[str, int]) -> dict[str, float]:
        """Population -> what it would gain by growing now, 0 where it is not to: by eq. 1 the loss says for all."""
        options, rows = self.options, trainer.rows
        free = {name: places for name, places in room(sizes, options).items() if places}
        if self._settled(trainer) or not free:
            return {}
        if options.rule == "slope":
            due = growth_due([r["train_loss"] for r in rows], cycle.edited, options, cycle.newborn_share)
            return dict.fromkeys(free, float(due))
        if not cycle_over(len(rows), cycle.edited, options, cycle.newborn_share):
            return {}
        wanted = of_each(sizes, options.newborns, "newborns")
        seen = observed_deltas(trainer, options.observed)
        rng = np.random.default_rng(seed_of(options.seed, "proliferation", len(rows)))
        counts = {name: min(wanted[name], places) for name, places in free.items()}
        gains = natural_gains(trainer.net.graph, seen, counts, rng)
        return {name: gain if gain > options.natural_gain else 0.0 for name, gain in gains.items()}

    def _scheduled(self, trainer: Trainer, row: dict[str, Any]) -> bool:
        every = self.options.autophagy_every
        return every > 0 and row["epoch"] % every == 0 and not self._settled(trainer)

    def _observe(self, trainer: Trainer) -> Observations | None:
        if not {self.options.autophagy, self.options.initializer} & _SEEING:
            return None
        some, _ = trainer.sample(self.options.observed)
        return trainer.net.observe(some.split(self.options.evaluation_batch))

    def _eat(self, event: Event, name: str, epoch: int, seen: Observations | None) -> EditResult:
        options, seed = self.options, seed_of(self.options.seed, "autophagy", epoch) % 2**32
        choose: Any = options.selector()
        utility = event.trainer.utility
        seen = seen if utility is None else utility.observations()
        age, ages = options.autophagy_age, ages_in_epochs(event.trainer.net.graph, epoch)
        return event.apply(Autophagy(name, choose, options.autophagy_floor, "remove", seed, seen, age, ages))

    def _edible(self, graph: NeuronGraph, name: str, epoch: int) -> int:
        """How many neurons of a population are old enough to be eaten."""
        ages = ages_in_epochs(graph, epoch).of(graph.population_keys(name))
        return int((ages >= self.options.autophagy_age).sum())

    def _places(self, graph: NeuronGraph, populations: tuple[str, ...], epoch: int) -> dict[str, int]:
        """The sizes that populations could come down to if all were eaten that may be, before newborns are born."""
        sizes, options = _sizes(graph, populations), self.options
        if options.autophagy == "none" or not options.autophagy_before:
            return sizes
        left = {
            name: max(options.autophagy_floor, size - self._edible(graph, name, epoch)) for name, size in sizes.items()
        }
        return {name: min(size, left[name]) for name, size in sizes.items()}

    def _grow(self, event: Event, name: str, count: int, epoch: int, seen: Observations | None) -> int:
        if not count:
            return 0
        seed = seed_of(self.options.seed, "proliferation", epoch) % 2**32
        if self.options.needs_deltas():
            seen = observed_deltas(event.trainer, self.options.observed)
        result = event.apply(_proliferation(self.options, name, count, seed, seen))
        if self.options.outgoing == "gradient":
            result.details["amplitude"] = search_amplitude(event, result.entry, self.options.observed)
        remember_weights(event.trainer.net.graph, result.entry, seed)
        return result.details["newborns"]  # those that follow them, such as places in pools, not counted


def _proliferation(
    options: MetabolizeOptions, name: str, count: int, seed: int, seen: Observations | None
) -> Proliferate:
    init: Any = options.newborn_initializer() if options.initializer_options else options.initializer
    noise, balanced = options.noise or 0.0, options.balanced
    return Proliferate(name, count, init, options.outgoing, seed, noise, observations=seen, balanced=balanced)


@dataclass(frozen=True)
class _Cycle:
    """The metabolism cycle that runs: the epoch of the edit it follows, how much of the network that made, Delta c."""

    edited: int
    newborn_share: float
    length: int


def _cycle(rows: list[dict[str, Any]], populations: tuple[str, ...], options: MetabolizeOptions) -> _Cycle:
    edited = last_event(rows, "metabolism")
    share = 1.0
    if options.cycles == "adaptive" and 0 < edited < len(rows):  # the next row's neurons are those the edit left
        now = rows[edited]["neurons"]
        share = sum(rows[edited - 1]["event"]["born"].values()) / sum(now[name] for name in populations)
    return _Cycle(edited, share, cycle_length(edited, options, share))


def _appetite(rows: list[dict[str, Any]], cycle: int, options: MetabolizeOptions) -> dict[str, Any]:
    """What eq. 1 and 2 saw in a cycle: the loss's slope, which error was watched and its variance Var(E)."""
    seen = rows[-1 - cycle :]
    watched = ("test_error", "validation_error") if options.variance == "test" else ("validation_error",)
    error = next((name for name in watched if all(r[name] is not None for r in seen)), "train_error")
    slope = loss_slope([r["train_loss"] for r in rows], cycle)
    return {"slope": slope, "error": error, "error_variance": error_variance([r[error] for r in seen])}


def _reason(figures: dict[str, Any], cycle: _Cycle, options: MetabolizeOptions) -> Reason:
    """The rule that fired: where the network grows the option `rule`, else the calendar of autophagy."""
    if "natural_gain" in figures:
        return would_gain(figures["natural_gain"], options.natural_gain)
    if "slope" not in figures:
        return by_calendar("autophagy_every", "autophagy", options.autophagy_every)
    return stopped_falling(figures["slope"], options.slope, cycle.length, "epoch")


def _conditions(graph: NeuronGraph, populations: tuple[str, ...]) -> dict[str, float]:
    """Eq. 13 of each population, 1 where signals keep their size."""
    return {name: variance_condition(graph, name) for name in populations}


def _sizes(graph: NeuronGraph, populations: tuple[str, ...]) -> dict[str, int]:
    return {name: len(graph.population(name)) for name in populations}


def _summary(name: str, born: int, eaten: EditResult | None) -> str:
    """What happened to a population in a few words, none where nothing did."""
    died, spared = (eaten.details["eaten"], eaten.details["spared"]) if eaten else (0, 0)
    if not born and not died:
        return ""
    floor = f" ({spared} more spared by the floor)" if spared else ""
    return f"{name}{f' +{born}' if born else ''}{f' -{died}' if died else ''}{floor}"
