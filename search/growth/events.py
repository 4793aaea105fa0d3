"""Edits in the middle of training: applied as one event, measured as a whole, and logged with what they did."""

import json
from collections.abc import Callable
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from neurograph.core.codec import encode
from neurograph.core.editing import EditResult
from neurograph.core.entries import Entry
from neurograph.core.journal import to_line
from neurograph.errors import DivergenceError

from ..training import Trainer, parameter_count

Keep = Callable[[dict[str, Any]], None]


class Event:
    """The edits that follow one epoch.

    Every edit is a journal entry of its own. How the loss and the function moved is measured once for all of them, when
    the network runs again; each entry's details then hold it under "event".

    Parameters
    ----------
    trainer
        Whose network is edited.
    kind
        What the event is: "metabolism", "expansion", ...
    measured
        On how many training examples, see `Trainer.sample`, loss and function are measured; 0 for not at all.
    keep
        Called with each journal entry as plain JSON, once it is complete.
    """

    def __init__(self, trainer: Trainer, kind: str, measured: int, keep: Keep | None = None) -> None:
        self.trainer, self.kind, self.keep = trainer, kind, keep
        self.epoch = len(trainer.rows)
        self.x, self.y = trainer.sample(measured)
        self.before = self._measure()
        self.lines: list[tuple[Entry, dict[str, Any]]] = []

    def apply(self, edit: Any) -> EditResult:
        """Apply an edit to the network's graph."""
        graph = self.trainer.net.graph
        result = graph.apply(edit)
        self.lines.append((result.entry, json.loads(to_line(graph, result.entry))))  # read before the next edit
        return result

    def close(self, **details: Any) -> dict[str, Any]:
        """Let network and optimizer follow, measure, and hand on the journal's lines.

        Parameters
        ----------
        details
            What more is recorded of the event, plain JSON.

        Returns
        -------
        dict
            "kind", "epoch", "parameters_before" and "parameters_after"; and, where they are measured, "loss_before",
            "loss_after" and "function_change", the root mean square by which the outputs moved over that of the outputs
            before. And the facts.

        Raises
        ------
        DivergenceError
            The loss after the event is not finite; the journal's lines are not handed on.
        """
        trainer = self.trainer
        trainer.net.refresh(trainer.optimizer, newborns=trainer.options.newborn_state)
        record = {"kind": self.kind, "epoch": self.epoch} | _compared(self.before, self._measure()) | details
        if not isfinite(record.get("loss_after", 0.0)):
            verbs = ", ".join(dict.fromkeys(entry.verb for entry, _ in self.lines))
            raise DivergenceError(
                f"the {self.kind} after epoch {self.epoch} ({verbs}) moved the training loss from "
                f'{record["loss_before"]:.4g} to {record["loss_after"]}: outgoing="zero" and less noise move less'
            )
        for entry, line in self.lines:
            entry.details["event"] = dict(record)
            if self.keep:
                self.keep({"epoch": self.epoch, **line, "details": encode(entry.details)})
        return record

    def _measure(self) -> tuple[int, float | None, Tensor | None]:
        net = self.trainer.net
        if not len(self.y):
            return parameter_count(net), None, None
        training = net.training
        net.eval()
        try:
            with torch.no_grad():
                answers = torch.cat([net(x) for x in self.x.split(self.trainer.options.evaluation_batch)])
                return parameter_count(net), self.trainer.objective.loss(answers, self.y).item(), answers.double()
        finally:
            net.train(training)


def _compared(before: tuple[int, float | None, Tensor | None], after: tuple[int, float | None, Tensor | None]) -> dict:
    record: dict[str, Any] = {"parameters_before": before[0], "parameters_after": after[0]}
    if before[2] is not None and after[2] is not None:
        size = before[2].square().mean().sqrt().item()
        moved = (after[2] - before[2]).square().mean().sqrt().item()
        change = moved / size if size else moved
        record |= {"loss_before": before[1], "loss_after": after[1], "function_change": change}
    return record


def last_event(rows: list[dict[str, Any]], kind: str) -> int:
    """The epoch (from 1) after which an event of that kind was last, 0 for never."""
    return max((r["epoch"] for r in rows if (r.get("event") or {}).get("kind") == kind), default=0)
