"""The program: stages in order, each with what it reads; a pure function of the arrays and the options."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..lowering.layout import ProductLayout, Shared, same_arrays
from ..lowering.rates import Calibration
from ..lowering.region import RegionLayout
from ..regions.product_wiring import Piece
from .cost import format_seconds
from .pins import Pin


@dataclass(frozen=True)
class Options:
    """What a program depends on besides the graph.

    Parameters
    ----------
    dtype, device
        "float32", ...; "cpu" or "cuda".
    batch_size
        Rows it is tuned for; it runs with any number.
    calibration
        The cost model's figures.
    pin
        Pinned lowerings.
    measured
        Whether a program that these figures say takes a millisecond or more is planned by those of this machine.
    """

    dtype: str
    device: str
    batch_size: int
    calibration: Calibration
    pin: Pin = None
    measured: bool = False


@dataclass(frozen=True)
class ProductPlan:
    """One product of a stage.

    Parameters
    ----------
    lowering
        Its name in the registry.
    layout
        Its wiring; with the lowering it says all about the unit that runs it.
    pieces, rows
        Where its columns come from and its rows go to.
    sources
        Populations it reads.
    seconds, why
        Predicted cost of a training step, and why this lowering.
    """

    lowering: str
    layout: ProductLayout
    pieces: tuple[Piece, ...] = field(compare=False)
    rows: np.ndarray | None = field(compare=False)
    sources: tuple[str, ...] = field(compare=False)
    seconds: float = field(compare=False)
    why: str = field(compare=False)


@dataclass(frozen=True, eq=False)
class NeuronsPlan(Shared):
    """The neurons of a stage: what happens after the sum.

    Parameters
    ----------
    keys
        (n,) int64.
    activation
        Its name.
    bias, slope
        (n,) uint8 of TRAINED, FROZEN and FIXED (has none).
    shape
        Of each: () for scalars, else that of the feature map.
    scale
        (n,) uint8 likewise, for gamma and beta; None without a norm.
    norm
        eps and momentum of a batch norm, or None.
    dropout, channelwise
        The rate, and whether whole maps are dropped.
    """

    keys: np.ndarray
    activation: str
    bias: np.ndarray
    slope: np.ndarray
    shape: tuple[int, ...] = ()
    scale: np.ndarray | None = None
    norm: tuple[float, float] | None = None
    dropout: float = 0.0
    channelwise: bool = False

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, NeuronsPlan)
            and self.token == other.token
            and same_arrays(
                (self.keys, self.bias, self.slope, self.scale), (other.keys, other.bias, other.slope, other.scale)
            )
        )

    def __hash__(self) -> int:
        return hash(self.token)

    @property
    def token(self) -> tuple:
        """Equal in equal plans and cheap."""
        kind = self.activation, self.shape, self.norm, self.dropout, self.channelwise
        return len(self.keys), int(self.keys[0]), *kind


@dataclass(frozen=True)
class BlockPlan(Shared):
    """One block of neurons that a stage makes.

    Parameters
    ----------
    population, aggregation
        Of its neurons.
    neurons
        What happens after the sum.
    inner
        Whether only its own stage reads it: a forward pass does not hand its values out.
    """

    population: str
    aggregation: str
    neurons: NeuronsPlan
    inner: bool = False


@dataclass(frozen=True)
class StagePlan(Shared):
    """The blocks of neurons that are made together, and the products that feed them.

    Parameters
    ----------
    makes
        Which values it makes; values are numbered in the order they are made, inputs among them.
    blocks
        What each of these values is. One block is the sum of its products; several are a region, whose one product
        (of a `RegionLayout`) makes all of them.
    products
        The products.
    """

    makes: tuple[int, ...] = field(compare=False)
    blocks: tuple[BlockPlan, ...]
    products: tuple[ProductPlan, ...]

    @property
    def is_region(self) -> bool:
        """Whether one product makes it whole, synapses between its own neurons included."""
        return bool(self.products) and isinstance(self.products[0].layout, RegionLayout)


@dataclass(frozen=True)
class PortPlan:
    """One tensor in or out: its population and the columns of which values it is made of; the shape of its neurons."""

    population: str
    width: int
    pieces: tuple[Piece, ...] = field(compare=False)
    order: np.ndarray | None = field(compare=False)
    shape: tuple[int, ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """The tensor's shape but for the batch: (neurons,) or (channels, height, width)."""
        return self.width, *self.shape


