"""Expand: the chosen synapses of one event become paths through new neurons, which form a layer of their own."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neurograph.edits.base import Outcome, pairs
from neurograph.edits.support.reach import Reach
from neurograph.errors import EditError, MissingError, OptionError, listed
from neurograph.options import as_plain, number, one_of, pairs_of_neurons, whole
from neurograph.schema.activations import activation as known
from neurograph.schema.neuron import NeuronKind
from neurograph.storage.sets import distinct

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


class Rule(NamedTuple):
    """What a synapse is replaced by: a neuron for each sign, with that activation."""

    activation: str
    signs: tuple[float, ...]
    preserving: bool
    attributes: dict[str, Any]


RULES: dict[str, Rule | None] = {  # none: one of the others, as the parent asks for
    "by_sign": None,
    "exact": Rule("prelu", (1.0,), True, {"slope": 1.0}),
    "pair": Rule("relu", (1.0, -1.0), True, {}),
    "authors": Rule("relu", (1.0,), False, {}),
}
_ONE = Rule("relu", (1.0,), True, {})
CONNECTED = ("event", "all", "own")
NEVER_NEGATIVE = ("abs", "exp", "gauss", "hard_sigmoid", "relu", "relu6", "sigmoid", "softplus", "square")


@dataclass(frozen=True)
class Expand:
    """Replace synapses j -> i by j -> new -> i, the new neurons forming a layer ("Self Expanding Neural Networks").

    A new neuron reads its own parent j with weight one, and its own child i reads it with the weight of the old
    synapse. All its other synapses, from the other parents and to the other children of the event, start at random in
    [0, `noise`): too small to be heard, but trained from then on. The synapse into i is heir of the old one, whose form
    it keeps.

    On a graph without layers, a new neuron reads those parents that lie before its own child and is read by those
    children that do not, so no cycle can close. Maps work as numbers do: a new neuron is then a map like its parent,
    read through a kernel of size 1, and connects to parents and children of the same shapes as its own.

    Parameters
    ----------
    synapses
        (source, target) pairs, all different, at least one; they must have weights.
    rule
        "exact": a PReLU of slope one, the identity until training bends it. "pair": two ReLUs that read the parent with
        1 and -1 and are read with w and -w; relu(x) - relu(-x) = x. "authors": one ReLU, which keeps the function
        where the parent is not negative, as pixels are, and nowhere else. "by_sign": one ReLU where the parent is never
        negative by its activation, a pair elsewhere: exact, and bent from the start.
    connected
        "event": to the parents and children of the event. "all": to all neurons of their populations. "own": to its own
        two only.
    neurons
        New neurons (pairs of them, with rule "pair") for each synapse. They share its weight out by random fractions,
        so that they do not stay alike.
    noise
        Upper end of the other weights. With 0 the function does not move by a bit that rounding would not.
    activation
        Of the new neurons, with rule "authors" only; "relu" unless given.
    bias
        Of the new neurons; none unless given.
    population
        What they join. Unless given, a new one: the first of "expanded1", "expanded2", ... that is free.
    seed
        Of the noise and the fractions.
    positive_inputs
        For rule "by_sign": whether inputs are never negative, as pixels are not.

    Raises
    ------
    OptionError, NeuronError
        An option that makes no sense; an unknown activation.
    MissingError, EditError
        From `apply`: a synapse that is not there, or has no weight; several neurons in front of one that does not sum
        its inputs; a population of inputs or outputs.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([3, 2], bias=False)
    >>> result = g.apply(Expand([(0, 3), (2, 4)], noise=0.0))
    >>> result.born, g.populations["expanded1"], g.number_of_edges()
    ([5, 6], [5, 6], 12)
    >>> g[0][5]["weight"], g[2][5]["weight"], g[5][4]["weight"]
    (1.0, 0.0, 0.0)
    """

    synapses: Iterable[tuple[Hashable, Hashable]]
    rule: str = "exact"
    connected: str = "event"
    neurons: int = 1
    noise: float = 1e-8
    activation: str | None = None
    bias: float | None = None
    population: str | None = None
    seed: int = 0
    positive_inputs: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "synapses", pairs_of_neurons("synapses", self.synapses))
        one_of("rule", self.rule, RULES)
        one_of("connected", self.connected, CONNECTED)
        whole("neurons", self.neurons, 1)
        number("noise", self.noise, 0.0)
        whole("seed", self.seed, 0)
        if self.activation is not None:
            known(self.activation)
            if self.rule != "authors":
                raise OptionError(f"rule {self.rule!r} says what the activation is; rule='authors' takes any")

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Expand the synapses."""
        chosen = _read(graph, self.synapses)  # type: ignore[arg-type]
        rules, rng = self._rules(graph, chosen.source), np.random.default_rng(self.seed)
        copies = np.array([len(rule.signs) * self.neurons for rule in rules])
        _check_targets(graph, chosen.target[copies > 1])
        population = _free(graph) if self.population is None else _inner(graph, self.population)
        reach = None if self.connected == "own" else Reach.of(graph, chosen.source, chosen.target, self.connected)
        graph.remove_synapses(self.synapses)
        born, lasting, heirs, others, left_out = 0, [], [], 0, 0
        for at in chosen.alike(graph, rules):
            rule = rules[at[0]]
            signs = np.repeat(rule.signs, self.neurons)
            attributes = {"activation": self.activation or rule.activation, "bias": self.bias, "population": population}
            new = _grow(graph, chosen.source[at], len(signs), attributes | rule.attributes)
            born += new.size
            read, sent = _own(graph, chosen, at, new, signs, self._shares(rng, len(at), len(rule.signs)) * signs)
            lasting += [*read.tolist(), *sent.tolist()]
            heirs.append(pairs(sent, np.repeat(chosen.ids[at], len(signs))))
            if reach is not None:
                own = chosen.source[at], chosen.target[at], new
                made, missed = reach.connect(graph, *own, chosen.at(at), self._draw(rng))
                others, left_out = others + made, left_out + missed
        details = {
            "neurons": born,
            "population": population,
            "synapses": len(lasting) + others,
            "left_out": left_out,
            "lasting": lasting,
            "function_preserving": all(rule.preserving for rule in rules) and (self.noise == 0 or not others),
        }
        return Outcome(as_plain(self), synapse_heirs=np.concatenate(heirs), details=details)

    def _rules(self, graph: "EditableGraph", parents: np.ndarray) -> list[Rule]:
        """What each synapse is replaced by; by its parent's sign where the rule says so."""
        rule = RULES[self.rule]
        if rule is not None:
            return [rule] * len(parents)
        one, two = _ONE, RULES["pair"] or _ONE
        kinds = map(graph.neurons.of, parents.tolist())
        return [one if _never_negative(kind, self.positive_inputs) else two for kind in kinds]

    def _shares(self, rng: np.random.Generator, count: int, signs: int) -> np.ndarray:
        """(count, neurons * signs) fractions of a synapse's weight, which add up to 1 for each sign."""
        shares = rng.uniform(0.25, 0.75, (count, self.neurons))
        return np.tile(shares / shares.sum(1, keepdims=True), signs)

    def _draw(self, rng: np.random.Generator):
        return lambda shape: rng.uniform(0.0, self.noise, shape)


