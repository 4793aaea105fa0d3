"""Random search: every network as likely as any other, whatever was found out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurograph.errors import OptionError

from ..space import Genes, MacroSpace
from .base import checked_rewards, different


class Chance:
    """Random search (Li and Talwalkar 2019: with shared weights, what every other sampler has to beat).

    Parameters
    ----------
    space
        What networks there are.
    seed
        Of what it draws.
    settings
        There are none.

    Examples
    --------
    >>> sampler = Chance(MacroSpace(layers=2, segments=1), seed=1)
    >>> len(sampler.ask(3)), sampler.tell(sampler.ask(1), [0.5])
    (3, {})
    """

    def __init__(self, space: MacroSpace, seed: int = 0, **settings: float) -> None:
        if settings:
            raise OptionError(f"random search has no options, and {', '.join(settings)} was set")
        self.space, self.rng = space, np.random.default_rng(seed)

    def ask(self, count: int) -> list[Genes]:
        """Networks at random."""
        return [self.space.draw(self.rng) for _ in range(count)]

    def tell(self, genes: Sequence[Genes], rewards: Sequence[float]) -> dict[str, float]:
        """Checks the rewards and forgets them."""
        checked_rewards(genes, rewards)
        return {}

    def finalists(self, count: int) -> list[Genes]:
        """More networks at random."""
        return different(self, count)

    def state_dict(self) -> dict[str, Any]:
        """The state of its generator."""
        return {"rng": self.rng.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on drawing from there."""
        self.rng.bit_generator.state = state["rng"]
