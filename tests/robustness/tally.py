"""How far a soak has come: counts in a file, so that one that was stopped goes on where it was.

A soak (`make soak`) repeats trials by the ten thousand. Each has random numbers of its own, made from the soak's seed,
the name and the trial's number; one that fell is kept by its number, tried again first when the soak goes on, and
reported when all others are done. Elsewhere the same trials are repeated a few times, with the same numbers each time.
"""

import json
import os
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
PATH = Path(
    os.environ.get("SOAK_FILE", Path(__file__).parents[2] / ".soak.json")
)  # remove it to begin with new numbers
SECONDS = 2.0  # between two writes of it

Trial = Callable[[int, np.random.Generator], str | Mapping[str, int]]


class Tally:
    """The file, and what it holds.

    Parameters
    ----------
    path
        The file; made where it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.written = path, 0.0
        self.held: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        self.held = {"seed": time.time_ns() % 2**32, "tests": {}} | self.held

    def of(self, name: str, full: int) -> dict[str, Any]:
        """The record of one name: trials done, out of how many, what came of them, and what fell, by its number."""
        record = {"trials": 0, "counts": {}, "fell": {}, "seconds": 0.0} | self.held["tests"].get(name, {})
        self.held["tests"][name] = record | {"full": full}
        return self.held["tests"][name]

    def save(self, at_once: bool = True) -> None:
        """Write the file, whole or not at all; now, or if that is long ago."""
        if at_once or time.monotonic() - self.written > SECONDS:
            aside = self.path.with_suffix(".part")
            aside.write_text(json.dumps(self.held, indent=1))
            aside.replace(self.path)
            self.written = time.monotonic()


def repeat(name: str, trial: Trial, small: int, full: int, of: str = "trials") -> Counter:
    """Repeat a trial, and count what comes of it.

    Parameters
    ----------
    name
        Of what is tried, in the file.
    trial
        Takes its number, from 0, and a generator; returns what came of it in a word, or several with how often.
    small, full
        How many there have to be, in the tests and in a soak.
    of
        What is counted up to that: "trials", or one of the words.

    Returns
    -------
    Counter
        How often each word came, "trials" among them.

    Raises
    ------
    AssertionError
        In a soak, at its end, where trials fell; elsewhere what the first one raised that did.
    """
    return _soaked(name, trial, full, of) if SOAK else _few(name, trial, small, of)


def _few(name: str, trial: Trial, most: int, of: str) -> Counter:
    counts: Counter = Counter(trials=0)
    while counts[of] < most:
        number = counts["trials"]
        counts.update(_counted(trial(number, _generator(0, name, number))))
    return counts


def _soaked(name: str, trial: Trial, full: int, of: str) -> Counter:
    tally = Tally(PATH)
    record = tally.of(name, full)
    for number in list(record["fell"]):
        _try(tally, record, name, trial, int(number))
    while (record["trials"] if of == "trials" else record["counts"].get(of, 0)) < full:
        _try(tally, record, name, trial, record["trials"])
    tally.save()
    assert not record["fell"], f"{len(record['fell'])} of {record['trials']} fell: {record['fell']}"
    return Counter(record["counts"], trials=record["trials"])


def _try(tally: Tally, record: dict[str, Any], name: str, trial: Trial, number: int) -> None:
    started = time.process_time()
    try:
        found = _counted(trial(number, _generator(tally.held["seed"], name, number)))
    except Exception:
        record["fell"][str(number)] = traceback.format_exc()[-3000:]
    else:
        record["fell"].pop(str(number), None)
        del found["trials"]
        record["counts"] = dict(Counter(record["counts"]) + found)
    record["trials"] = max(record["trials"], number + 1)
    record["seconds"] = round(record["seconds"] + time.process_time() - started, 3)
    tally.save(at_once=False)


def _counted(found: str | Mapping[str, int]) -> Counter:
    return Counter({found: 1} if isinstance(found, str) else found) + Counter(trials=1)


def _generator(seed: int, name: str, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode()), number])
