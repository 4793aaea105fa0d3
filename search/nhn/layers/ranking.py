"""Which of some networks is best, with the weights they share."""

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor, nn

from ...training import Objective, evaluate
from ...training.objectives import AUTO
from .space import Genes
from .supernet import Supernet


@dataclass(frozen=True, eq=False)
class RankedHierarchy:
    """A network compared with others.

    Parameters
    ----------
    genes
        Which network.
    loss, error
        See `search.training.evaluate`.
    """

    genes: Genes
    loss: float
    error: float


def rank(
    net: Supernet, networks: Iterable[Genes], x: Tensor, y: Tensor, batch_size: int, objective: Objective = AUTO
) -> list[RankedHierarchy]:
    """Networks by their error, then by their loss, on the same examples; the best first, each once.

    Parameters
    ----------
    net
        Whose weights they share.
    networks
        At least one.
    x, y
        (n, inputs, image, image) and (n,) int64, held out.
    batch_size
        Examples at a time; batch norm takes its statistics from these.
    objective
        What loss and error are.
    """
    found = []
    for genes in dict.fromkeys(networks):
        loss, error = evaluate(Member(net, genes), x, y, batch_size, objective)
        found.append(RankedHierarchy(genes, loss, error))
    return sorted(found, key=lambda each: (each.error, each.loss))


class Member(nn.Module):
    """One network of a supernet, as a module.

    Parameters
    ----------
    net
        The supernet.
    genes
        Which network.
    """

    def __init__(self, net: Supernet, genes: Genes) -> None:
        super().__init__()
        self.net, self.genes = net, genes

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes)."""
        return self.net(x, self.genes)
