"""Populations that are being drawn up: what a traced tensor is made of, before there is a graph.

A traced operator either goes on with a draft that nobody else reads (conv, then batch norm, then ReLU are one
population) or begins a new one, a relay, that reads what came before through identity synapses.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

# How far a draft has come; what it may still take on lies beyond. y = dropout(activation(norm(sum + bias))).
SUM, BIAS, NORM, ACTIVATION, DROPOUT, CLOSED = range(6)


@dataclass(eq=False)
class Bundle:
    """Synapses into a draft that share one form.

    Parameters
    ----------
    sources
        Neurons they come from.
    targets
        (targets,) int64 places in the draft.
    weight
        (sources, targets, ...) where every source meets every target, (sources, ...) where they meet one by one; None
        for synapses without a weight, which meet one by one.
    form
        Fields of `SynapseForm`.
    paired
        Whether they meet one by one.
    """

    sources: list["Ref"]
    targets: np.ndarray
    weight: np.ndarray | None = None
    form: dict[str, Any] = field(default_factory=dict)
    paired: bool = True

    @property
    def kernel(self) -> tuple[int, ...]:
        """The shape of one weight."""
        assert self.weight is not None
        return self.weight.shape[1 if self.paired else 2 :]

    def pairs(self) -> set[tuple[int, int, int]]:
        """(draft, place, target place) of every synapse."""
        ends = [(id(draft), place) for draft, place in self.sources]
        if self.paired:
            return {(*end, target) for end, target in zip(ends, self.targets.tolist(), strict=True)}
        return {(*end, target) for end in ends for target in self.targets.tolist()}


@dataclass(eq=False)
class Draft:
    """A population to be.

    Parameters
    ----------
    name, count, shape
        Of the population, its neurons, and each of them.
    stage
        How far it has come.
    attributes
        Other fields of its neurons, values as (count,) arrays.
    trainable
        Whether its bias, norm and slope are trained; None while it has none of them.
    bundles
        What it reads.
    """

    name: str
    count: int
    shape: tuple[int, ...]
    stage: int = SUM
    attributes: dict[str, Any] = field(default_factory=dict)
    trainable: bool | None = None
    bundles: list[Bundle] = field(default_factory=list)

    def refs(self) -> list["Ref"]:
        """The references to its neurons."""
        return [Ref(self, place) for place in range(self.count)]

    def take(self, stage: int, trainable: bool | None, **attributes: Any) -> None:
        """Take on attributes and go on to a stage."""
        self.stage = max(self.stage, stage)
        self.attributes |= attributes
        self.trainable = trainable if self.trainable is None else self.trainable

    def adds_up(self) -> bool:
        """Whether it is nothing but the sum of what it reads, and perhaps a bias."""
        return self.stage <= BIAS and "aggregation" not in self.attributes


class Ref(NamedTuple):
    """One neuron of a draft."""

    draft: Draft
    place: int


@dataclass(frozen=True, eq=False)
class Value:
    """A traced tensor, in neurons.

    Parameters
    ----------
    refs
        One a channel; of a flattened tensor the neurons whose numbers follow one another.
    shape
        Of the traced tensor, batch included.
    sole
        Whether what reads this value is all that will read its drafts, which may be changed then.
    """

    refs: list[Ref]
    shape: tuple[int, ...]
    sole: bool = True

    @property
    def map_shape(self) -> tuple[int, ...]:
        """The shape of a neuron that holds one channel: (), or (height, width), a sequence being one row."""
        spatial = self.shape[2:]
        return (1, *spatial) if len(spatial) == 1 else spatial

    @property
    def is_flat(self) -> bool:
        """Whether it is (batch, features), the neurons of which may be maps."""
        return len(self.shape) == 2

    def drafts(self) -> list[Draft] | None:
        """The drafts it consists of, whole and one after another; None where it cuts or repeats one."""
        found: list[Draft] = []
        at = 0
        while at < len(self.refs):
            draft = self.refs[at].draft
            if draft in found or self.refs[at : at + draft.count] != draft.refs():
                return None
            found.append(draft)
            at += draft.count
        return found

    def runs(self) -> list[list[Ref]]:
        """References to its neurons, cut into runs of equal shape."""
        found: list[list[Ref]] = []
        for ref in self.refs:
            if found and found[-1][-1].draft.shape == ref.draft.shape:
                found[-1].append(ref)
            else:
                found.append([ref])
        return found
