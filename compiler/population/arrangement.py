"""How a population is laid out for the planner: who runs in products of one wiring, and who in one walk with others.

The planner puts neurons of one population and signature together. So individuals that are to run together keep the
names of their populations, and those that are to run on their own get other names.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurograph.storage.sets import each_once, numbered

from ..lowering import REGIONS, REGISTRY
from ..lowering.rates import gathering
from ..lowering.region import RegionSpec
from ..lowering.spec import BundleSpec
from ..planning.cost import price
from ..planning.program import Options
from ..regions.blocks import Signature
from ..regions.bundles import distinct
from ..snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Who runs with whom.

    Parameters
    ----------
    like
        (individuals,) the first individual that each is wired like.
    alone
        (individuals,) bool: whose populations run in products of their own, one wiring at a time.
    walked
        (individuals,) bool: of the others, who can be made in one region with them.
    """

    like: np.ndarray
    alone: np.ndarray
    walked: np.ndarray

    def __str__(self) -> str:
        wirings, counts = np.unique(self.like[self.alone], return_counts=True)
        parts = [f"{len(self.like)} individuals of {len(each_once(self.like))} wirings"]
        if len(wirings):
            parts.append(f"{int(counts.sum())} in products by wiring ({len(wirings)} of them)")
        if self.walked.any():
            parts.append(f"{int(self.walked.sum())} of irregular wiring together")
        rest = int((~self.alone & ~self.walked).sum())
        if rest:
            parts.append(f"{rest} that no region takes together, block by block")
        return "; ".join(parts)


def arrange(found: Snapshot, graph: np.ndarray, like: np.ndarray, options: Options) -> Arrangement:
    """Choose who runs with whom.

    Parameters
    ----------
    found
        All individuals as one graph.
    graph
        (N,) the individual of each neuron.
    like
        (individuals,) from `equal_wirings`.
    options
        What is planned for.
    """
    kinds = found.arrays.kinds
    maps = _any(found, graph, len(like), [kind.shape != () for kind in kinds])
    refused = _any(found, graph, len(like), [_refused(Signature.of(kind), options) for kind in kinds])
    if options.pin in REGIONS:
        return Arrangement(like, np.zeros(len(like), bool), np.ones(len(like), bool))
    apart, walk = _seconds(found, graph, like, options)
    alone = maps | (apart < walk)[like]
    return Arrangement(like, alone, ~alone & ~refused)


def _any(found: Snapshot, graph: np.ndarray, many: int, kinds: list[bool]) -> np.ndarray:
    """(individuals,) bool: who has a neuron of any of these kinds, but for inputs."""
    odd = np.array([yes and kind.role != "input" for yes, kind in zip(kinds, found.arrays.kinds, strict=True)], bool)
    has = np.zeros(many, bool)
    has[graph[odd[found.arrays.kind]]] = True
    return has


def _refused(signature: Signature, options: Options) -> bool:
    """Whether no region can hold such a neuron."""
    spec = RegionSpec(1, 1, 1, 1, (signature,), options.batch_size, options.dtype, options.device)
    return all(lowering.refuses(spec) is not None for lowering in REGIONS.values())


def _seconds(found: Snapshot, graph: np.ndarray, like: np.ndarray, options: Options) -> tuple[np.ndarray, np.ndarray]:
    """(individuals,) twice: seconds of all that are wired like each, level by level; and what they add to a region.

    Only those that others are wired like have an entry.
    """
    arrays, many = found.arrays, np.bincount(like, minlength=len(like))
    levels = int(arrays.level.max(initial=0)) + 1
    chosen = np.flatnonzero(like[graph[arrays.target]] == graph[arrays.target])
    target, source = arrays.target[chosen], arrays.source[chosen]
    cell = graph[target].astype(np.int64) * levels + arrays.level[target]
    cells, place = numbered(cell)
    own = graph.astype(np.int64) * levels + arrays.level
    neurons = np.bincount(own, minlength=len(like) * levels)[cells]
    synapses, read = np.bincount(place), distinct(place, source, len(arrays), len(cells))
    pieces = distinct(place, arrays.level[source], levels, len(cells))
    copies = many[cells // levels]
    groups = np.where(synapses == read * neurons, copies, 1)
    spec = BundleSpec(
        read * copies, neurons * copies, synapses * copies, options.batch_size, False, "sum",
        options.dtype, options.device, groups,
    )  # fmt: skip
    seconds = price(REGISTRY.values(), spec, options.calibration)
    seconds = seconds + gathering(options.calibration, read * copies * options.batch_size * (pieces > 1), pieces > 1)
    apart = np.bincount(cells // levels, seconds, len(like))
    return apart, _walk(np.bincount(cells // levels, synapses * copies, len(like)), options)


def _walk(synapses: np.ndarray, options: Options) -> np.ndarray:
    """Seconds that so many synapses more add to a region."""

    def cost(lowering: Any, count: Any) -> Any:
        spec = RegionSpec(1, 1, count, 0, (), options.batch_size, options.dtype, options.device)
        return lowering.cost(spec, options.calibration)

    return np.minimum.reduce([cost(lowering, synapses) - cost(lowering, 0) for lowering in REGIONS.values()])


def laid_out(found: Snapshot, graph: np.ndarray, arrangement: Arrangement) -> Snapshot:
    """The same network, its populations named by who runs with whom; inputs keep their names."""
    arrays, like = found.arrays, arrangement.like
    home = np.where(arrangement.alone, like + 1, np.where(arrangement.walked, 0, -1))[graph]
    home[np.array([kind.role == "input" for kind in arrays.kinds], bool)[arrays.kind]] = 0
    code = (home + 1).astype(np.int64) * len(arrays.kinds) + arrays.kind
    used, kind = np.unique(code, return_inverse=True)
    homes, olds = (used // len(arrays.kinds) - 1).tolist(), (used % len(arrays.kinds)).tolist()
    kinds = [arrays.kinds[old] for old in olds]
    together = {k.population for k, one in zip(kinds, homes, strict=True) if one == 0 and k.role != "input"}
    named = [k if one == 0 else _renamed(k, one, arrangement) for k, one in zip(kinds, homes, strict=True)]
    arrays = replace(arrays, kind=kind.astype(np.int32), kinds=tuple(named))
    return replace(found, arrays=arrays, together=frozenset(together))


def _renamed(kind: Any, home: int, arrangement: Arrangement) -> Any:
    """A kind in the population of its own that a wiring has, or of those that run block by block."""
    if home < 0:
        return replace(kind, population=f"{kind.population} (block by block)")
    many = int(np.count_nonzero(arrangement.like == home - 1))
    like = f"{many} individuals like {home - 1}" if many > 1 else f"individual {home - 1}"
    return replace(kind, population=f"{kind.population} ({like})")
