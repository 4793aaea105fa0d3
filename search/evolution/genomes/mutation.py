"""Mutation: valid changes of a genome, drawn by the rates of a policy."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurograph.errors import EditError

from .changes import Added, Cut, Joined, Removed, Split, Turned
from .genome import Genome, Pair
from .innovations import free, mark, of_split
from .policy import RATES, Policy, as_policies

Change = Callable[[], None]
Draw = Callable[[Any, np.random.Generator, Policy], "Change | str"]


class NoMutationError(EditError):
    """A genome to which none of a policy's changes can be made; it is as it was."""


def mutate(graph: Any, rng: np.random.Generator, policies: Policy | Sequence[Policy] | None = None) -> list[str]:
    """Change a genome in place, by what is drawn.

    Each kind of change is made by its rate, once at most for each policy. What is drawn is valid, so nothing is tried
    in vain: a synapse closes no cycle, inputs and outputs stay, limits hold.

    Parameters
    ----------
    graph
        A `NeuronGraph`. Its neurons are marked with innovations where they are not.
    rng
        What is drawn comes from it.
    policies
        One or several; None: the defaults of `Policy`.

    Returns
    -------
    list of str
        The names of what was done: "connect", "split", "cut", "add", "remove", "activation", "aggregation", "perturb",
        "recur".

    Raises
    ------
    NoMutationError
        Where nothing is possible that any policy has a rate for, with what forbids it.

    Examples
    --------
    >>> import numpy as np
    >>> from neurograph.builders import mlp
    >>> graph = mlp([2, 1], seed=0)
    >>> mutate(graph, np.random.default_rng(0), Policy(split=1, connect=0, cut=0, remove=0, perturb=0))
    ['split']
    >>> len(graph)
    4
    """
    policies = as_policies(policies)
    mark(graph)
    done, drawn = [], 0
    for policy in policies:
        chances = rng.random(len(RATES) if policy.recur else len(RATES) - 1)
        for name, chance in zip(RATES, chances, strict=False):  # what is drawn without recurrence is as it ever was
            if chance >= getattr(policy, name):
                continue
            drawn += 1
            change = VERBS[name](graph, rng, policy)
            if not isinstance(change, str):
                change()
                done.append(name)
    if drawn and not done:
        _refuse_hopeless(graph, rng, policies)
    return done


def _refuse_hopeless(graph: Any, rng: np.random.Generator, policies: Sequence[Policy]) -> None:
    """Raise where nothing could have been done, whatever had been drawn."""
    reasons = {}
    for policy in policies:
        for name in RATES:
            if getattr(policy, name):
                change = VERBS[name](graph, rng, policy)
                if not isinstance(change, str):
                    return
                reasons[name] = change
    listed = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    raise NoMutationError(f"no mutation of this policy is possible: {listed}")


# --- each draws a change, or says why there is none -------------------------------------------------------------------


def _connect(graph: Any, rng: np.random.Generator, policy: Policy) -> Change | str:
    return _joined(graph, rng, policy, Genome.missing_pair) or "every pair that closes no cycle is connected"


def _recur(graph: Any, rng: np.random.Generator, policy: Policy) -> Change | str:
    return _joined(graph, rng, policy, Genome.unjoined_pair, delay=1) or "every pair is connected"


def _joined(
    graph: Any,
    rng: np.random.Generator,
    policy: Policy,
    pair_of: Callable[[Genome, np.random.Generator], Pair | None],
    **form: Any,
) -> Change | str | None:
    """A synapse more between two neurons that are drawn; None where there are no such two."""
    genome = Genome(graph, policy)
    if policy.synapses is not None and genome.synapses >= policy.synapses:
        return f"the genome has the {policy.synapses} synapses that synapses={policy.synapses} allows"
    pair = pair_of(genome, rng)
    if pair is None:
        return None
    weight = rng.normal() * policy.spread
    return lambda: Joined(*pair, weight, form).apply(graph)


def _split(graph: Any, rng: np.random.Generator, policy: Policy) -> Change | str:
    genome = Genome(graph, policy)
    if full := genome.full(1, 1):
        return full
    pair = genome.synapse(rng, weighted=True)
    if pair is None:
        return "there is no synapse with a weight between numbers"
    activation = str(rng.choice(list(policy.activations)))

    def change() -> None:
        Split(*pair, activation, policy.population, of_split(graph, *pair), policy.bias).apply(graph)

    return change


def _cut(graph: Any, rng: np.random.Generator, policy: Policy) -> Change | str:
    pair = Genome(graph, policy).synapse(rng, weighted=False)
    return "there is no synapse" if pair is None else lambda: Cut(*pair).apply(graph)


def _add(graph: Any, rng: np.random.Generator, policy: Policy) -> Change | str:
    genome = Genome(graph, policy)
    if full := genome.full(1, 2):
        return full
    pair = genome.acyclic_pair(rng)
    if pair is None:
        return "there are no two neurons to put one between"
    weights, activation = rng.normal(size=2) * policy.spread, str(rng.choice(list(policy.activations)))

    def change() -> None:
        innovation, (into, out_of) = free(policy.population, set(mark(graph).values())), weights.tolist()
        Added(*pair, (into, out_of), activation, policy.population, innovation, policy.bias).apply(graph)

    return change


def _remove(graph: Any, rng: np.random.Generator, policy: Policy) -> Change | str:
    name = Genome(graph, policy).hidden(rng)
    return "there is no hidden neuron" if name is None else lambda: Removed(name[0]).apply(graph)


def _activation(graph: Any, rng: np.random.Generator, policy: Policy) -> Change | str:
    return _other(graph, rng, policy, "activation", policy.activations)


def _aggregation(graph: Any, rng: np.random.Generator, policy: Policy) -> Change | str:
    return _other(graph, rng, policy, "aggregation", policy.aggregations)


def _other(graph: Any, rng: np.random.Generator, policy: Policy, what: str, allowed: Sequence[str]) -> Change | str:
    """Another activation or aggregation for a hidden neuron."""
    found = Genome(graph, policy).with_another(rng, what, allowed)
    if found is None:
        return f"no hidden neuron can have another {what} of {', '.join(allowed)}"

    return lambda: Turned(found[0], what, found[1]).apply(graph)


def _perturb(graph: Any, rng: np.random.Generator, policy: Policy) -> Change | str:
    genome = Genome(graph, policy)
    ids, keys = genome.numbers()
    if not len(ids) and not len(keys):
        return "there is no weight and no bias that is trained"

    def change() -> None:
        if len(ids):
            graph.write_weights(ids, _moved(graph.read_weights(ids), rng, policy))
        if len(keys):
            graph.write_values("bias", keys, _moved(graph.read_values("bias", keys), rng, policy))

    return change


def _moved(values: np.ndarray, rng: np.random.Generator, policy: Policy) -> np.ndarray:
    noise = rng.normal(size=len(values))
    anew = rng.random(len(values)) < policy.replace
    return np.where(anew, noise * policy.spread, values + noise * policy.power)


VERBS: dict[str, Draw] = {
    "connect": _connect,
    "split": _split,
    "cut": _cut,
    "add": _add,
    "remove": _remove,
    "activation": _activation,
    "aggregation": _aggregation,
    "perturb": _perturb,
    "recur": _recur,
}
