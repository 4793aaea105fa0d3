"""A supernet trained by the shared loop, and the steps of its sampler between the epochs."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from neurograph.builders.enas import gene_rows

from ...training import Trainer, generator
from .options import HierarchyOptions
from .samplers import Sampler
from .space import Genes
from .supernet import Supernet

_AHEAD = 64  # networks asked for at once: an LSTM writes many as fast as one


class OneShot(nn.Module):
    """What `Trainer` sees of a supernet: in train mode each batch goes through a network that the sampler proposes.

    In eval mode all go through `chosen`, the network that did best in the last steps.

    Parameters
    ----------
    net
        The supernet.
    sampler
        What proposes networks.
    """

    def __init__(self, net: Supernet, sampler: Sampler) -> None:
        super().__init__()
        self.net, self.sampler = net, sampler
        self.chosen = sampler.ask(1)[0]
        self.ahead: list[Genes] = []

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes)."""
        if not self.training:
            return self.net(x, self.chosen)
        if not self.ahead:
            self.ahead = self.sampler.ask(_AHEAD)
        return self.net(x, self.ahead.pop())


def rewards(net: Supernet, genes: Sequence[Genes], x: Tensor, y: Tensor) -> list[float]:
    """The share of right answers of each network on one batch; 0 where an answer is not finite."""
    with torch.no_grad():
        right = []
        for each in genes:
            answers = net(x, each)
            share = (answers.argmax(1) == y).float().mean()
            right.append(torch.where(answers.isfinite().all(), share, 0.0))
        return torch.stack(right).tolist()  # one wait for the device, not one a network


class SamplerSteps:
    """A callback for `Trainer` that lets the sampler learn, and says in `row["search"]` what came of it.

    That holds "reward" (mean over the epoch's networks), "best_reward" and "genes" of the one that did best, what the
    sampler says, and "best_error" (percent of the held-out examples) with "best_genes": the best so far of those that
    were an epoch's best. They are rated on all held-out examples after one more epoch, by the trainer's validation.

    Parameters
    ----------
    options
        See `HierarchyOptions`.
    rows
        The rows of the epochs that a resumed run has behind it.
    """

    def __init__(self, options: HierarchyOptions, rows: Sequence[dict[str, Any]] = ()) -> None:
        self.options = options
        last = rows[-1]["search"] if rows else {}
        self.best: tuple[float | None, list | None] = last.get("best_error"), last.get("best_genes")

    def __call__(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Let the sampler learn after one epoch."""
        shot: OneShot = trainer.net
        if self.best[0] is None or row["validation_error"] < self.best[0]:
            self.best = row["validation_error"], gene_rows(shot.chosen)
        shot.ahead.clear()  # written by the sampler as it was before it learned
        learned, rated = {}, []
        for x, y in self._examples(trainer, row["epoch"]):
            genes = shot.sampler.ask(self.options.asked)
            found = rewards(shot.net, genes, x, y)
            learned = shot.sampler.tell(genes, found)
            rated += zip(found, genes, strict=True)
        reward, shot.chosen = max(rated, key=lambda each: each[0]) if rated else (None, shot.sampler.ask(1)[0])
        row["search"] = {
            "reward": sum(each for each, _ in rated) / len(rated) if rated else None,
            "best_reward": reward,
            "genes": gene_rows(shot.chosen),
            "best_error": self.best[0],
            "best_genes": self.best[1],
            **learned,
        }

    def _examples(self, trainer: Trainer, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """A batch of held-out examples for each step, all of them once before any comes again."""
        x, y = trainer.split.validation_x, trainer.split.validation_y
        size = min(self.options.rated_on, len(y))
        for step in range(self.options.steps):
            turn, place = divmod(step, len(y) // size)
            order = torch.randperm(len(y), generator=generator(self.options.seed, "held-out batches", epoch, turn))
            there = order[place * size : (place + 1) * size].to(y.device)
            yield x[there], y[there]