def _never_negative(kind: NeuronKind, positive_inputs: bool) -> bool:
    return positive_inputs if kind.role == "input" else kind.activation in NEVER_NEGATIVE


def _check_targets(graph: "EditableGraph", targets: np.ndarray) -> None:
    """Refuse neurons that do not sum where one input becomes several."""
    odd = graph.neurons.each("aggregation", targets) != "sum"
    if odd.any():
        raise EditError(
            f"{listed(dict.fromkeys(graph.names_of(targets[odd])))} do not sum their inputs, and a synapse "
            "that becomes several needs a sum: rule='exact' with neurons=1 makes one of one"
        )


@dataclass(frozen=True, eq=False)
class _Chosen:
    """What the chosen synapses are: (n,) ids, keys of both ends, form numbers, and weights and own attributes each."""

    ids: np.ndarray
    source: np.ndarray
    target: np.ndarray
    form: np.ndarray
    forms: Sequence[dict[str, Any]]
    weights: list[Any]
    extra: list[dict[str, Any]]

    def alike(self, graph: "EditableGraph", rules: list[Rule]) -> list[np.ndarray]:
        """The synapses' places in groups, each of one rule, one form, one weight shape and one shape at either end."""
        columns, groups = graph.neurons, {}
        ends = zip(columns.each("shape", self.source), columns.each("shape", self.target), strict=True)
        for at, (form, weight, shapes) in enumerate(zip(self.form.tolist(), self.weights, ends, strict=True)):
            groups.setdefault((form, np.shape(weight), shapes, rules[at].signs), []).append(at)
        return [np.array(places) for places in groups.values()]

    def at(self, places: np.ndarray) -> tuple[dict[str, Any], tuple[int, ...]]:
        """The form and the weight shape that some alike synapses share."""
        return dict(self.forms[int(self.form[places[0]])]), np.shape(self.weights[places[0]])


