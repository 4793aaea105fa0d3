"""Find out what there is to know about a graph."""

from collections import Counter
from math import prod

import numpy as np

from neurograph.analysis.sizes import mean_and_deviation
from neurograph.core.arrays import GraphArrays
from neurograph.core.entries import RAW, Entry
from neurograph.core.journal import Journal
from neurograph.errors import CompileError
from neurograph.network import NeuronGraph
from neurograph.schema.neuron import NeuronKind

from ..planning.cost import default_calibration
from ..planning.planner import plan
from ..planning.program import Options, ProductPlan, Program
from ..regions.windows import NUMBER, SAME, Window, find_windows
from ..runtime.devices import usable_device
from ..runtime.inputs import check_batch_size
from ..snapshot import snapshot
from .report import GrowthSummary, Inspection, PopulationSummary, WiringSummary

VERB = "verb "  # before the names of edits among the counts of a shortened journal
LATEST = 3  # entries of the journal that are listed one by one
_TRAINED = ("bias", "slope", "gamma", "beta")


def inspect(graph: NeuronGraph, batch_size: int = 256, device: str = "cpu") -> Inspection:
    """What a network is made of, how it would run and why, and how it came to be.

    Parameters
    ----------
    graph
        The network; nothing about it changes.
    batch_size, device
        What the program is planned for.

    Returns
    -------
    Inspection
        `print` shows it.

    Raises
    ------
    OptionError, CompileError
        A device that is not there; an impossible batch size.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> found = inspect(mlp([4, 3, 2]))
    >>> found.parameters, found.depth, [wiring.density for wiring in found.wiring]
    (23, 2, [1.0, 1.0])
    """
    check_batch_size(batch_size)
    arrays = graph.arrays()
    program, refusal = _program(graph, batch_size, usable_device(device).type)
    numbers, trained = _numbers_of(arrays)
    values = sum(~np.isnan(arrays.values[name]) for name in _TRAINED)
    learning = np.array([kind.trainable for kind in arrays.kinds], bool)[arrays.kind]
    neuron_numbers = np.asarray(values, np.int64) * np.ones(len(arrays), np.int64)
    own = np.bincount(arrays.target, numbers * trained, len(arrays)) + neuron_numbers * learning
    held = np.bincount(arrays.target, numbers * ~trained, len(arrays)) + neuron_numbers * ~learning
    return Inspection(
        str(graph.graph.get("name", "")),
        len(arrays),
        len(arrays.ids),
        int(own.sum()),
        int(held.sum()),
        int(arrays.level.max(initial=0)),
        _populations(arrays, own, held),
        _wiring(arrays, trained, program),
        _growth(graph.journal),
        program,
        refusal,
    )


def _program(graph: NeuronGraph, batch_size: int, device: str) -> tuple[Program | None, str]:
    try:
        return plan(
            snapshot(graph), Options("float32", device, batch_size, default_calibration(device), measured=True)
        ), ""
    except CompileError as error:
        return None, str(error)


def _numbers_of(arrays: GraphArrays) -> tuple[np.ndarray, np.ndarray]:
    """(E,) how many numbers each synapse has, and whether they are trained."""
    size = np.array([prod(pool.shape[1:]) for pool in arrays.pools] + [0], np.int64)
    trained = np.array([form.trainable for form in arrays.forms], bool)
    return size[arrays.pool], trained[arrays.form] if len(arrays.ids) else np.zeros(0, bool)


def _populations(arrays: GraphArrays, own: np.ndarray, held: np.ndarray) -> tuple[PopulationSummary, ...]:
    member = arrays.each_kind("population")
    found = []
    for name in arrays.populations:
        mine = np.flatnonzero(member == name)
        if len(mine):
            kinds = [arrays.kinds[code] for code in dict.fromkeys(arrays.kind[mine].tolist())]
            kind_words = dict.fromkeys(word for kind in kinds for word in _words(kind))
            biased = int((~np.isnan(arrays.values["bias"][mine])).sum())
            counts = int(own[mine].sum()), int(held[mine].sum())
            found.append(PopulationSummary(name, len(mine), _part(kinds), tuple(kind_words), biased, *counts))
    return tuple(found)


def _part(kinds: list[NeuronKind]) -> str:
    words = ["input"] * any(kind.role == "input" for kind in kinds)
    words += ["output"] * any(kind.is_output for kind in kinds)
    return " and ".join(words) or "hidden"


