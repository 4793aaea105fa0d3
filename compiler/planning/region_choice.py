"""The choice of regions: which blocks are made together in one call, and their plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.errors import CompileError
from neurograph.storage.sets import each_once, numbered

from ..activations import CODES, SLOPED
from ..lowering import REGIONS, REGISTRY
from ..lowering.rates import gathering
from ..lowering.region import RegionLayout, RegionLowering, RegionSpec
from ..lowering.spec import BundleSpec
from ..regions.blocks import Blocks, Sorting
from ..regions.bundles import distinct
from ..regions.product_wiring import Piece
from ..regions.status import FIXED, FROZEN, TRAINED, statuses
from ..regions.wholes import Whole, largest, tangles
from .cost import format_seconds, price
from .pins import NamedBundle, pinned
from .program import Options, ProductPlan


@dataclass(frozen=True, eq=False)
class Region:
    """Groups of neurons that are made in one call.

    Parameters
    ----------
    whole
        Which they are.
    lowering
        The name of what makes them.
    seconds, why
        Predicted cost of a training step, and why this lowering.
    """

    whole: Whole
    lowering: str
    seconds: float
    why: str


@dataclass(frozen=True, eq=False)
class RegionChooser:
    """The choice of regions for one graph; `together` are populations as in a `Snapshot`."""

    arrays: GraphArrays
    sorting: Sorting
    options: Options
    together: frozenset[str] = frozenset()

    def regions(self) -> list[Region]:
        """What is made whole: where a name is pinned all that it takes, else what is predicted to be faster so."""
        pin = self.options.pin
        if isinstance(pin, str):
            return self._everything(REGIONS[pin]) if pin in REGIONS else []
        joined = [region for whole in self._joined() if (region := self._cheapest(whole)) is not None]
        left = self._scalar.copy()
        left[[group for region in joined for group in region.whole.groups.tolist()]] = False
        tangled = tangles(self.arrays, self.sorting, left)
        found = [self._chosen(whole) for whole in (*tangled, *self._asked(tangled))]
        return joined + [region for region in found if region is not None]

    def _joined(self) -> list[Whole]:
        """What many small networks could be made in, together."""
        if not self.together:
            return []
        wanted = np.array([population in self.together for population, _ in self.sorting.kinds], bool)
        return largest(self.arrays, self.sorting, wanted & self._scalar)

    def _everything(self, lowering: RegionLowering) -> list[Region]:
        kinds = self.sorting.kinds
        for group, (population, signature) in enumerate(kinds):
            if not self._scalar[group] or signature.role == "input":
                continue
            if reason := lowering.refuses(self._spec_of(signature)):
                raise CompileError(f"population {population!r}: lowering {lowering.name!r} cannot run it: {reason}")
        wholes = largest(self.arrays, self.sorting, self._scalar)
        return [Region(w, lowering.name, self._seconds(lowering, w), "pinned") for w in wholes]

    @cached_property
    def _scalar(self) -> np.ndarray:
        """(groups,) bool: groups of scalars that read scalars only; regions are made of these."""
        maps = np.array([signature.shape != () for _, signature in self.sorting.kinds], bool)
        scalar = ~maps
        scalar[self.sorting.pairs[maps[self.sorting.pairs[:, 0]], 1]] = False
        return scalar

    def _asked(self, tangled: list[Whole]) -> list[Whole]:
        """Populations that a dict pins to a region though nothing in them waits for itself."""
        pin = self.options.pin
        if not isinstance(pin, Mapping):
            return []
        names = {name for name, value in pin.items() if value in REGIONS}
        for name in names:
            if name not in {population for population, _ in self.sorting.kinds}:
                raise CompileError(
                    f"lowering={{{name!r}: {pin[name]!r}}}: {pin[name]!r} makes whole populations; name the population"
                )
        wanted = np.array([population in names for population, _ in self.sorting.kinds], bool) & self._scalar
        wanted[[group for whole in tangled for group in whole.groups.tolist()]] = False
        return largest(self.arrays, self.sorting, wanted)

    def _chosen(self, whole: Whole) -> Region | None:
        """How one region is made whole; None where its blocks are made one by one."""
        asked = {name for one in whole.populations(self.sorting) if (name := self._pin(whole, one)) is not None}
        if len(asked) == 1 and asked <= REGIONS.keys():
            return self._as_pinned(whole, REGIONS[asked.pop()])
        return None if asked else self._cheapest(whole)

    def _as_pinned(self, whole: Whole, lowering: RegionLowering) -> Region:
        if reason := lowering.refuses(self.spec(whole)):
            where = ", ".join(map(repr, whole.populations(self.sorting)))
            raise CompileError(f"populations {where}: lowering {lowering.name!r} cannot run them: {reason}")
        return Region(whole, lowering.name, self._seconds(lowering, whole), "pinned")

    def _cheapest(self, whole: Whole) -> Region | None:
        spec = self.spec(whole)
        legal = [lowering for lowering in REGIONS.values() if lowering.refuses(spec) is None]
        if not legal:
            return None
        seconds, name = min((self._seconds(lowering, whole), lowering.name) for lowering in legal)
        apart = self._apart(whole)
        if seconds >= apart:
            return None
        return Region(whole, name, seconds, f"block by block would take {format_seconds(apart)}")

    def _pin(self, whole: Whole, population: str) -> str | None:
        """What is pinned for a region as it concerns one of its populations."""
        pin, arrays = self.options.pin, self.arrays
        if pin is None:
            return None
        if isinstance(pin, Mapping):
            own = [v for k, v in pin.items() if k == population or (isinstance(k, tuple) and k[-1:] == (population,))]
            return own[0] if own else None
        spec = self.spec(whole)
        sources = each_once(self.sorting.group[arrays.source[whole.synapses]]).tolist()
        names = tuple(dict.fromkeys(self.sorting.kinds[group][0] for group in sources))
        bundle = NamedBundle(
            spec.inputs, spec.neurons, spec.synapses, spec.batch, False, spec.signatures[0].aggregation, spec.dtype,
            spec.device, sources=names, target=population, levels=spec.levels,
        )  # fmt: skip
        return pinned(pin, bundle)

    def _spec_of(self, signature) -> RegionSpec:
        options = self.options
        return RegionSpec(1, 1, 1, 1, (signature,), options.batch_size, options.dtype, options.device)

    def spec(self, whole: Whole) -> RegionSpec:
        """How large a region is."""
        arrays, options = self.arrays, self.options
        read = np.zeros(len(arrays), bool)
        read[arrays.source[whole.synapses]] = True
        read[whole.neurons] = False
        level = arrays.level[whole.neurons]
        levels = int(np.count_nonzero(np.diff(level, prepend=-1)))
        sizes = int(np.count_nonzero(read)), len(whole.neurons), len(whole.synapses), levels
        return RegionSpec(*sizes, whole.signatures(self.sorting), options.batch_size, options.dtype, options.device)

    def _seconds(self, lowering: RegionLowering, whole: Whole) -> float:
        return float(lowering.cost(self.spec(whole), self.options.calibration))

    def _apart(self, whole: Whole) -> float:
        """Seconds of the same neurons level by level, each level one product: what its blocks would take at best."""
        arrays, options, synapses = self.arrays, self.options, whole.synapses
        level = numbered(arrays.level[whole.neurons])[1]
        of_neuron = np.zeros(len(arrays), np.int64)
        of_neuron[whole.neurons] = level
        target, source, many = of_neuron[arrays.target[synapses]], arrays.source[synapses], int(level.max()) + 1
        read = distinct(target, source, len(arrays), many)
        pieces = distinct(target, arrays.level[source], int(arrays.level.max()) + 1, many)
        spec = BundleSpec(
            read, np.bincount(level), np.bincount(target, minlength=many), options.batch_size, False, "sum",
            options.dtype, options.device,
        )  # fmt: skip
        seconds = price(REGISTRY.values(), spec, options.calibration)
        moved = gathering(options.calibration, read * options.batch_size * (pieces > 1), pieces)
        return float((seconds + moved).sum())


def region_product(arrays: GraphArrays, blocks: Blocks, region: Region) -> ProductPlan:
    """The one product of a region's stage."""
    whole, synapses = region.whole, region.whole.synapses
    pieces, place, inputs = _read(arrays, blocks, whole)
    place[whole.neurons] = inputs + np.arange(len(whole.neurons))
    rank = np.zeros(len(arrays), np.int32)
    rank[whole.neurons] = np.arange(len(whole.neurons), dtype=np.int32)
    row, kinds = rank[arrays.target[synapses]], arrays.kind[whole.neurons]
    starts = np.searchsorted(row, np.arange(len(whole.neurons) + 1)).astype(np.int32)
    code = statuses(arrays.forms)[arrays.form[synapses]]
    level = arrays.level[whole.neurons]
    trainable = np.array([kind.trainable for kind in arrays.kinds], bool)[kinds]
    has_slope = np.array([kind.activation in SLOPED for kind in arrays.kinds], bool)[kinds]
    averages = np.array([kind.aggregation == "mean" for kind in arrays.kinds], bool)[kinds]
    held = np.where(trainable, TRAINED, FROZEN).astype(np.uint8)
    bias, slope = arrays.values["bias"][whole.neurons], arrays.values["slope"][whole.neurons]
    layout = RegionLayout(
        inputs,
        len(whole.neurons),
        arrays.ids[synapses],
        row,
        place[arrays.source[synapses]],
        code if code.any() else None,
        "sum",
        keys=arrays.keys[whole.neurons],
        start=starts,
        level_start=np.append(np.flatnonzero(np.diff(level, prepend=-1)), len(level)).astype(np.int32),
        activation=np.array([CODES.get(kind.activation, 0) for kind in arrays.kinds], np.uint8)[kinds],
        bias=np.where(np.isnan(bias), FIXED, held).astype(np.uint8),
        slope=np.where(has_slope & ~np.isnan(slope), held, FIXED).astype(np.uint8),
        averages=averages if averages.any() else None,
    )
    sources = tuple(dict.fromkeys(blocks.blocks[block].population for block, _ in pieces))
    return ProductPlan(region.lowering, layout, pieces, None, sources, region.seconds, region.why)


def _read(arrays: GraphArrays, blocks: Blocks, whole: Whole) -> tuple[tuple[Piece, ...], np.ndarray, int]:
    """What a region reads from outside, the place of each such neuron, and how many they are."""
    read = np.zeros(len(arrays), bool)
    read[arrays.source[whole.synapses]] = True
    read[whole.neurons] = False
    found = np.flatnonzero(read)
    found = found[np.lexsort((blocks.place[found], blocks.block[found]))]
    place = np.zeros(len(arrays), np.int32)
    place[found] = np.arange(len(found), dtype=np.int32)
    block = blocks.block[found]
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    pieces: list[Piece] = []
    for mine in np.split(found, starts[1:]) if len(found) else []:
        index = int(blocks.block[mine[0]])
        all_of_it = len(mine) == len(blocks.blocks[index].neurons)
        pieces.append((index, None if all_of_it else blocks.place[mine].astype(np.int64)))
    return tuple(pieces), place, len(found)