def _read(graph: "EditableGraph", synapses: Sequence[tuple[Hashable, Hashable]]) -> _Chosen:
    u, v = (graph.keys_of([pair[end] for pair in synapses]) for end in (0, 1))
    table = graph.table
    rows = table.find_many(u, v)
    if (rows < 0).any():
        raise MissingError(
            f"no synapse {listed(p for p, row in zip(synapses, rows, strict=True) if row < 0)} to expand"
        )
    if not distinct(rows):
        raise OptionError("synapses must all be different")
    bare = table.pool[rows] == 0
    if bare.any():
        raise EditError(
            f"synapses {listed(p for p, no in zip(synapses, bare, strict=True) if no)} have no weight to hand on"
        )
    weights = [np.array(table.values.weight(row)) for row in rows.tolist()]
    extra = [dict(table.extra.get(row, {})) for row in rows.tolist()]
    return _Chosen(
        table.id[rows].astype(np.int64), u, v, table.form[rows].copy(), list(table.forms.bundles), weights, extra
    )


def _grow(graph: "EditableGraph", parents: np.ndarray, copies: int, attributes: dict[str, Any]) -> np.ndarray:
    """(n, copies) keys of new neurons, of the shape of their parents, who are all of one."""
    attributes = attributes | {"shape": graph.neurons.of(int(parents[0])).shape}
    return graph.keys_of(graph.grow(len(parents) * copies, attributes, None)).reshape(-1, copies)


def _own(
    graph: "EditableGraph", chosen: _Chosen, at: np.ndarray, new: np.ndarray, signs: np.ndarray, shares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Connect new neurons to their own parents and children; returns the ids, (n * copies,) each."""
    copies = new.shape[1]
    form, shape = chosen.at(at)
    scalar = graph.neurons.of(int(chosen.source[at[0]])).shape == ()
    names = graph.names_of(new.reshape(-1))
    ones = np.tile(signs, len(at)).reshape(-1, *(() if scalar else (1, 1)))
    parents = graph.names_of(np.repeat(chosen.source[at], copies))
    read = graph.add_edges_from_arrays(parents, names, ones)
    weights = np.stack([chosen.weights[i] for i in at.tolist()])
    weights = np.repeat(weights, copies, 0) * shares.reshape(-1, *(1,) * len(shape))
    children = graph.names_of(np.repeat(chosen.target[at], copies))
    sent = graph.add_edges_from_arrays(names, children, weights, **form)
    for place, i in enumerate(np.repeat(at, copies).tolist()):
        if chosen.extra[i]:
            graph[names[place]][children[place]].update(chosen.extra[i])
    return read, sent


def _free(graph: "EditableGraph") -> str:
    return next(name for name in (f"expanded{n}" for n in count(1)) if name not in graph.population_names)


def _inner(graph: "EditableGraph", name: str) -> str:
    keys = graph.population_keys(name)
    columns = graph.neurons
    if (columns.each("role", keys) == "input").any() or columns.each("is_output", keys).any():
        raise EditError(f"population {name!r} holds inputs or outputs, and the data says how many there are of them")
    return name
