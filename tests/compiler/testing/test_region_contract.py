"""Ways to make several blocks at once keep the contract that others are offered: ours, and one in plain torch."""

from dataclasses import replace

import pytest

from compiler.lowering import REGIONS
from compiler.testing import RegionLoweringContract
from tests.compiler.lowering.toy_region import TOY, Toy

for name in REGIONS:
    made = type(f"Test_{name}", (RegionLoweringContract,), {"name": name, "__module__": __name__})
    globals()[made.__name__] = made


class TestToy(RegionLoweringContract):
    name = TOY.name

    @pytest.fixture(autouse=True)
    def known(self):
        with REGIONS.lending({TOY.name: TOY}):
            yield


class Broken(RegionLoweringContract):
    name = TOY.name


def test_a_block_that_is_not_what_it_would_be_alone_fails_it(monkeypatch):
    make = Toy.make
    monkeypatch.setattr(Toy, "make", lambda self, x, places: make(self, x, places) + (places == self.layout.inputs))
    with REGIONS.lending({TOY.name: TOY}):
        for fails in (Broken().test_every_block_can_be_read, Broken().test_what_is_observed_is_what_blocks_show):
            with pytest.raises(AssertionError):
                fails()


def test_numbers_in_slots_of_others_fail_it(monkeypatch):
    slots = Toy.slots
    monkeypatch.setattr(Toy, "slots", lambda self: [_turned(entry) for entry in slots(self)])
    with REGIONS.lending({TOY.name: TOY}), pytest.raises(AssertionError):
        Broken().test_parameters_and_optimizer_state_go_from_one_program_to_the_other()


def _turned(entry):
    return replace(entry, numbers=entry.numbers[::-1])
