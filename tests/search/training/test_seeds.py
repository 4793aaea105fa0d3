"""Seeds of what is drawn in a run, by the name of their use."""

import ast
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch

from search.training.seeds import FROZEN, generator, seed_of

ROOT = Path(__file__).parents[3]
ALIKE = {  # published results hold numbers of these
    ("order of an epoch", "controller"),
    ("changes of images", "autophagy"),
    ("held-out batches", "proliferation"),
    ("scores of pruning", "births and deaths by chance"),
    ("weights of add-ons", "classes"),  # the data of streams have a seed of their own
    ("weights of add-ons", "target"),
    ("directions of add-ons", "order of a pass"),
    ("directions of add-ons", "slow bits"),
    ("dropout", "labels of a task"),
    ("dropout", "examples of a task"),
    ("changes of images", "order of a task"),
    ("autophagy", "order of a task"),
    ("classes", "target"),  # of different streams
    ("order of a pass", "slow bits"),
    ("images of a task", "pixels of a task"),
    ("labels of a task", "examples of a task"),
}


def test_uses_have_numbers_of_their_own_but_for_those_that_were_alike():
    assert {pair for pair in combinations(FROZEN, 2) if FROZEN[pair[0]] == FROZEN[pair[1]]} == ALIKE
    found = [seed_of(0, use, 1, 2) for use in ("one use", "another", "dropout", "rewiring", "renewal")]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("use", "place", "numbers"),
    [
        ("order of an epoch", (4,), (4,)),
        ("dropout", (4,), (4, 1)),
        ("held-out batches", (4, 7), (4, 3, 7)),
        ("renewal", (4, 7), (4, 7, 2)),
        ("order of a pass", (4, 7), (1, 4, 7)),
        ("examples of statistics", (), (8,)),
    ],
)
def test_numbers_of_before_uses_had_names_stay(use, place, numbers):
    was = int(np.random.SeedSequence((3, *numbers)).generate_state(1, np.uint64)[0])
    assert seed_of(3, use, *place) == was
    assert torch.equal(
        torch.rand(4, generator=generator(3, use, *place)), torch.rand(4, generator=torch.Generator().manual_seed(was))
    )


def uses():
    """The use that each call of the package names; None where it is no constant."""
    paths = [path for path in sorted((ROOT / "search").rglob("*.py")) if path.name != "seeds.py"]
    for node in (n for path in paths for n in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("seed_of", "generator"):
            yield getattr(node.args[1], "value", None) if len(node.args) > 1 else None


def test_whoever_draws_says_what_for():
    found = set(uses())
    assert None not in found and found == set(FROZEN) - {"births and deaths by chance"}
