"""Where a network is too narrow: the part of the step that a loss asks for that no weights there can make."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from neurograph.errors import CompileError, MissingError
from neurograph.memory import require_bytes
from neurograph.schema.synapse import DELAY, WEIGHT
from neurograph.storage.sets import each_once

from .deltas import Blocks, columns, deltas

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule

_CUT = 1e-10  # of the largest eigenvalue, below which a direction of what is read is rounding


@dataclass(frozen=True)
class Bottleneck:
    """What the neurons of a population are asked for, and what of it their weights cannot give.

    Parameters
    ----------
    population
        Of those who read.
    reads
        Populations that they read by weights, the one with most synapses first.
    wanted
        Mean, over samples, of the squares of what the loss asks their sums to change by; of maps, added up over places.
    missed
        What is left of it by the best change of their weights and biases.
    """

    population: str
    reads: tuple[str, ...]
    wanted: float
    missed: float

    @property
    def share(self) -> float:
        """Of what is wanted, the part that is missed."""
        return self.missed / self.wanted if self.wanted > 0 else 0.0


def bottlenecks(
    network: "CompiledModule",
    batches: Iterable[Any],
    loss: Callable[..., Tensor],
    populations: Iterable[str] | None = None,
) -> list[Bottleneck]:
    """The populations of a network by how much of what a loss asks of them their weights cannot give, most first.

    The expressivity bottleneck of "Growing tiny networks" (Verbockhaven et al. 2024, section 3): with B what neurons
    read and V = -dL/da what the loss asks their sums a to change by, sample by sample, the least mean square of
    V - dW B over all changes dW of the weights that there are. What is missed only new neurons or synapses can give: a
    layer before the first of the list (`InsertLayer`, with algorithm "residual" beside what is there), or more neurons
    among those that it reads.

    Parameters
    ----------
    network
        A compiled network; it is left as it was.
    batches
        Each x or (x, y), as for `observe`; gone through once.
    loss
        Takes (output, y), or (output) where batches hold no y; a mean over the batch.
    populations
        Of readers; None: all that add up what they read by weights.

    Returns
    -------
    list of Bottleneck
        By `missed`, the largest first.

    Raises
    ------
    StaleError
        The graph has been edited since the network was compiled.
    MissingError
        A population that is not there, or adds up nothing by weights.
    CompileError
        What `observe` raises; neurons that are computed many levels at once, by the lowering "field".

    Examples
    --------
    >>> import torch, compiler
    >>> from neurograph.builders import mlp
    >>> net, x = compiler.compile(mlp([4, 2, 8, 3], seed=0)), torch.randn(64, 4)
    >>> found = compiler.bottlenecks(net, [(x, x[:, :3])], torch.nn.functional.mse_loss)
    >>> sorted(one.population for one in found), all(0 <= one.share <= 1 for one in found)
    (['hidden1', 'hidden2', 'output'], True)
    """
    if network.stale_by:
        network.refuse_stale()
    readers = _readers(network, populations)
    targets = np.concatenate([one.targets for one in readers])
    for values, found in deltas(network, batches, loss, targets):
        for one in readers:
            one.add(network, values, found)
    return sorted((one.bottleneck() for one in readers), key=lambda one: -one.missed)


@dataclass(eq=False)
class _Reader:
    """Neurons of one population and shape, and the moments of what they read and are asked for."""

    name: str
    reads: tuple[str, ...]
    targets: np.ndarray
    bundles: list[tuple[dict[str, Any], tuple[int, ...], np.ndarray]]  # form, kernel, keys of the sources
    wired: np.ndarray  # (columns, targets) bool: who reads what

    def __post_init__(self) -> None:
        count = len(self.wired)
        require_bytes(8 * count**2, f"the bottleneck of {self.name!r}", "name other populations")
        self.square, self.cross = np.zeros((count, count)), np.zeros(self.wired.shape)
        self.wanted, self.samples = np.zeros(len(self.targets)), 0

    def add(self, network: "CompiledModule", values: Blocks, found: Blocks) -> None:
        """Take in a batch."""
        asked = columns(network, found, self.targets).double()
        asked = -len(asked) * asked.reshape(*asked.shape[:2], -1)  # of each sample, whose share in the mean is small
        parts = [_patches(columns(network, values, keys).double(), form, kernel) for form, kernel, keys in self.bundles]
        read = torch.cat([*parts, torch.ones_like(parts[0][:, :1])], 1)
        self.square += torch.einsum("bip,bjp->ij", read, read).cpu().numpy()
        self.cross += torch.einsum("bip,btp->it", read, asked).cpu().numpy()
        self.wanted += asked.square().sum((0, 2)).cpu().numpy()
        self.samples += len(asked)

    def bottleneck(self) -> Bottleneck:
        """What it has come to: each neuron by what it reads itself, those that read the same ones together."""
        missed = self.wanted.copy()
        kinds, which = np.unique(self.wired, axis=1, return_inverse=True)
        for number, read in enumerate(kinds.T):
            mine = np.flatnonzero(which.reshape(-1) == number)
            sizes, turned = np.linalg.eigh(self.square[np.ix_(read, read)])
            there = sizes > _CUT * sizes.max(initial=0.0)
            along = turned[:, there].T @ self.cross[np.ix_(read, mine)]
            missed[mine] -= (along**2 / sizes[there, None]).sum(0)
        count = max(self.samples, 1)
        return Bottleneck(self.name, self.reads, self.wanted.sum() / count, max(missed.sum(), 0.0) / count)


def _patches(values: Tensor, form: dict[str, Any], kernel: tuple[int, ...]) -> Tensor:
    """(batch, sources * kernel, places) of what a kernel sees of maps; numbers have one place."""
    if not kernel:
        return values[..., None]
    how: dict[str, Any] = {
        name: form.get(name, usual) for name, usual in (("stride", 1), ("padding", 0), ("dilation", 1))
    }
    return F.unfold(values, kernel, **how)


def _readers(network: "CompiledModule", populations: Iterable[str] | None) -> list[_Reader]:
    graph = network.graph
    names = list(graph.populations) if populations is None else list(populations)
    if missing := [name for name in names if name not in graph.populations]:
        raise MissingError(
            f"there is no population {missing[0]!r}; there are {', '.join(map(repr, graph.populations))}"
        )
    found = [one for name in names for one in _of_population(graph, name)]
    if populations is not None and (empty := [name for name in names if name not in {one.name for one in found}]):
        raise MissingError(f"population {empty[0]!r} adds up nothing that it reads by weights")
    if not found:
        raise CompileError("no neuron of the network adds up what it reads by weights")
    return found


def _of_population(graph: Any, name: str) -> list[_Reader]:
    """The neurons of a population that add up what they read by weights of this step, by their shapes."""
    table, keys = graph.table, np.sort(graph.population_keys(name))
    keys = keys[(graph.neurons.each("aggregation", keys) == "sum") & (graph.neurons.each("role", keys) != "input")]
    shapes = graph.neurons.each("shape", keys) if len(keys) else np.empty(0, object)
    found = []
    for shape in dict.fromkeys(shapes.tolist()):
        own = keys[[one == shape for one in shapes.tolist()]]
        rows = np.concatenate([table.rows(key, table.inn) for key in own.tolist()])
        forms = [table.forms.bundles[form] for form in table.form[rows].tolist()]
        use = np.array([f.get("op", WEIGHT) == WEIGHT and not f.get(DELAY) for f in forms], bool) & (
            table.pool[rows] > 0
        )
        if use.any():
            found.append(_reader(graph, name, rows[use]))
    return found


def _reader(graph: Any, name: str, rows: np.ndarray) -> _Reader:
    """What the targets of some synapses read, as columns: for each form and kernel its sources, number by number."""
    table = graph.table
    targets = each_once(table.dst[rows]).astype(np.int64)
    bundles, wired = [], []
    for form, pool in dict.fromkeys(zip(table.form[rows].tolist(), table.pool[rows].tolist(), strict=True)):
        mine = rows[(table.form[rows] == form) & (table.pool[rows] == pool)]
        every = table.src[mine].astype(np.int64)
        kernel = table.pools[pool - 1].data.shape[1:]
        shapes = graph.neurons.each("shape", every).tolist()
        for shape in dict.fromkeys(shapes):
            some = mine[[one == shape for one in shapes]]
            sources = each_once(table.src[some]).astype(np.int64)
            reads = np.zeros((len(sources), len(targets)), bool)
            reads[np.searchsorted(sources, table.src[some]), np.searchsorted(targets, table.dst[some])] = True
            bundles.append((dict(table.forms.bundles[form]), kernel, sources))
            wired.append(np.repeat(reads, int(np.prod(kernel, dtype=int)), 0))
    constant = ~np.isnan(graph.read_values("bias", targets)) | (graph.neurons.each("norm", targets) == "batch")
    populations, counts = np.unique(graph.neurons.each("population", table.src[rows]).astype(str), return_counts=True)
    reads = tuple(populations[np.argsort(-counts, kind="stable")].tolist())
    return _Reader(name, reads, targets, bundles, np.concatenate([*wired, constant[None]]))
