"""Crossover gene by gene, as it is read off the definition: what the one by columns is held against."""

import numpy as np

from neurograph.schema.neuron import VALUES
from search.evolution.genomes.innovations import mark


def plain_genes(graph):
    """Neurons by innovation, and synapses in the order of their ids: (name of source, of target, attributes)."""
    table, known = graph.table, mark(graph)
    rows = sorted(table.live().tolist(), key=lambda row: table.id[row])
    names = {key: graph.names_of(np.array([key]))[0] for key in known}
    ends = [(int(table.src[row]), int(table.dst[row])) for row in rows]
    neurons = {innovation: names[key] for key, innovation in known.items()}
    return neurons, [(known[u], known[v], graph[names[u]][names[v]]) for u, v in ends]


def plain_alignment(a, b):
    """Pairs of names of common neurons by innovation, and pairs of common synapses, in the order of their draws."""
    (mine, ours), (theirs, others) = plain_genes(a), plain_genes(b)
    common = sorted(mine.keys() & theirs.keys())
    number = {innovation: at for at, innovation in enumerate(common)}

    def what(source, target, data):
        weight = data.get("weight")
        form = frozenset((name, repr(value)) for name, value in data.items() if name != "weight")
        return number.get(source), number.get(target), form, None if weight is None else np.shape(weight)

    place = {what(*one): at for at, one in enumerate(others) if None not in what(*one)[:2]}
    pairs = [(at, place[what(*one)]) for at, one in enumerate(ours) if what(*one) in place]
    by_ends = {at: (number[ours[at][0]], number[ours[at][1]]) for at, _ in pairs}
    pairs.sort(key=lambda pair: by_ends[pair[0]])
    return [(mine[i], theirs[i]) for i in common], [(ours[i], others[j]) for i, j in pairs]


def plain_crossover(a, b, rng, rate=0.5):
    """A child that has nothing but what its fitter parent has."""
    neurons, synapses = plain_alignment(a, b)
    child = a.copy(journal=False)
    known = {innovation: name for name, innovation in child.nodes(data="innovation")}
    for ((u, v, _), (*_, data)), drawn in zip(synapses, rng.random(len(synapses)), strict=True):
        if drawn < rate and "weight" in data:
            child[known[u]][known[v]]["weight"] = data["weight"]
    for (mine, theirs), drawn in zip(neurons, rng.random(len(neurons)), strict=True):
        if drawn < rate:
            one, other = child.nodes[mine], b.nodes[theirs]
            for name in ("activation", "aggregation"):
                if one.get(name) != other.get(name):
                    one[name] = other[name]
            for name in VALUES:
                if one.get(name) is not None and other.get(name) is not None:
                    one[name] = other[name]
    return child
