"""What a sampler is: it proposes genes and is told how good they are."""

from collections.abc import Sequence
from math import isfinite
from typing import Any, Protocol

import numpy as np

from neurograph.errors import OptionError

from ...answers import as_number
from ..space import Genes, MacroSpace


class Sampler(Protocol):
    """Proposes networks of a space. What it proposes depends on its seed and on what it was told, in order.

    Asking need not be followed by telling: the shared weights are trained on networks that are asked for, and only
    those that are then evaluated are told of.
    """

    space: MacroSpace

    def ask(self, count: int) -> list[Genes]:
        """Networks to train or evaluate."""
        ...

    def tell(self, genes: Sequence[Genes], rewards: Sequence[float]) -> dict[str, float]:
        """How good networks are, the higher the better.

        Parameters
        ----------
        genes
            Networks that were asked for since the last telling.
        rewards
            One each, finite.

        Returns
        -------
        dict
            What there is to say of the sampler now, by name.

        Raises
        ------
        OptionError
            Not one finite reward for each.
        """
        ...

    def finalists(self, count: int) -> list[Genes]:
        """Different networks to choose the winner from, at most `count`."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything it goes on from, as `search.runs.packing` takes it."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        ...


def checked_rewards(genes: Sequence[Genes], rewards: Sequence[float]) -> np.ndarray:
    """The rewards as float64, or `OptionError`."""
    if not genes or len(genes) != len(rewards):
        raise OptionError(f"{len(rewards)} rewards were told for {len(genes)} networks: give one for each")
    found = [as_number(reward) for reward in rewards]
    for number, reward in enumerate(found):
        if reward is None:
            raise OptionError(f"reward {number} is {rewards[number]!r}: a reward is one number")
        if not isfinite(reward):
            raise OptionError(f"reward {number} is {reward}: give a network that failed the worst reward there is")
    return np.asarray(found, np.float64)


def different(sampler: Sampler, count: int, first: Sequence[Genes] = (), tries: int = 10) -> list[Genes]:
    """At most `count` different networks: the first ones given, then such as are asked for, a few times over."""
    found = dict.fromkeys(first)
    for _ in range(tries):
        if len(found) >= count:
            break
        found |= dict.fromkeys(sampler.ask(count - len(found)))
    return list(found)[:count]
