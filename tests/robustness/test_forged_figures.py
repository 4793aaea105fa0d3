"""A file of figures with anything in it is refused by name, or programs can be planned by it."""

import json

import pytest

import compiler
from compiler.planning import calibration
from compiler.planning.cost import CPU
from neurograph.builders import mlp
from neurograph.errors import FileError
from tests.robustness.forger import damaged
from tests.robustness.state_forger import PLAIN, forged_state
from tests.robustness.tally import repeat


def test_forged_figures_are_refused_or_planned_by(tmp_path):
    path, graph = tmp_path / "figures.json", mlp([4, 300, 300, 2], seed=0)
    held = {"format": calibration.FORMAT, "machine": {}, "figures": calibration.as_plain(CPU)}
    whole = json.dumps(held).encode()

    def trial(number, rng):
        flipped = rng.random() < 0.2
        path.write_bytes(damaged(whole, rng) if flipped else json.dumps(forged_state(held, rng, PLAIN)).encode())
        try:
            found = calibration.read(path)
        except FileError as err:
            assert str(path) in str(err)
            return "refused"
        if number % 20 == 0:
            with calibration.using(lambda outer: found):
                compiler.compile(graph)
        return "used"

    repeat("forged figures", trial, 60, 10_000)


@pytest.mark.parametrize(
    "text, match",
    [
        ("[" * 100_000, "is damaged"),
        (json.dumps({"format": calibration.FORMAT, "machine": {}, "figures": 3}), "does not hold"),
    ],
)
def test_figures_that_cannot_be_read(text, match, tmp_path):
    path = tmp_path / "figures.json"
    path.write_text(text)
    with pytest.raises(FileError, match=match):
        calibration.read(path)


@pytest.mark.parametrize("rate", [10**400, 1e308, -1, True, float("nan"), "1"])
def test_rates_that_are_no_seconds(rate):
    plain = calibration.as_plain(CPU)
    name = next(name for name in plain if name != "name")
    with pytest.raises(ValueError, match=f"{name} must be a number of seconds"):
        calibration.from_plain(plain | {name: rate})
