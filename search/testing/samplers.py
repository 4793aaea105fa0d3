"""The contract of what proposes networks of a space: seeded, within the space, and going on from where it was."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from neurograph.errors import OptionError

from ..nhn.layers.samplers import SAMPLERS, Sampler, make_sampler
from ..nhn.layers.space import Genes, MacroSpace
from ..runs.packing import pack_state, unpack_state

SPACE = MacroSpace(layers=3, segments=1)
SMALL = MacroSpace(layers=1, segments=1, operations=("conv3", "average"))


def reward(genes: Genes) -> float:
    """The share of layers that are a convolution of 3 x 3."""
    return sum(gene.operation == "conv3" for gene in genes) / len(genes)


class SamplerContract:
    """What every sampler keeps; a subclass says its name, and options if it needs some."""

    name: str
    options: Mapping[str, float] = {}

    def made(self, seed: int = 0, space: MacroSpace = SPACE) -> Sampler:
        """The sampler, knowing nothing yet."""
        return make_sampler(self.name, space, seed, self.options)

    def play(self, sampler: Sampler, rounds: int = 3) -> list[list[Genes]]:
        """What it asks for in some rounds, each told of."""
        asked = []
        for _ in range(rounds):
            asked.append(sampler.ask(6))
            said = sampler.tell(asked[-1], [reward(genes) for genes in asked[-1]])
            assert all(isinstance(name, str) and np.isfinite(value) for name, value in said.items())
        return asked

    @pytest.mark.parametrize("space", [SPACE, SMALL])
    def test_it_asks_for_as_many_networks_of_the_space_as_it_should(self, space: MacroSpace) -> None:
        sampler = self.made(space=space)
        for asked in (sampler.ask(1), *self.play(sampler), sampler.ask(9)):
            assert len(asked) in (1, 6, 9) and all(space.genes(genes) == genes for genes in asked)
        assert len(self.made().ask(5)) == 5

    def test_the_seed_decides(self) -> None:
        assert self.play(self.made(3)) == self.play(self.made(3)) != self.play(self.made(4))

    @pytest.mark.parametrize("space", [SPACE, SMALL])
    def test_finalists_differ_and_are_no_more_than_wanted(self, space: MacroSpace) -> None:
        sampler = self.made(space=space)
        self.play(sampler)
        found = sampler.finalists(4)
        assert 1 <= len(found) <= 4 and len(set(found)) == len(found)
        assert all(space.genes(genes) == genes for genes in found)

    def test_it_goes_on_from_its_state_as_it_would_have(self, tmp_path: Path) -> None:
        sampler, other = self.made(5), self.made(6)
        self.play(sampler)
        pack_state(tmp_path / "state", sampler.state_dict())
        other.load_state_dict(unpack_state(tmp_path / "state"))
        assert self.play(other) == self.play(sampler) and other.finalists(4) == sampler.finalists(4)

    @pytest.mark.parametrize("rewards", [[], [1.0], [1.0, float("nan")], [1.0, "good"]])
    def test_rewards_that_are_none_are_refused(self, rewards: list) -> None:
        sampler = self.made()
        with pytest.raises(OptionError):
            sampler.tell(sampler.ask(2), rewards)

    def test_an_option_that_it_does_not_have_is_refused(self) -> None:
        assert self.name in SAMPLERS
        with pytest.raises(OptionError):
            make_sampler(self.name, SPACE, 0, {"no_such_option": 1.0})
