"""What a place is worth, measured one by one: a sum that predicts every genome.

The landscape of places is nearly additive: what single places gain predicts genomes. So every place is measured alone
(and some genomes drawn at random, if wished), a ridge regression on indicators of places makes effects of it, and
searching is free from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurograph.errors import OptionError

from .genes import ABSENT, Genome, Space

_RIDGES = 10.0 ** np.arange(-4, 3)


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A prediction for every genome of a space: what a network without add-ons has, and the effect of each place.

    Parameters
    ----------
    space
        Of the genomes.
    bare
        The prediction for no add-ons at all.
    effects
        (places,) what each adds, in the order of genes and choices.
    ridge
        The penalty that was chosen.
    """

    space: Space
    bare: float
    effects: np.ndarray
    ridge: float

    def predict(self, genomes: Sequence[Genome]) -> np.ndarray:
        """(n,) float64."""
        return self.bare + indicators(self.space, genomes) @ self.effects


def single_places(space: Space) -> list[Genome]:
    """Every genome with one place, in the order of genes and choices."""
    count = space.gene_count
    each = [(gene, value) for gene in range(count) for value in range(len(space.choices(gene)))]
    return [tuple(value if at == gene else ABSENT for at in range(count)) for gene, value in each]


def indicators(space: Space, genomes: Sequence[Genome]) -> np.ndarray:
    """(n, places) float64: 1 where a genome has a place, in the order of genes and choices."""
    sizes = [len(space.choices(gene)) for gene in range(space.gene_count)]
    first = np.cumsum([0, *sizes])
    found = np.zeros((len(genomes), int(first[-1])))
    for row, genome in enumerate(genomes):
        found[row, [first[gene] + value for gene, value in enumerate(space.check(genome)) if value >= 0]] = 1.0
    return found


def fit_surrogate(space: Space, genomes: Sequence[Genome], values: Sequence[float]) -> Surrogate:
    """Ridge regression on indicators of places, the penalty by the error of leaving each genome out.

    What no add-ons give, and what a place adds on average, are not penalised: effects are drawn to that average, and
    not to nought, so that a place more is worth what places are worth.

    Parameters
    ----------
    space, genomes
        Who was measured.
    values
        What was measured, as long as genomes; all finite.

    Raises
    ------
    OptionError
        Fewer measurements than places; values that are not finite, or not as many as genomes; a place that nobody has.
    """
    x, y = indicators(space, genomes), np.array(values, np.float64)
    if y.shape != (len(x),) or not np.isfinite(y).all():
        raise OptionError(f"{len(x)} genomes need as many finite values, not {len(y)}")
    if len(x) < x.shape[1]:
        raise OptionError(
            f"{len(x)} measurements cannot tell {x.shape[1]} places apart: measure every place alone "
            "(single_places), or more genomes"
        )
    unseen = np.flatnonzero(~x.any(0))
    if len(unseen):
        raise OptionError(f"no genome measured has place {unseen[0]}, in the order of genes and choices")
    free = np.column_stack([np.ones(len(x)), x.sum(1)])  # no add-ons at all, and what a place adds on average
    basis, strength, _ = np.linalg.svd(free, full_matrices=False)
    common = basis[:, strength > 1e-9 * strength[0]]
    left, sizes, right = np.linalg.svd(x - common @ (common.T @ x), full_matrices=False)
    rest = y - common @ (common.T @ y)
    turned = left.T @ rest

    def left_out(ridge: float) -> float:
        kept = sizes**2 / (sizes**2 + ridge)
        own = (common**2).sum(1) + (left**2 * kept).sum(1)
        return float((((rest - left @ (kept * turned)) / np.maximum(1 - own, 1e-9)) ** 2)[own < 1 - 1e-9].mean())

    errors = np.array([left_out(ridge) for ridge in _RIDGES])
    ridge = float(_RIDGES[np.argmax(errors <= errors.min() * (1 + 1e-6))])  # the least of those that do as well
    apart = right.T @ (sizes / (sizes**2 + ridge) * turned)
    bare, each = np.linalg.lstsq(free, y - x @ apart, rcond=None)[0]
    return Surrogate(space, float(bare), each + apart, ridge)
