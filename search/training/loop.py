"""The loop. An epoch depends on the network, the optimizer, the seed and the epoch's number, and on nothing else."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from neurograph.analysis.units import PERCENT
from neurograph.errors import DivergenceError, OptionError

from ...compiler.runtime.devices import usable_device
from ...compiler.statistics.utility import RunningUtility
from ..datasets import Split
from .augment import changed, draw_changes
from .batches import batches, leaves_one
from .counts import neurons_per_population, parameter_count
from .evaluation import evaluate
from .objectives import AUTO, Objective
from .options import TrainingOptions, learning_rate, make_optimizer
from .sample import sample
from .seeds import seed_of
from .tasks import check_answers, loss_of

MetricsRow = dict[str, Any]
Callback = Callable[["Trainer", MetricsRow], None]


class Trainer:
    """A training run: a network, its optimizer, the examples, and one row of metrics for each epoch so far.

    After each epoch the callbacks are called in order with the trainer and the new row. A callback may edit the
    network's graph and call `trainer.net.refresh(trainer.optimizer)`; it then says so in `row["edit"]`. A callback that
    records rows or saves a checkpoint comes after those that edit.

    Rows hold `epoch` (from 1), `train_loss` and `train_error` (while training, over the epoch), `validation_loss` and
    `validation_error` (None where nothing is held out), in percent of the examples unless
    `unit` names another unit, `learning_rate`, `neurons` (population ->
    count, during the epoch), `parameters`, `seconds` (training and validating), `edit` (what a callback did after the
    epoch, in words, or None) and `event` (the same as a table, or None).

    Targets that are whole numbers are classes; targets that are not are to be met in mean square, see
    `search.training.tasks`. Images, as maps or as rows of pixels, are changed at random (crop, flip, cutout) only where
    they are learned from, and `train_loss` is what is minimised, label smoothing included.

    Parameters
    ----------
    net
        Any module that gives (n, classes) for a batch; it is moved to the options' device.
    split
        What to learn from and what to validate on.
    options
        See `TrainingOptions`; `validation` is not used here, the split is given.
    optimizer
        Made from the options when None.
    callbacks
        See above.
    rows
        The rows of the epochs that a resumed run has behind it.
    objective
        What is made small, and what counts as an error; see `search.training.objectives`.

    Attributes
    ----------
    utility
        A running utility of the network's neurons, for callbacks that go by one.

    Raises
    ------
    OptionError
        A device that is not there; options that do not fit the examples, such as a crop of what are no images.

    Warns
    -----
    UserWarning
        Where the batches leave one example over, which then joins the batch before it (`search.training.in_batches`).
    """

    def __init__(
        self,
        net: nn.Module,
        split: Split,
        options: TrainingOptions,
        optimizer: torch.optim.Optimizer | None = None,
        callbacks: Sequence[Callback] = (),
        rows: Sequence[MetricsRow] = (),
        objective: Objective = AUTO,
    ) -> None:
        device = usable_device(options.device)
        self._image_shape = split.image_shape or tuple(split.train_x.shape[1:])
        options.augmentation().check(self._image_shape)
        if options.label_smoothing and split.train_y.is_floating_point():
            raise OptionError("label_smoothing is for classes, and these targets are numbers: set label_smoothing=0")
        if options.label_smoothing and objective.loss is not loss_of:
            raise OptionError("label_smoothing is for the cross-entropy: set label_smoothing=0, or loss=auto")
        objective.check(split.train_y)
        self.objective = objective
        self.net: Any = net.to(device)  # callbacks that edit know it to be a CompiledNetwork
        self.options = options
        split = split.to(device)
        self.split = replace(split, validation_x=self._laid(split.validation_x))
        self.optimizer = optimizer or make_optimizer(net.parameters(), options)
        self.callbacks = tuple(callbacks)
        self.rows = list(rows)
        self.utility: RunningUtility | None = None
        self._fits = False
        if leaves_one(len(split.train_y), options.batch_size):
            warnings.warn(
                f"{len(split.train_y)} examples in batches of {options.batch_size} leave one over: it joins the batch "
                "before it",
                stacklevel=2,
            )

    def sample(self, count: int) -> tuple[Tensor, Tensor]:
        """Some training examples and their targets, to take statistics over: see `search.training.sample`."""
        y = self.split.train_y
        there = sample(y, count, self.options.seed).to(y.device)
        return self.split.train_x[there], y[there]

    @property
    def unit(self) -> str:
        """Of the errors: "%" and of what, if not of the examples; else the name of the measure."""
        return self.objective.unit(self.split.train_y)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or the loss has not improved for longer than `patience`."""
        return len(self.rows) >= self.options.epochs or exhausted(self.rows, self.options.patience)

    def run(self) -> list[MetricsRow]:
        """Train until finished; returns all rows.

        Raises
        ------
        DataError
            When the network's answers do not fit the targets.
        DivergenceError
            When a loss is not finite, naming the epoch; callbacks do not see that epoch.
        """
        while not self.finished:
            self.run_epoch()
        return self.rows

    def run_epoch(self) -> MetricsRow:
        """Train one epoch, evaluate, call the callbacks; returns the row."""
        epoch, started = len(self.rows) + 1, perf_counter()
        rate = learning_rate(self.options, epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        train_loss, train_error = self._train(epoch)
        validation_loss, validation_error = self._validate()
        seconds = perf_counter() - started  # of the work: counting parameters reads the whole graph
        row = {
            "epoch": epoch,
            "train_loss": train_loss,
            "train_error": train_error,
            "validation_loss": validation_loss,
            "validation_error": validation_error,
            "learning_rate": rate,
            "neurons": neurons_per_population(self.net),
            "parameters": parameter_count(self.net),
            "seconds": seconds,
            "edit": None,
            "event": None,
        } | ({} if self.unit == PERCENT else {"unit": self.unit})
        _check_finite(row, self.rows)
        self.rows.append(row)
        for callback in self.callbacks:
            callback(self, row)
        return row

    def _train(self, epoch: int) -> tuple[float, float]:
        x, y, device = self.split.train_x, self.split.train_y, self.split.train_x.device
        loss_sum = torch.zeros((), dtype=torch.float64, device=device)  # summed there: a sync each step would cost
        wrong = torch.zeros_like(loss_sum)
        how, seed = self.options.augmentation(), self.options.seed
        changes = draw_changes(how, len(y), self._image_shape[1:], seed, epoch, device) if how else None
        self.net.train()
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(seed_of(seed, "dropout", epoch))  # dropout draws from torch's own generator
            for batch in batches(len(y), self.options.batch_size, seed, epoch):
                there = batch.to(device)
                some_x, some_y = x[there], y[there]
                if changes is not None:
                    images = some_x.reshape(-1, *self._image_shape)
                    some_x = changed(images, how, changes.of(there)).reshape(some_x.shape)
                loss, answers = self._step(self._laid(some_x), some_y)
                loss_sum += loss * len(batch)
                wrong += self.objective.faults(answers, some_y)
        return loss_sum.item() / len(y), self.objective.error(wrong.item(), y)

    def _step(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        self.optimizer.zero_grad()
        half = self.options.precision == "bfloat16"
        with torch.autocast(x.device.type, torch.bfloat16, enabled=half):
            answers = self.net(x)
        if not self._fits:
            check_answers(answers, self.split.train_y)
            self._fits = True
        answers = answers.float() if half else answers
        smoothing = self.options.label_smoothing
        loss = loss_of(answers, y, smoothing) if smoothing else self.objective.loss(answers, y)
        loss.backward()
        if self.options.clip:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.options.clip)
        self.optimizer.step()
        return loss.detach(), answers.detach()

    def _validate(self) -> tuple[float | None, float | None]:
        x, y = self.split.validation_x, self.split.validation_y
        return evaluate(self.net, x, y, self.options.evaluation_batch, self.objective) if len(y) else (None, None)

    def _laid(self, x: Tensor) -> Tensor:
        """Images as the options say; as they came where these say nothing."""
        last = self.options.channels_last and x.dim() == 4
        return x.contiguous(memory_format=torch.channels_last) if last else x


def exhausted(rows: Sequence[MetricsRow], patience: int) -> bool:
    """Whether the loss has not improved for `patience` epochs; an edit gives it all of them again.

    Parameters
    ----------
    rows
        Rows of a run; the validation loss counts, or the training loss where there is none.
    patience
        In epochs; 0 means never.
    """
    if not patience or len(rows) <= patience:
        return False
    losses = [_watched(row) for row in rows]
    best = losses.index(min(losses))
    edited = max((at for at, row in enumerate(rows) if row["edit"]), default=0)
    return len(rows) - 1 - max(best, edited) >= patience


def _watched(row: MetricsRow) -> float:
    return row["train_loss"] if row["validation_loss"] is None else row["validation_loss"]


def _check_finite(row: MetricsRow, rows: Sequence[MetricsRow]) -> None:
    edits = [f"; the last edit, {r['edit']}, came after epoch {r['epoch']}" for r in rows if r["edit"]]
    for name in ("train_loss", "validation_loss"):
        if row[name] is not None and not isfinite(row[name]):
            raise DivergenceError(
                f"the {name.replace('_', ' ')} of epoch {row['epoch']} is {row[name]}: a smaller learning rate than "
                f"{row['learning_rate']:g} may help{edits[-1] if edits else ''}"
            )
