"""The loop over a stream: a step a batch, a row of metrics every so many steps, births and deaths in between."""

from collections.abc import Callable, Sequence
from math import isfinite
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from neurograph import compiler
from neurograph.analysis.units import PERCENT
from neurograph.errors import DivergenceError

from ....streams import Stream
from ....training.evaluation import evaluate
from ....training.measures import Targets
from ....training.objectives import AUTO, Objective
from ....training.options import make_optimizer
from ....training.seeds import seed_of
from ...reasons import Reason, reasons, stopped_falling
from ..rules import loss_slope
from .life import Life
from .options import StreamOptions

Row = dict[str, Any]
Callback = Callable[["StreamTrainer", Row], None]
ROW = 1000  # steps of a row where a stream has no tasks


class StreamTrainer:
    """A network that learns from each batch of a stream once, as it comes.

    What it answers is looked at before it learns from the batch: loss and error of the rows are online ones. Rows are
    those of `search.training.Trainer`, "epoch" being the number of the row, from 1, and hold beside that `step` (so
    many are done), `task` (of the row's last step, from 0), `born` and `died` (population -> how many), `event_seconds`
    (what that took), and `test_error` after the last row of a task where the stream has tests.

    Parameters
    ----------
    net
        Compiled, with one input and one output population that fit the stream.
    stream
        What to learn from.
    options
        See `StreamOptions`.
    callbacks
        Called with the trainer and each new row.
    rows
        Of a run that is gone on with.
    objective
        What is made small, and what counts as an error.
    """

    def __init__(
        self,
        net: compiler.CompiledNetwork,
        stream: Stream,
        options: StreamOptions,
        callbacks: Sequence[Callback] = (),
        rows: Sequence[Row] = (),
        objective: Objective = AUTO,
    ) -> None:
        self.net, self.stream, self.options, self.objective = net, stream, options, objective
        self.unit = PERCENT
        # on streams networks are small, steps many
        self.optimizer = make_optimizer(net.parameters(), options, fused=True)
        self.life = Life(net, self.optimizer, options)
        self.callbacks, self.rows = tuple(callbacks), list(rows)
        self.every = options.row or stream.task_steps or ROW
        self.steps = rows[-1]["step"] if rows else 0
        self.ended = False

    @property
    def epochs(self) -> int | None:
        """How many rows there will be, where that is known."""
        limits = [n for n in (self.options.steps, self.stream.steps) if n]
        return -(-min(limits) // self.every) if limits else None

    @property
    def finished(self) -> bool:
        """Whether all steps are done, or the stream has ended."""
        return self.ended or bool(self.options.steps and self.steps >= self.options.steps)

    def run(self) -> list[Row]:
        """Train until the stream ends or all steps are done; returns all rows.

        Raises
        ------
        DataError
            A batch that does not fit what came before it, naming the step.
        DivergenceError
            A loss that is not finite; callbacks do not see its row.
        """
        batches = iter(self.stream.batches(self.steps))
        while not self.finished:
            self._run_row(batches)
        return self.rows

    def _run_row(self, batches: Any) -> None:
        started, online, number = perf_counter(), _Online(self.net.device, self.objective), len(self.rows) + 1
        self.life.count_anew()
        self._known = len(self.net.graph.journal)
        with torch.random.fork_rng([self.net.device] if self.net.device.type == "cuda" else []):
            torch.manual_seed(seed_of(self.options.seed, "dropout", number))  # dropout draws from torch's own generator
            limit = min(self.options.steps or self.steps + self.every, self.steps + self.every)
            while self.steps < limit:
                batch = next(batches, None)
                if batch is None:
                    self.ended = True
                    break
                self._step(batch[0], batch[1], online)
                self.steps += 1
                self.life.after_step(self.steps)
        self.ended = self.ended or self.steps == self.stream.steps
        if online.count:
            self._end_row(number, online, started)

    def _step(self, x: Tensor, y: Tensor, online: "_Online") -> None:
        x, y = x.to(self.net.device), y.to(self.net.device)
        if not online.count:
            self.objective.check(y)
            self.unit = self.objective.unit(y)
        if not self.net.training:
            self.net.train()
        self.optimizer.zero_grad()
        answers = self.net(x)
        loss = self.objective.loss(answers, y)
        loss.backward()
        if self.options.clip:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.options.clip)
        self.optimizer.step()
        online.add(loss.detach(), answers.detach(), y)

    def _end_row(self, number: int, online: "_Online", started: float) -> None:
        loss, error = online.loss, online.error
        if not isfinite(loss):
            raise DivergenceError(
                f"the loss of row {number}, up to step {self.steps}, is {loss}: a smaller learning rate than "
                f"{self.options.learning_rate:g} may help"
            )
        task = self.stream.task_of(self.steps - 1)
        row: Row = {
            "epoch": number, "step": self.steps, "task": task, "train_loss": loss, "train_error": error,
            "validation_loss": None, "validation_error": None, "learning_rate": self.options.learning_rate,
            "neurons": {name: len(some) for name, some in self.net.graph.populations.items()},
            "parameters": self.net.parameter_count(), "seconds": perf_counter() - started, "edit": None, "event": None,
        }  # fmt: skip
        row |= {} if self.unit == PERCENT else {"unit": self.unit}
        over = not self.stream.task_steps or not self.steps % self.stream.task_steps
        if over and self.stream.tests:
            x, y = (part.to(self.net.device) for part in self.stream.tests(task))
            row["test_loss"], row["test_error"] = evaluate(self.net, x, y, objective=self.objective)
        self.rows.append(row)
        renewed = list(self.net.graph.journal)[self._known :]
        for entry in renewed:
            entry.details["event"] = {"kind": "renewal", "epoch": number} | reasons(self._due())
        grown = self._grow() if over else {}
        life = self.life
        row |= {"born": dict(life.born), "died": dict(life.died), "event_seconds": life.seconds}
        if grown:
            row["edit"] = "; ".join(f"{name} +{count}" for name, count in grown.items())
            row["event"] = {"kind": "growth", "epoch": number, "born": grown}
            row["event"] |= reasons(self._stood_still())
            for entry in list(self.net.graph.journal)[-len(grown) :]:
                entry.details["event"] = dict(row["event"])
        self._settle()
        for callback in self.callbacks:
            callback(self, row)

    def _grow(self) -> dict[str, int]:
        """Grow after a task where the stream asks for more."""
        ends, losses = self._tasks()
        grown = max((at for at, row in enumerate(self.rows, 1) if row.get("event")), default=0)
        return self.life.grow(losses, sum(end <= grown for end in ends), self.steps)

    def _tasks(self) -> tuple[list[int], list[float]]:
        """The rows that tasks so far ended with, and the tasks' mean losses."""
        ends = [at for at, row in enumerate(self.rows, 1) if self._ends_task(at)]
        return ends, [_mean_loss(self.rows[begin:end]) for begin, end in zip([0, *ends], ends, strict=False)]

    def _due(self) -> Reason:
        """The reason of deaths and births in their places."""
        who = "some drawn by chance" if self.options.chosen == "chance" else "those that contribute least"
        return Reason("rate", f"{who} are due to be replaced")

    def _stood_still(self) -> Reason:
        cycle = self.options.cycle
        return stopped_falling(loss_slope(self._tasks()[1], cycle), self.options.slope, cycle, "task")

    def _ends_task(self, number: int) -> bool:
        length = self.stream.task_steps
        return not length or not self.rows[number - 1]["step"] % length

    def _settle(self) -> None:
        """Go on from what a checkpoint would hold, so that a resumed run makes the same steps; keep the tail."""
        self.net.load_optimizer_state(self.optimizer, self.net.optimizer_state(self.optimizer))
        self.net.graph.shorten_journal(self.options.tail)


