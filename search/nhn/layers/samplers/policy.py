"""The controller's network: an LSTM that writes genes layer by layer (Pham et al. 2018, section 2.3 and figure 3)."""

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..space import MacroSpace


@dataclass(frozen=True, eq=False)
class Written:
    """A batch of n genes as numbers, and how likely they were.

    Parameters
    ----------
    operations
        (n, layers) int64, numbers in the space's operations.
    reads
        (n, layers, layers) bool: whether a layer (first) reads an earlier one (second).
    log_likelihood, entropy
        (n,) of all choices of each; entropy in nats, summed over choices.
    divergence
        (n,) Kullback-Leibler divergence of the probabilities of reads from the prior: the sum over those that a layer
        might do, the mean over layers.
    """

    operations: Tensor
    reads: Tensor
    log_likelihood: Tensor
    entropy: Tensor
    divergence: Tensor


class Policy(nn.Module):
    """A distribution over the genes of a space.

    Layer by layer, the LSTM's state gives first the operation, then, through attention to the states in which earlier
    layers were written, which of these are read; the mean of those states is the next input.

    Parameters
    ----------
    space
        What genes there are.
    generator
        Draws the first weights, uniform on [-0.1, 0.1].
    hidden
        Width of the state.
    bound
        Logits are kept within plus and minus this by a tanh, those of operations within 1 / 2.5 of it (ENAS: 1.5).
    prior
        Probability of a read that `divergence` measures from.
    """

    def __init__(
        self, space: MacroSpace, generator: torch.Generator, hidden: int = 64, bound: float = 1.5, prior: float = 0.4
    ) -> None:
        super().__init__()
        self.space, self.bound, self.prior = space, bound, prior
        with torch.device("meta"):  # torch's own initialisation would draw from its global generator
            self.cell = nn.LSTMCell(hidden, hidden)
            self.begin = nn.Embedding(1, hidden)
            self.operation = nn.Embedding(len(space.operations), hidden)
            self.operation_logits = nn.Linear(hidden, len(space.operations), bias=False)
            self.earlier = nn.Linear(hidden, hidden, bias=False)
            self.now = nn.Linear(hidden, hidden, bias=False)
            self.read_logit = nn.Linear(hidden, 1, bias=False)
        self.to_empty(device="cpu")
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.uniform_(-0.1, 0.1, generator=generator)

    def write(self, count: int, generator: torch.Generator | None) -> Written:
        """Draw genes; without a generator, make the likeliest choice each time."""
        return self._run(count, generator, None, None)

    def read(self, operations: Tensor, reads: Tensor) -> Written:
        """How likely given genes are now; shapes as in `Written`."""
        return self._run(len(operations), None, operations, reads)

    def _run(
        self, n: int, generator: torch.Generator | None, operations: Tensor | None, reads: Tensor | None
    ) -> Written:
        """Draw genes, or take given ones; either way, add up what there is to say of each choice."""
        layers = self.space.layers
        all_operations, all_reads = [], torch.zeros(n, layers, layers, dtype=torch.bool)
        likelihood, entropy, divergence = (torch.zeros(n) for _ in range(3))
        begin = x = self.begin.weight.expand(n, -1)
        state, anchors = None, []
        for layer in range(layers):
            state = self.cell(x, state)
            logs = F.log_softmax(self.bound / 2.5 * torch.tanh(self.operation_logits(state[0])), 1)
            chosen = _drawn(logs, generator) if operations is None else operations[:, layer]
            all_operations.append(chosen)
            likelihood = likelihood + logs.gather(1, chosen[:, None])[:, 0]
            entropy = entropy - (logs.exp() * logs).sum(1)
            state = self.cell(self.operation(chosen), state)
            x = begin
            if layer:
                before = torch.stack(anchors, 1)
                logit = self._read_logits(before, state[0])
                bits = _flipped(logit, generator) if reads is None else reads[:, layer, :layer]
                all_reads[:, layer, :layer] = bits
                likelihood = likelihood + F.logsigmoid(torch.where(bits, logit, -logit)).sum(1)
                own, from_prior = self._spread(logit)
                entropy, divergence = entropy + own.sum(1), divergence + from_prior.sum(1)
                x = (before * bits[..., None]).sum(1) / (1.0 + bits.sum(1, keepdim=True))
            anchors.append(state[0])
        return Written(torch.stack(all_operations, 1), all_reads, likelihood, entropy, divergence / max(1, layers - 1))

    def _read_logits(self, before: Tensor, now: Tensor) -> Tensor:
        """(n, earlier) log-odds of reading each earlier layer."""
        mixed = torch.tanh(self.earlier(before) + self.now(now)[:, None])
        return (
            2.0 * self.bound * torch.tanh(self.read_logit(mixed)[..., 0])
        )  # ENAS: of two classes with logits -q and q

    def _spread(self, logit: Tensor) -> tuple[Tensor, Tensor]:
        """Entropy of each read, and its divergence from the prior."""
        probability, yes, no = logit.sigmoid(), F.logsigmoid(logit), F.logsigmoid(-logit)
        entropy = -(probability * yes + (1 - probability) * no)
        return entropy, -entropy - probability * log(self.prior) - (1 - probability) * log(1 - self.prior)


def _drawn(logs: Tensor, generator: torch.Generator | None) -> Tensor:
    return logs.argmax(1) if generator is None else torch.multinomial(logs.exp(), 1, generator=generator)[:, 0]


def _flipped(logit: Tensor, generator: torch.Generator | None) -> Tensor:
    return logit > 0 if generator is None else torch.rand(logit.shape, generator=generator) < logit.sigmoid()
