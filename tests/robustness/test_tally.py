"""A soak goes on where it was stopped, with the numbers it would have had, and does not forget what fell."""

import json

import pytest

from tests.robustness import tally


@pytest.fixture
def soak(tmp_path, monkeypatch):
    monkeypatch.setattr(tally, "SOAK", True)
    monkeypatch.setattr(tally, "PATH", tmp_path / "soak.json")
    monkeypatch.setattr(tally, "SECONDS", 0.0)
    (tmp_path / "soak.json").write_text('{"seed": 7}')
    return tmp_path / "soak.json"


def test_a_soak_that_was_stopped_goes_on_with_the_same_numbers(soak):
    def run(stop, seen):
        def trial(number, rng):
            if number == stop:
                raise KeyboardInterrupt
            seen.append((number, int(rng.integers(2**40))))
            return "odd" if number % 2 else "even"

        return tally.repeat("it", trial, 1, 6)

    whole, halves = [], []
    assert run(None, whole) == {"even": 3, "odd": 3, "trials": 6}
    soak.write_text('{"seed": 7}')
    with pytest.raises(KeyboardInterrupt):
        run(3, halves)
    assert json.loads(soak.read_text())["tests"]["it"]["trials"] == 3
    assert run(None, halves) == {"even": 3, "odd": 3, "trials": 6}
    assert halves == whole
    assert run(None, halves)["trials"] == 6 and halves == whole  # it is done


def test_what_fell_is_reported_in_the_end_and_tried_again(soak):
    faults = {1, 3}

    def trial(number, rng):
        assert number not in faults
        return "fine"

    with pytest.raises(AssertionError, match="2 of 5 fell"):
        tally.repeat("it", trial, 1, 5)
    faults.remove(1)
    with pytest.raises(AssertionError, match="1 of 5 fell"):
        tally.repeat("it", trial, 1, 5)
    faults.clear()
    assert tally.repeat("it", trial, 1, 5) == {"fine": 5, "trials": 5}


def test_what_is_counted_may_be_another_than_the_trials(soak):
    assert tally.repeat("it", lambda number, rng: {"kills": number}, 1, 5, of="kills") == {"kills": 6, "trials": 4}
    assert tally._few("it", lambda number, rng: {"kills": number}, 5, "kills") == {"kills": 6, "trials": 4}
