"""Genomes of neat-python as graphs: wired as its own networks run them, ready to be trained, evolved further, exported.

A node of NEAT computes activation(bias + response * aggregation(weight * value, ...)). Most become one neuron: response
and the activation's own scaling (tanh is tanh(2.5 z) there) go into weights and bias. The others take a few neurons,
the last of which has the node's name; what these add has fixed weights.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from neurograph import NeuronGraph
from neurograph.errors import NeuroGraphError, OptionError

from .innovations import INNOVATION, imported
from .neat_genes import ACTIVATIONS, AGGREGATIONS, Activation, Link, links_forward, links_of_steps

STEEP = 1e30  # of a hard sigmoid that is a step


def from_neat(genome: Any, config: Any, *, recurrent: bool | None = None) -> NeuronGraph:
    """A genome of neat-python (2.x) as a graph that computes what its network there does.

    Neurons have the keys of the nodes as names, in the populations "inputs", "hidden" and "outputs"; siblings of one
    population agree in their innovations, so `crossover` and `distance` align them. Nodes that no output needs are left
    out, disabled connections too. Where two inputs of a node that aggregates by "maxabs" are as large and of opposite
    signs, the graph has their mean.

    Parameters
    ----------
    genome
        A `neat.DefaultGenome`, or what has its `nodes` and `connections`.
    config
        The `neat.Config` it was made with, or its `genome_config`.
    recurrent
        Whether it runs as `neat.nn.RecurrentNetwork` does: links from inputs are immediate, every other has a delay of
        one step. None: where the config says `feed_forward = False`.

    Returns
    -------
    NeuronGraph
        With an empty journal.

    Raises
    ------
    OptionError
        An activation or aggregation that is none of neat-python's own, naming the node; something else than a genome.
    NeuroGraphError
        A genome that no network can be: a weight that is not finite, a node that is an input and is computed.

    Examples
    --------
    >>> from types import SimpleNamespace as Of
    >>> node = Of(bias=0.5, response=1.0, activation="tanh", aggregation="sum")
    >>> link = Of(key=(-1, 0), weight=2.0, enabled=True)
    >>> genome = Of(nodes={0: node}, connections={(-1, 0): link})
    >>> graph = from_neat(genome, Of(input_keys=[-1], output_keys=[0], feed_forward=True))
    >>> graph[-1][0]["weight"], graph.nodes[0]["bias"]
    (5.0, 1.25)
    """
    config = getattr(config, "genome_config", config)
    try:
        graph = _built(genome, config, recurrent)
    except NeuroGraphError:
        raise
    except Exception as error:  # what others' objects come up with is of any class
        raise OptionError(
            f"from_neat takes a genome and a config of neat-python: {type(error).__name__}: {error}"
        ) from None
    graph.restart_journal()
    return graph


def _built(genome: Any, config: Any, recurrent: bool | None) -> NeuronGraph:
    inputs, outputs = list(config.input_keys), list(config.output_keys)
    nodes, connections = dict(genome.nodes), list(genome.connections.values())
    again = not config.feed_forward if recurrent is None else recurrent
    links = links_of_steps(inputs, outputs, connections) if again else links_forward(inputs, outputs, connections)
    return _Building(inputs, outputs, nodes, links, again).graph


class _Building:
    """A graph that is put together node by node: first all neurons that have a node's name, then what they read."""

    def __init__(
        self,
        inputs: list[Hashable],
        outputs: list[Hashable],
        nodes: Mapping[Hashable, Any],
        links: dict[Hashable, list[Link]],
        recurrent: bool,
    ) -> None:
        self.graph, self.given, self.recurrent = NeuronGraph(), set(inputs), recurrent
        self.parts: dict[Hashable, int] = {}
        for key in inputs:
            self._neuron(key, key, population="inputs", role="input")
        read = [source for reads in links.values() for source, _ in reads]
        for key in dict.fromkeys([*outputs, *links, *read]):
            if key not in self.given:
                self._add(key, nodes[key] if key in links else None, key in outputs)
        for key, reads in links.items():
            self._wire(key, nodes[key], reads)

    def _add(self, key: Hashable, node: Any, output: bool) -> None:
        """The neuron that has a node's name: the last of it; a constant 0 for one that is never computed."""
        where = {"population": "outputs", "is_output": True} if output else {"population": "hidden"}
        if node is None:
            self._neuron(key, key, bias=None, **where)
            return
        known = ACTIVATIONS.get(node.activation)
        if known is None:
            raise OptionError(
                f"node {key!r} has the activation {node.activation!r}, which is none of neat-python's own: "
                f"{', '.join(ACTIVATIONS)}"
            )
        if node.aggregation not in AGGREGATIONS:
            raise OptionError(
                f"node {key!r} has the aggregation {node.aggregation!r}, which is none of neat-python's own: "
                f"{', '.join(AGGREGATIONS)}"
            )
        if node.activation == "cube":
            self._neuron(key, key, aggregation="product", bias=None, **where)
        elif known.after:
            _, bias, name = known.after[-1]
            self._neuron(key, key, activation=name, bias=bias or None, trainable=False, **where)
        else:
            self._neuron(key, key, activation=known.name, **_slope(known), **where)

    def _wire(self, key: Hashable, node: Any, reads: list[Link]) -> None:
        """What a node reads, and the neurons before its last."""
        known = ACTIVATIONS[node.activation]
        how, factor = node.aggregation, float(node.response) * known.scale
        first = self._first(key, node.activation, known)
        if how in ("maxabs", "median") and len(reads) <= (1 if how == "maxabs" else 2):
            how = "mean"
        bias = known.scale * float(node.bias)
        if how == "product" and not reads:
            bias, how = bias + factor, "sum"
        self.graph.nodes[first]["bias"] = bias
        if how == "maxabs":
            self._largest(key, self._weighted(key, reads), first, factor)
        elif how == "median":
            self._middle(key, self._weighted(key, reads), first, factor)
        else:
            if how in ("max", "min") and factor < 0:
                how = "min" if how == "max" else "max"
            self.graph.nodes[first]["aggregation"] = how
            for place, (source, weight) in enumerate(reads):
                self._join(source, first, weight * factor if how != "product" or not place else weight)

    def _first(self, key: Hashable, name: str, known: Activation) -> Hashable:
        """The neuron that takes what is aggregated, joined to those behind it; where there is one, it is the last."""
        if name == "cube":
            first, more = self._part(key, trainable=True), [self._part(key), self._part(key)]
            for one in more:
                self.graph.add_edge(first, one, op="identity")
            for one in (first, *more):
                self.graph.add_edge(one, key, op="identity")
            return first
        if not known.after:
            return key
        first = at = self._part(key, activation=known.name, trainable=True, **_slope(known))
        for weight, bias, activation in known.after[:-1]:
            behind = self._part(key, activation=activation, bias=bias or None)
            self.graph.add_edge(at, behind, weight=weight, trainable=False)
            at = behind
        self.graph.add_edge(at, key, weight=known.after[-1][0], trainable=False)
        return first

    def _weighted(self, key: Hashable, reads: list[Link]) -> list[Hashable]:
        """A neuron for each link: its value times its weight."""
        found = []
        for source, weight in reads:
            found.append(self._part(key))
            self._join(source, found[-1], weight)
        return found

    def _largest(self, key: Hashable, parts: list[Hashable], first: Hashable, factor: float) -> None:
        """The value of the largest size: the least, and where both add up to more than 0 what the most has above it."""
        most, least = (self._of(key, how, parts) for how in ("max", "min"))
        above, step = self._part(key), self._part(key, activation="hard_sigmoid")
        for end, weight in ((most, 1.0), (least, -1.0)):
            self.graph.add_edge(end, above, weight=weight, trainable=False)
            self.graph.add_edge(end, step, weight=STEEP, trainable=False)
        self.graph.add_edge(least, first, weight=factor)
        self.graph.add_edge(self._of(key, "product", [above, step]), first, weight=factor)

    def _middle(self, key: Hashable, parts: list[Hashable], first: Hashable, factor: float) -> None:
        """The median: by a network that sorts (Batcher's, of odd and even), of which only what is read is made."""
        count, made = len(parts), {}

        def at(line: int, pairs: int) -> Hashable:
            """The neuron that has a line's value after the first so many comparisons."""
            while pairs and line not in compared[pairs - 1]:
                pairs -= 1
            if not pairs:
                return parts[line]
            if (line, pairs) not in made:
                low, high = compared[pairs - 1]
                ends = [at(low, pairs - 1), at(high, pairs - 1)]
                made[line, pairs] = self._of(key, "min" if line == low else "max", ends)
            return made[line, pairs]

        compared = list(_comparisons(count))
        middle = [count // 2] if count % 2 else [count // 2 - 1, count // 2]
        for line in middle:
            self.graph.add_edge(at(line, len(compared)), first, weight=factor / len(middle))

    def _of(self, key: Hashable, how: str, ends: Iterable[Hashable]) -> Hashable:
        """A neuron that aggregates others as they are."""
        new = self._part(key, aggregation=how)
        for end in ends:
            self.graph.add_edge(end, new, op="identity")
        return new

    def _join(self, source: Hashable, target: Hashable, weight: float) -> None:
        delay = {"delay": 1} if self.recurrent and source not in self.given else {}
        self.graph.add_edge(source, target, weight=weight, **delay)

    def _part(self, key: Hashable, trainable: bool = False, **attributes: Any) -> Hashable:
        """One more neuron of a node, for what its last cannot do alone."""
        name = (str(key), self.parts.get(key, 0))
        return self._neuron(key, name, population="parts", trainable=trainable, **attributes)

    def _neuron(self, key: Hashable, name: Hashable, **attributes: Any) -> Hashable:
        part = self.parts.setdefault(key, 0)
        self.parts[key] += 1
        return self.graph.add_neuron(name, **attributes, **{INNOVATION: imported("neat", key, part)})


def _slope(known: Activation) -> dict[str, float]:
    return {} if known.slope is None else {"slope": known.slope}


def _comparisons(count: int) -> Iterator[tuple[int, int]]:
    """Pairs of lines to be put in order, one after the other, so that all are (Batcher 1968)."""
    p = 1
    while p < count:
        k = p
        while k:
            for j in range(k % p, count - k, 2 * k):
                for i in range(min(k, count - j - k)):
                    if (i + j) // (2 * p) == (i + j + k) // (2 * p):
                        yield i + j, i + j + k
            k //= 2
        p *= 2
