"""Regularised evolution: children of the best of a few, and the oldest die, however good they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurograph.builders.enas import gene_rows, read_genes

from ....options import Checked, option, read_options
from ....runs.shapes import ANYTHING, NUMBER, TABLE, check, need
from ..held import check_genes
from ..space import Genes, MacroSpace
from .base import checked_rewards, different


@dataclass(frozen=True)
class EvolutionOptions(Checked):
    """What can be chosen about regularised evolution."""

    population: int = option(50, "members at most", least=2, reach=1_000_000)
    tournament: int = option(10, "how many of them a parent is the best of", least=1)


class Evolution:
    """Regularised evolution (Real et al. 2018, "Regularized evolution for image classifier ... search", algorithm 1).

    The first `population` networks are drawn at random. From then on, what is asked for is a mutant of the best of
    `tournament` members drawn from the population; what is told of joins it, and the oldest leaves. An operation or
    whether one layer reads another mutates, either as likely.

    Parameters
    ----------
    space
        What networks there are.
    seed
        Of all draws.
    settings
        See `EvolutionOptions`.

    Examples
    --------
    >>> sampler = Evolution(MacroSpace(layers=3), seed=1, population=2)
    >>> first = sampler.ask(2)
    >>> sampler.tell(first, [0.1, 0.9])
    {'best': 0.9, 'mean': 0.5}
    >>> sampler.finalists(1) == first[1:]
    True
    """

    def __init__(self, space: MacroSpace, seed: int = 0, **settings: float) -> None:
        self.space, self.rng = space, np.random.default_rng(seed)
        self.options = read_options(EvolutionOptions, settings=settings)
        self.members: list[tuple[Genes, float]] = []

    def ask(self, count: int) -> list[Genes]:
        """Mutants of parents; networks at random as long as the population is not full."""
        return [self._child() for _ in range(count)]

    def _child(self) -> Genes:
        if len(self.members) < self.options.population:
            return self.space.draw(self.rng)
        drawn = self.rng.choice(len(self.members), min(self.options.tournament, len(self.members)), replace=False)
        parent = max((self.members[at] for at in drawn), key=lambda member: member[1])
        return self.space.mutate(parent[0], self.rng)

    def tell(self, genes: Sequence[Genes], rewards: Sequence[float]) -> dict[str, float]:
        """These join the population, the oldest members leave."""
        self.members.extend(zip(genes, checked_rewards(genes, rewards).tolist(), strict=True))
        self.members = self.members[-self.options.population :]
        held = [reward for _, reward in self.members]
        return {"best": max(held), "mean": sum(held) / len(held)}

    def finalists(self, count: int) -> list[Genes]:
        """The members of the highest rewards, then further children."""
        return different(self, count, [genes for genes, _ in sorted(self.members, key=lambda member: -member[1])])

    def state_dict(self) -> dict[str, Any]:
        """The members, oldest first, and the state of its generator."""
        members = [[gene_rows(genes), reward] for genes, reward in self.members]
        return {"rng": self.rng.bit_generator.state, "members": members}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with those members; `FileError` where they are none of this space."""
        check(state, {"rng": TABLE, "members": [([ANYTHING], NUMBER)]}, "state.sampler")
        need(len(state["members"]) <= self.options.population, "state.sampler.members", "are too many")
        for at, (rows, _) in enumerate(state["members"]):
            check_genes(rows, self.space, f"state.sampler.members[{at}]")
        self.rng.bit_generator.state = state["rng"]
        self.members = [(read_genes(rows), reward) for rows, reward in state["members"]]