@dataclass(frozen=True)
class Program(Shared):
    """Everything a network needs to be built, without its numbers.

    Parameters
    ----------
    options
        What it was planned for.
    inputs, outputs
        Ports, in order.
    stages
        In the order they run.
    blocks
        (blocks,) int64 arrays of neuron keys: what each value holds.
    calibration
        The figures that it was planned by.
    draft
        The program by the figures of the options, where that was made first and takes too long to be left at that.
    """

    options: Options
    inputs: tuple[PortPlan, ...]
    outputs: tuple[PortPlan, ...]
    stages: tuple[StagePlan, ...]
    blocks: tuple[np.ndarray, ...] = field(compare=False)
    calibration: Calibration = field(compare=False)
    draft: "Program | None" = field(compare=False, default=None, repr=False)

    @cached_property
    def seconds(self) -> float:
        """Predicted cost of the products of a training step."""
        return sum(product.seconds for stage in self.stages for product in stage.products)

    @cached_property
    def last_reads(self) -> tuple[tuple[int, ...], ...]:
        """For each stage, the values that nobody reads after it: they need not be kept any longer."""
        last = {}
        for number, stage in enumerate(self.stages):
            last |= dict.fromkeys(stage.makes, number)
            last |= {value: number for product in stage.products for value, _ in product.pieces}
        kept = {value for port in self.outputs for value, _ in port.pieces}
        ends = [(number, value) for value, number in last.items() if value not in kept]
        return tuple(tuple(v for n, v in ends if n == number) for number in range(len(self.stages)))

    def __str__(self) -> str:
        return describe(self)


# --- in words ---------------------------------------------------------------------------------------------------------


Seconds = tuple[tuple[float, ...], ...]  # of each product, stage by stage


def describe(program: Program, measured: Seconds | None = None) -> str:
    """One line per product, grouped by stage; with what each took where it was measured."""
    options = program.options
    head = (
        f"{len(program.stages)} stages for {options.dtype} on {options.device}, "
        f"tuned for batches of {options.batch_size}; "
        f"products of a training step: {format_seconds(program.seconds)} ({program.calibration.name})"
    )
    lines = [head]
    lines += [f"in   {port.population!r}: {port.width} neurons{_maps(port.shape)}" for port in program.inputs]
    for number, stage in enumerate(program.stages):
        lines += _stage(number, stage, measured[number] if measured else (None,) * len(stage.products))
    lines += [f"out  {port.population!r}: {port.width} neurons{_maps(port.shape)}" for port in program.outputs]
    return "\n".join(lines)


def _stage(number: int, stage: StagePlan, measured: tuple[float | None, ...]) -> list[str]:
    blocks = [_block(block) for block in stage.blocks]
    heads = [f"{number:<4} {blocks[0]}", *(f"     {block}" for block in blocks[1:])]
    if not stage.products:
        heads[-1] += ", constant"
    products = zip(stage.products, measured, strict=True)
    return heads + [f"       {_product(product, seconds)}" for product, seconds in products]


def _block(block: BlockPlan) -> str:
    neurons, count = block.neurons, len(block.neurons.keys)
    what = f"{count} neuron{'s' * (count > 1)}{_maps(neurons.shape)}, " + ("batch norm, " if neurons.norm else "")
    more = "" if block.aggregation == "sum" else f", {block.aggregation}"
    more += f", dropout {neurons.dropout:g}" if neurons.dropout else ""
    more += ", read within its stage only" if block.inner else ""
    return f"{block.population!r}: {what}{neurons.activation}{more}"


def _maps(shape: tuple[int, ...]) -> str:
    return f" of {shape[0]} x {shape[1]}" if shape else ""


def _product(product: ProductPlan, measured: float | None) -> str:
    layout = product.layout
    synapses = len(layout.ids)
    what = f" ({layout.window})" if layout.window is not None else ""
    names = ", ".join(map(repr, product.sources[:3])) + (
        f" and {len(product.sources) - 3} more" if len(product.sources) > 3 else ""
    )
    took = "" if measured is None else f", measured {format_seconds(measured)}"
    return (
        f"{product.lowering:<9} from {names or 'nothing'}: {synapses} synapses{what} {_size(layout)}, "
        f"{format_seconds(product.seconds)}{took}; {product.why}"
    )


def _size(layout: ProductLayout) -> str:
    if isinstance(layout, RegionLayout):
        return f"into {layout.outputs} neurons on {layout.levels} levels"
    density = len(layout.ids) / (layout.inputs * layout.outputs)
    return f"in {layout.outputs} x {layout.inputs} (density {density:.3g})"