def _words(kind: NeuronKind) -> list[str]:
    """What is worth saying about a kind."""
    words = [f"{kind.shape[0]} x {kind.shape[1]}"] if kind.shape else []
    words += ["batch norm"] if kind.norm == "batch" else []
    words += [kind.activation] if kind.role != "input" else []
    words += [kind.aggregation] if kind.aggregation != "sum" else []
    words += [f"dropout {kind.dropout:g}"] if kind.dropout else []
    return words + (["frozen"] if not kind.trainable else [])


def _wiring(arrays: GraphArrays, trained: np.ndarray, program: Program | None) -> tuple[WiringSummary, ...]:
    names = [name for name in arrays.populations if (arrays.each_kind("population") == name).any()]
    number = {name: at for at, name in enumerate(names)}
    member = np.array([number[name] for name in arrays.each_kind("population")], np.int64)
    size = np.bincount(member, minlength=len(names))
    op_code, windows = find_windows(arrays)
    code = (member[arrays.target] * len(names) + member[arrays.source]) * len(windows) + op_code
    order = np.argsort(code, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(code[order])) + 1) if len(order) else []
    products, product_of = _products(arrays, program)
    first = {int(group[0]): int(arrays.level[arrays.target[group]].min()) for group in groups}
    found = []
    for group in sorted(groups, key=lambda group: (first[int(group[0])], int(code[group[0]]))):
        pair, kind = divmod(int(code[group[0]]), len(windows))
        target, source = divmod(pair, len(names))
        mean, deviation = _spread(arrays, group)
        runs = [products[at] for at in dict.fromkeys(product_of[group].tolist()) if at >= 0]
        what, frozen = _what(kind, windows[kind]), int((~trained[group] & (arrays.pool[group] >= 0)).sum())
        density = len(group) / (int(size[source]) * int(size[target]))
        found.append(
            WiringSummary(names[source], names[target], what, len(group), frozen, density, mean, deviation, tuple(runs))
        )
    return tuple(found)


def _what(kind: int, window: Window | None) -> str:
    if window is None:
        return {NUMBER: "weights", SAME: "identity"}[kind]
    return "whole maps" if window.flattens else str(window).removesuffix(f" of {window.source}")


def _products(arrays: GraphArrays, program: Program | None) -> tuple[list[ProductPlan], np.ndarray]:
    """The products of a program, and (E,) which of them runs each synapse; -1 for none."""
    products = [product for stage in program.stages for product in stage.products] if program else []
    product_of = np.full(len(arrays.ids), -1)
    order = np.argsort(arrays.ids)
    for at, product in enumerate(products):
        product_of[order[np.searchsorted(arrays.ids, product.layout.ids, sorter=order)]] = at
    return products, product_of


def _spread(arrays: GraphArrays, group: np.ndarray) -> tuple[float | None, float | None]:
    """Mean and deviation of all numbers in the weights of some synapses."""
    found = [arrays.pools[at][arrays.row[group[arrays.pool[group] == at]]].ravel() for at in range(len(arrays.pools))]
    values = np.concatenate([np.zeros(0), *found])
    return mean_and_deviation(values) if len(values) else (None, None)


def _growth(journal: Journal) -> GrowthSummary:
    """The whole of it: what was shortened away is counted."""
    older = journal.forgotten
    counts = Counter({name: number for name, number in older.items() if not name.startswith(VERB)})
    verbs = Counter({name.removeprefix(VERB): number for name, number in older.items() if name.startswith(VERB)})
    for entry in journal:
        verbs[entry.verb] += 1
        counts.update(entry.counts())
    first = older.get("entries", 0)
    return GrowthSummary(
        entries=first + len(journal),
        undone=len(journal.undone),
        verbs=dict(verbs.most_common()),
        neurons_born=counts["neurons born"],
        neurons_died=counts["neurons died"],
        synapses_born=counts["synapses born"],
        synapses_died=counts["synapses died"],
        latest=tuple(_entry(first + at, journal[at]) for at in range(max(0, len(journal) - LATEST), len(journal))),
        kept=len(journal),
    )


def _entry(number: int, entry: Entry) -> str:
    """One entry on one line: the options that say most, and what was born and died."""
    shown = {
        name: value for name, value in entry.options.items() if isinstance(value, str | int) and value is not False
    }
    options = [f"{name}={value!r}" for name, value in shown.items()][:3]
    event = entry.details.get("event")
    epoch = f" after epoch {event['epoch']}" if isinstance(event, dict) and "epoch" in event else ""
    what = "by hand" if entry.verb == RAW else f"{entry.verb}({', '.join(options)})"
    return f"{number}: {what}{epoch}: {str(entry).rsplit('): ', 1)[1]}"
