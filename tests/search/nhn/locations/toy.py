"""An evaluator whose best genome is known, importable in other processes; see conftest.py."""

import multiprocessing
import os
import signal
from contextlib import suppress
from pathlib import Path

import numpy as np

from search.executors import builder
from search.nhn.locations import EvolutionOptions, Result, Table
from search.nhn.locations.options import PAPER

ROWS = (("stem",), ("stem", "layer0"), ("stem", "layer0", "layer1")) * 2
GOAL = (-1, 1, 0, 0, -1, 2)
HELD_OUT = 7


def paper(**given):
    """The paper's options, on which most of these tests are built, and others."""
    return EvolutionOptions(**PAPER | given)


class Toy:
    """Every choice has a shared weight that training moves towards 1; the error counts genes that are not the goal's.

    Noise depends on batch numbers alone, so every process sees the same.
    """

    def __init__(self, noise=0.0, spoil=(), notes=None, kill=None, deadly=(), group=None):
        self.space, self.held_out, self.noise = Table(ROWS), HELD_OUT, noise
        self.spoil, self.notes, self.kill, self.deadly = tuple(spoil), notes, kill, tuple(deadly)
        self.turns, self.group = [], group
        if group is not None and multiprocessing.parent_process():
            (Path(group) / "workers" / str(os.getpid())).touch()

    def weights(self):
        return {f"{gene}.{at}": np.zeros(2) for gene, row in enumerate(ROWS) for at in range(len(row))}

    def used(self, genome):
        return [f"{gene}.{value}" for gene, value in enumerate(genome) if value >= 0]

    def __call__(self, turn):
        self.turns.append(turn)
        if self.kill is not None and any(self.kill in batches for batches in turn.training):
            self._die_once()
        if self.group is not None:
            self._end_everyone(Path(self.group))
        if self.deadly in turn.genomes:
            os.kill(os.getpid(), signal.SIGKILL)
        weights = {name: value.copy() for name, value in turn.weights.items()}
        errors, losses = [], []
        for genome, training, evaluation in zip(turn.genomes, turn.training, turn.evaluation, strict=True):
            if genome[0] in self.spoil:
                raise ValueError(f"gene 0 may not be {genome[0]}")
            for number in training:
                aim = 1.0 + 0.1 * np.random.default_rng(number).standard_normal(2)
                for name in self.used(genome):
                    weights[name] += turn.rate * (aim - weights[name])
            errors.append(self._error(genome, evaluation))
            losses.append(sum(float(((weights[name] - 1) ** 2).sum()) for name in self.used(genome)))
        return Result(tuple(errors), tuple(losses), weights)

    def _error(self, genome, evaluation):
        wrong = sum(a != b for a, b in zip(genome, GOAL, strict=True))
        noise = np.mean([np.random.default_rng((number % HELD_OUT, 5)).standard_normal() for number in evaluation])
        return 10.0 * wrong + self.noise * float(noise)

    def _end_everyone(self, folder):
        """The whole group of workers, once for each token in the folder, once all have begun."""
        workers = list((folder / "workers").iterdir())
        for token in (folder / "tokens").iterdir() if len(workers) > 1 else ():
            token.unlink()
            for note in workers:
                note.unlink(missing_ok=True)
            for number in sorted((int(note.name) for note in workers), key=lambda number: number == os.getpid()):
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)

    def _die_once(self):
        note = Path(self.notes) / "died"
        if not note.exists():
            note.touch()
            os.kill(os.getpid(), signal.SIGKILL)


@builder
def toy(**settings):
    return Toy(**settings)
