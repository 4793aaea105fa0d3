"""The choice of products for one block: which bundles run together, in which shape, by which lowering."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from neurograph.errors import CompileError

from ..lowering import REGISTRY, Lowering, ProductLayout
from ..lowering.base import NOT_MAPS
from ..lowering.rates import gathering
from ..lowering.spec import BundleSpec
from ..regions.blocks import Block, Blocks
from ..regions.bundles import BundleSizes
from ..regions.product_wiring import ProductWiring, cut_product
from ..regions.remainder import merge_thin
from ..regions.windows import NUMBER, SAME, Window
from .cost import format_seconds, offers, price
from .pins import BLOCKS, NamedBundle, Pin, pinned, unused
from .program import Options, ProductPlan


def refuse_unused_pins(pin: Pin, blocks: Blocks, joined: Iterable[tuple[int, int]]) -> None:
    """Refuse keys of `lowering=` that name no bundle; `joined` are the pairs of blocks that have one, source first."""
    names = [block.population for block in blocks.blocks]
    if odd := unused(pin, set(names), {(names[source], names[target]) for source, target in joined}):
        raise CompileError(
            f"lowering={{{odd[0]!r}: ...}} names no bundle; populations are {', '.join(map(repr, sorted(set(names))))}"
        )


@dataclass(frozen=True)
class TargetPlanner:
    """The choice of products for one target block."""

    blocks: Blocks
    bundles: BundleSizes
    groups: np.ndarray
    padded: np.ndarray
    options: Options
    target: int

    @property
    def block(self) -> Block:
        return self.blocks.blocks[self.target]

    def products(self, feeding: np.ndarray) -> tuple[ProductPlan, ...]:
        """The products of the block, from all bundles that feed it."""
        if not len(feeding):
            return ()
        if self.block.signature.aggregation != "sum":
            return (self.lower(feeding),)
        if self.wires(feeding):
            return (self.lower(feeding),)
        groups = []
        for mine in self.alike(feeding):
            free = np.array([self.pin(mine[i : i + 1]) is None for i in range(len(mine))]) if self.asks else None
            mergeable = mine if free is None else mine[free]
            groups += [] if free is None else [mine[i : i + 1] for i in np.flatnonzero(~free)]
            groups += [mergeable[group] for group in self.merge(mergeable)]
        plans = [self.lower(group) for group in sorted(groups, key=lambda group: int(group[0]))]
        return tuple(sorted(plans, key=lambda p: p.rows is not None))  # whole rows first: they begin the sum

    def alike(self, feeding: np.ndarray) -> list[np.ndarray]:
        """Bundles that one product could run: those between scalars, and those of each window."""
        op_code = self.bundles.op_code[feeding]
        op_code = np.where(op_code == SAME, NUMBER, op_code)
        return [feeding[op_code == one] for one in sorted(set(op_code.tolist()))]

    def wires(self, feeding: np.ndarray) -> bool:
        """Whether these hand on values, at most one to each neuron: then they are one choice of columns."""
        bundles = self.bundles
        if len(feeding) < 2 or self.asks or len(set(bundles.op_code[feeding].tolist())) > 1:
            return False
        window = bundles.window(int(feeding[0]))
        if not bundles.identity[feeding[0]] and not (window and window.pools):
            return False
        count = int(bundles.count[feeding].sum())
        return count == int(bundles.targets[feeding].sum()) == self.used(feeding)[1]

    @property
    def asks(self) -> bool:
        """Whether single bundles may be pinned: those are not merged."""
        return self.options.pin is not None and not isinstance(self.options.pin, str)

    def spec(self, identity: bool, window: Window | None = None) -> BundleSpec:
        options, how = self.options, self.block.signature.aggregation
        return BundleSpec(0, 0, 0, options.batch_size, identity, how, options.dtype, options.device, 1, window)

    def bare(self, spec: BundleSpec) -> str | None:
        """The name that is pinned for all bundles; one for other kinds of neurons than these pins nothing here."""
        name = self.options.pin
        if not isinstance(name, str) or name not in REGISTRY:
            return name if isinstance(name, str) else None
        reason = REGISTRY[name].refuses(spec)
        return None if reason is not None and (spec.window is not None or reason == NOT_MAPS) else name

    def lowerings(self, spec: BundleSpec) -> list[Lowering]:
        """The lowerings that may be chosen."""
        name = self.bare(spec)
        return [REGISTRY[name]] if name is not None and name in REGISTRY else list(REGISTRY.values())

    def merge(self, feeding: np.ndarray) -> list[np.ndarray]:
        """Group bundles that one product could run."""
        if len(feeding) < 2:
            return [np.arange(len(feeding))] if len(feeding) else []
        bundles, options, window = self.bundles, self.options, self.bundles.window(int(feeding[0]))
        if window is not None and not window.slides and not window.flattens:
            return [np.arange(len(feeding))] if self.wires(feeding) else [np.array([i]) for i in range(len(feeding))]
        calibration, batch = options.calibration, options.batch_size
        count, sources, targets = bundles.count[feeding], bundles.sources[feeding], bundles.targets[feeding]
        whole = np.array([len(self.blocks.blocks[b].neurons) for b in bundles.source[feeding]])
        size, alone = len(self.block.neurons), np.full(len(feeding), np.inf)
        area_in, area_out = self.spec(False, window).areas
        for identity in (False, True):
            mine = bundles.identity[feeding] == identity
            blocks, padded = self.groups[feeding[mine]], self.padded[feeding[mine]]
            spec = self.spec(identity, window).sized(whole[mine], size, count[mine], blocks, padded)
            alone[mine] = price(self.lowerings(spec), spec, calibration)
            picked = spec.sized(sources[mine], targets[mine], count[mine], blocks, padded)
            moved = gathering(calibration, (sources * area_in + targets * area_out)[mine] * batch, 2)
            alone[mine] = np.minimum(alone[mine], price(self.lowerings(picked), picked, calibration) + moved)

        def merged(inputs: np.ndarray, outputs: np.ndarray, synapses: np.ndarray, many: np.ndarray) -> np.ndarray:
            spec = self.spec(False, window).sized(inputs, outputs, synapses)
            seconds = price(self.lowerings(spec), spec, calibration)
            return seconds + gathering(calibration, inputs * area_in * batch, many)

        return merge_thin(count, sources, targets, size, alone, merged)

    def together(self, group: np.ndarray) -> int:
        """How many equal disjoint blocks a group is; several bundles are laid side by side as one."""
        return int(self.groups[group[0]]) if len(group) == 1 else 1

    def pin(self, group: np.ndarray) -> str | None:
        """What is pinned for one group of bundles."""
        pin, bundles = self.options.pin, self.bundles
        if pin is None:
            return None
        bundle = self.named(group, int(bundles.sources[group].sum()), len(self.block.neurons))
        if isinstance(pin, str):
            return self.bare(bundle)
        name = pinned(pin, bundle)
        return None if name == BLOCKS else name

    def named(self, group: np.ndarray, inputs: int, outputs: int) -> NamedBundle:
        """A group of bundles as a pin, or an error, sees it."""
        bundles, options = self.bundles, self.options
        names = dict.fromkeys(self.blocks.blocks[int(b)].population for b in bundles.source[group])
        count, identity = int(bundles.count[group].sum()), bool(bundles.identity[group].all())
        aggregation, window = self.block.signature.aggregation, bundles.window(int(group[0]))
        padded = int(self.padded[group[0]]) if len(group) == 1 else 0
        return NamedBundle(
            inputs, outputs, count, options.batch_size, identity, aggregation, options.dtype, options.device,
            self.together(group), window, padded, tuple(names), self.block.population,
        )  # fmt: skip

    def lower(self, group: np.ndarray) -> ProductPlan:
        """Choose the shape and the lowering of one group of bundles."""
        pin, calibration, batch = self.pin(group), self.options.calibration, self.options.batch_size
        bundle, shapes = self.shapes(group)
        area_in, area_out = shapes[0][2].areas
        fitting = [s for s in shapes if pin is None or pin not in REGISTRY or REGISTRY[pin].refuses(s[2]) is None]
        made = []
        for pick, narrow, spec in fitting or shapes:
            values = spec.inputs * area_in * batch
            moved = gathering(calibration, values, len(group)) if pick or len(group) > 1 else 0.0
            moved += gathering(calibration, spec.outputs * area_out * batch) if narrow else 0.0
            found = sorted(
                offers(REGISTRY.values(), spec, calibration, pin, str(bundle)), key=lambda o: (o[0], o[1].name)
            )
            made += [(seconds + moved, lowering, pick, narrow) for seconds, lowering in found]
        made.sort(key=lambda o: o[0])
        seconds, lowering, pick, narrow = made[0]
        why = "pinned" if pin is not None else _why(made)
        by_row = len(group) > 1 and self.wires(group)
        product = cut_product(self.blocks, self.bundles, self.target, group, pick, narrow, by_row)
        layout = self.layout(product, group, bundle.window)
        return ProductPlan(lowering.name, layout, product.pieces, product.rows, bundle.sources, seconds, why)

    def shapes(self, group: np.ndarray) -> tuple[NamedBundle, list[tuple[bool, bool, BundleSpec]]]:
        """What there is to choose from: whether to pick columns, whether to leave out rows, and how large it gets."""
        sums = self.block.signature.aggregation == "sum"
        whole = sum(len(self.blocks.blocks[b].neurons) for b in dict.fromkeys(self.bundles.source[group].tolist()))
        size, (used, touched) = len(self.block.neurons), self.used(group)
        bundle = self.named(group, used, touched)
        shapes = []
        for pick in (False, True) if sums and used < whole else (not sums,):
            for narrow in (False, True) if sums and touched < size else (False,):
                inputs, outputs = used if pick else whole, touched if narrow else size
                spec = bundle.sized(inputs, outputs, bundle.synapses, bundle.groups, bundle.padded)
                shapes.append((pick, narrow, spec))
        return bundle, shapes

    def used(self, group: np.ndarray) -> tuple[int, int]:
        """How many different neurons a group touches at both ends."""
        if len(group) == 1:
            return int(self.bundles.sources[group[0]]), int(self.bundles.targets[group[0]])
        ends = self.bundles.ends(group)
        source = ends.source.astype(np.int64) * 2**32 + ends.column
        counts = [int(np.count_nonzero(np.diff(np.sort(end), prepend=-1))) for end in (source, ends.row)]
        return counts[0], counts[1]

    def layout(self, product: ProductWiring, group: np.ndarray, window: Window | None) -> ProductLayout:
        """The wiring of a product as a lowering sees it."""
        ids, code = self.bundles.numbers(group)
        if product.order is not None:
            ids, code = ids[product.order], code[product.order]
        full = len(ids) == product.inputs * product.outputs
        return ProductLayout(
            product.inputs,
            product.outputs,
            ids,
            None if full else product.row,
            None if full else product.column,
            code if code.any() else None,
            self.block.signature.aggregation,
            window,
        )


def _why(made: list[tuple[float, Lowering, bool, bool]]) -> str:
    """Why the first of these offers is taken, cheapest first: what the next best lowering takes, in its best shape."""
    best = made[0][1].name
    for seconds, lowering, *_ in made:
        if lowering.name != best:
            return f"{lowering.name} would take {format_seconds(seconds)}"
    return "the only one that can"
