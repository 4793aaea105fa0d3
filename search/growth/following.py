"""What follows each epoch of a run: the test error where it is watched, the edits, and what is kept of them."""

from collections.abc import Sequence
from typing import Any

from neurograph import compiler
from neurograph.errors import DivergenceError

from ..datasets import Dataset
from ..runs import Run
from ..training import Trainer, evaluate
from ..training.loop import Callback
from .options import GrowingOptions
from .remembering import remembering
from .way import Way


def following(
    way: Way, data: Dataset, options: GrowingOptions, run: Run | None, others: Sequence[Callback] = ()
) -> tuple[Callback, ...]:
    """What follows each epoch: the test error where it is watched, the edits, what is kept of them, and the others."""

    remember = remembering(run, options)

    def keep(trainer: Trainer, row: dict[str, Any]) -> None:
        _check_finite(trainer.net, row)
        if run:
            run.log_metrics(row)
            due = row["epoch"] % options.checkpoint == 0 or trainer.finished
            if due or row["event"]:
                remember(trainer)
            if due:
                checkpoint(run, trainer)

    change = way.callback(options, run.log_journal if run else None)
    watch = (_watcher(data),) if options.watch_test else ()
    return *watch, change, keep, *others  # which may end the run by raising: its epoch is kept


def _watcher(data: Dataset) -> Callback:
    """A callback that puts "test_loss" and "test_error" in every row."""

    def watch(trainer: Trainer, row: dict[str, Any]) -> None:
        row["test_loss"], row["test_error"] = tested(trainer, data)

    return watch


def tested(trainer: Trainer, data: Dataset) -> tuple[float | None, float | None]:
    """Loss and error on the test part of the data; None where it has none."""
    net = trainer.net
    if not len(data.test_y):
        return None, None
    x, y = data.test_x.to(net.device), data.test_y.to(net.device)
    return evaluate(net, x, y, trainer.options.evaluation_batch, trainer.objective)


def _check_finite(net: compiler.CompiledNetwork, row: dict[str, Any]) -> None:
    """Refuse to keep what the last step of an epoch, or its event, has blown up: its loss would show an epoch later."""
    if not all(bool(parameter.isfinite().all()) for parameter in net.parameters()):
        event = f" or its event, {row['edit']}," if row["edit"] else ""
        raise DivergenceError(
            f"epoch {row['epoch']}{event} left numbers that are not finite: a smaller learning rate than "
            f"{row['learning_rate']:g} may help"
        )


def checkpoint(run: Run, trainer: Trainer) -> None:
    """Keep everything the rest of the run depends on."""
    state = {
        "network": dict(trainer.net.state_dict()),
        "optimizer": trainer.net.optimizer_state(trainer.optimizer),
    }
    if trainer.utility is not None:
        state["utility"] = trainer.utility.state_dict()
    run.save_checkpoint(state, trainer.net.graph, trainer.rows)
