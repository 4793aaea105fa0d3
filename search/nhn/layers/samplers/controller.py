"""The controller: a policy that writes genes, taught by REINFORCE which of them do well."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from neurograph.builders.enas import Gene
from neurograph.memory import require_bytes

from ....options import Checked, option, read_options
from ....runs.shapes import ANYTHING, NUMBER, TABLE, check, check_alike, maybe
from ....training import generator
from ..held import load_optimizer
from ..space import Genes, MacroSpace
from .base import checked_rewards, different
from .policy import Policy, Written


@dataclass(frozen=True)
class ControllerOptions(Checked):
    """What can be chosen about the controller; where not said otherwise, the values are ENAS's."""

    rate: float = option(1e-3, "learning rate of Adam", above=0)
    entropy: float = option(1e-4, "weight of the entropy bonus", least=0)
    skip_penalty: float = option(0.8, "weight of the divergence of reads from skip_prior", least=0)
    skip_prior: float = option(0.4, "probability of reading an earlier layer that is not penalised", above=0, below=1)
    baseline_decay: float = option(
        0.95, "of the moving average of rewards; ENAS: 0.99, over more steps", least=0, below=1
    )
    bound: float = option(1.5, "what logits are kept within, plus and minus; operations' within 1 / 2.5 of it", above=0)
    hidden: int = option(64, "width of the LSTM", least=1, reach=2**12)


_STATE = {"policy": TABLE, "optimizer": TABLE, "baseline": maybe(NUMBER), "generator": ANYTHING}
_COPIES = 16  # bytes of a weight, with its gradient and Adam's two moments
_MATRICES = 10  # of hidden x hidden numbers: eight of the LSTM, two of the attention


class Controller:
    """An LSTM controller trained by REINFORCE (Pham et al. 2018, section 2.2 and 2.3; Williams 1992).

    Each telling is one Adam step on  -(reward - baseline) log p(genes) - entropy H + skip_penalty KL,  the mean over
    what was told. The baseline is a moving average of the mean rewards and starts with the first. ENAS adds the
    entropy to the reward; here its own gradient is taken, which is the same in expectation with less noise.

    Parameters
    ----------
    space
        What networks there are.
    seed
        Of its weights and of what it draws.
    settings
        See `ControllerOptions`.

    Examples
    --------
    >>> sampler = Controller(MacroSpace(layers=3), seed=1)
    >>> genes = sampler.ask(4)
    >>> sorted(sampler.tell(genes, [0.1, 0.9, 0.5, 0.5]))
    ['baseline', 'divergence', 'entropy']
    """

    def __init__(self, space: MacroSpace, seed: int = 0, **settings: float) -> None:
        self.space, self.options = space, read_options(ControllerOptions, settings=settings)
        width = self.options.hidden
        needed = _COPIES * _MATRICES * width**2
        require_bytes(needed, f"hidden={width}: the controller, its gradients and moments", "choose a smaller one")
        self.baseline: float | None = None
        self.generator = generator(seed, "controller")
        self.policy = Policy(space, self.generator, self.options.hidden, self.options.bound, self.options.skip_prior)
        self.optimizer = torch.optim.Adam(self.policy.parameters(), lr=self.options.rate)

    def ask(self, count: int) -> list[Genes]:
        """Networks as the policy writes them now."""
        with torch.no_grad():
            return self._genes(self.policy.write(count, self.generator))

    def tell(self, genes: Sequence[Genes], rewards: Sequence[float]) -> dict[str, float]:
        """One step of the policy."""
        given = torch.from_numpy(checked_rewards(genes, rewards)).float()
        mean, how = given.mean().item(), self.options
        start = mean if self.baseline is None else self.baseline
        self.baseline = how.baseline_decay * start + (1 - how.baseline_decay) * mean
        found = self.policy.read(*self._numbers(genes))
        loss = -(given - self.baseline) * found.log_likelihood - how.entropy * found.entropy
        loss = (loss + how.skip_penalty * found.divergence).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return {
            "baseline": self.baseline,
            "entropy": found.entropy.mean().item(),
            "divergence": found.divergence.mean().item(),
        }

    def finalists(self, count: int) -> list[Genes]:
        """The network of the policy's likeliest choices, and such as it draws."""
        with torch.no_grad():
            return different(self, count, self._genes(self.policy.write(1, None)))

    def state_dict(self) -> dict[str, Any]:
        """Policy, optimizer, baseline and the state of its generator."""
        return {
            "policy": dict(self.policy.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "baseline": self.baseline,
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there; `FileError` where it is no state of such a controller."""
        check(state, _STATE, "state.sampler")
        check_alike(state["policy"], dict(self.policy.state_dict()), "state.sampler.policy")
        self.policy.load_state_dict(state["policy"])
        load_optimizer(self.optimizer, state["optimizer"], "state.sampler.optimizer")
        self.baseline = state["baseline"]
        self.generator.set_state(state["generator"])

    def _genes(self, written: Written) -> list[Genes]:
        names = self.space.operations
        return [
            tuple(
                Gene(names[operation], tuple(at for at, read in enumerate(row) if read))
                for operation, row in zip(operations, rows, strict=True)
            )
            for operations, rows in zip(written.operations.tolist(), written.reads.tolist(), strict=True)
        ]

    def _numbers(self, genes: Sequence[Genes]) -> tuple[Tensor, Tensor]:
        operations = [[self.space.operations.index(gene.operation) for gene in each] for each in genes]
        reads = torch.zeros(len(genes), self.space.layers, self.space.layers, dtype=torch.bool)
        for number, each in enumerate(genes):
            for layer, gene in enumerate(each):
                reads[number, layer, list(gene.skips)] = True
        return torch.tensor(operations), reads
