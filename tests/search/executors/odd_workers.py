"""Workers for tests, importable in other processes; see conftest.py."""

import os
import signal
import time
from pathlib import Path

import torch

from search.executors import Task, builder


@builder
def odd(notes=None):
    """Answers (item, process id); some items end or stop the worker, always or the first time only."""

    def answer(item):
        if item == "raise":
            raise ValueError("no   luck")
        if item == "hang":
            time.sleep(60)
        if item == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "die once" and not (note := Path(notes) / "died").exists():
            note.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "threads":
            return torch.get_num_threads()
        return item, os.getpid()

    return answer


@builder
def broken():
    raise ValueError("there are no data here")


def unmarked():
    return len


@builder
def from_file(path):
    """Multiplies by the number that a file held when the worker was built."""
    factor = int(Path(path).read_text())
    return lambda item: item * factor


@builder
def nested(depth=1):
    """Builds another inside, and asks it."""
    inner = Task("odd_workers:nested", {"depth": depth - 1}).built() if depth else (lambda item: item)

    def answer(item):
        return inner(item) + Task("odd_workers:nested", {"depth": 0})(1) if depth else item

    return answer


@builder
def endless():
    return Task("odd_workers:endless").built()