class _Online:
    """Loss and error over some steps, summed where the network is."""

    def __init__(self, device: torch.device, objective: Objective) -> None:
        self.loss_sum = torch.zeros((), dtype=torch.float64, device=device)
        self.objective, self.last = objective, torch.zeros(0)
        self.faults: Any = 0
        self.count, self.numbers = 0, 0
        self.targets: Any = 0.0
        self.squares: Any = 0.0

    def add(self, loss: Tensor, answers: Tensor, y: Tensor) -> None:
        """Take in a step."""
        self.loss_sum += loss * len(y)
        self.faults = self.faults + self.objective.faults(answers, y)
        self.count, self.numbers, self.last = self.count + len(y), self.numbers + y.numel(), y
        if y.is_floating_point():
            self.targets = self.targets + y.double().sum(0)
            self.squares = self.squares + y.double().square().sum(0)

    @property
    def loss(self) -> float:
        """The mean loss of an example."""
        return float(self.loss_sum) / self.count

    @property
    def error(self) -> float:
        """In the unit of the objective."""
        varied = self.last.is_floating_point() and self.count
        variation = float((self.squares - self.targets**2 / self.count).sum()) if varied else 0.0
        seen = Targets(self.count, self.numbers, variation)
        return self.objective.measured(self.last).mean(float(self.faults), seen)


def _mean_loss(rows: Sequence[Row]) -> float:
    return sum(row["train_loss"] for row in rows) / len(rows)
