"""What running a bundle costs, and which lowering is cheapest.

The formulas were fitted to one training step (forward and backward) of a layer and are kept in seconds. The density
alone never decides: a call has a price, so has a value moved, and both depend on the batch.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from compiler.regions.windows import Window
from neurograph.errors import CompileError

Number = Any  # an int or float, or an array of them: the formulas work on whole lists of bundles at once


@dataclass(frozen=True)
class Calibration:
    """Seconds per unit of work on one machine and device.

    Parameters
    ----------
    name
        What it was measured on.
    dense_call, dense_product, dense_weight
        A dense product: per call, per weight and row of the batch, per weight.
    onednn_call, onednn_product, onednn_weight
        The same product through oneDNN.
    sparse_call, sparse_product, sparse_weight, sparse_value
        A sparse product: per call, per synapse and row, per synapse, per value moved (neurons at both ends times rows).
    native_sparse_call, native_sparse_product, native_sparse_weight, native_sparse_value
        The same by the native kernels, where they are built.
    torch_sparse_call, torch_sparse_product, torch_sparse_weight, torch_sparse_value
        The same by the torch-sparse package, on the CPU.
    grouped_call, grouped_group, grouped_product, grouped_weight, grouped_value
        Equal disjoint blocks: per call, per block, per synapse and row, per synapse, per value moved.
    field_call, field_level, field_product, field_weight
        A region in one walk: per call, per level, per synapse and row, per synapse.
    walk_call, walk_level, walk_product, walk_weight
        The same by PyTorch's own operators, where no kernel is built.
    gather_call, gather_value
        Picking neurons out of a block: per call, per value.
    aggregate_call, aggregate_value
        A reduction that is no sum: per call, per synapse and row.
    conv_call, conv_product, conv_weight, conv_value
        A convolution: per call; per product of a weight and a value, that is per number of a kernel, position and row;
        per number of a kernel; per value moved (both maps' positions times rows).
    narrow_group
        How many times dearer a product is in groups of few channels.
    pool_call, pool_value
        A pool: per call, per value looked at.
    """

    name: str = "cpu, 2 cores with AVX-512, MKL"
    dense_call: float = 15e-6
    dense_product: float = 63e-12
    dense_weight: float = 0.31e-9
    onednn_call: float = 90e-6
    onednn_product: float = 29e-12
    onednn_weight: float = 1.1e-9
    sparse_call: float = 58e-6
    sparse_product: float = 180e-12
    sparse_weight: float = 5.9e-9
    sparse_value: float = 0.58e-9
    native_sparse_call: float = 30e-6
    native_sparse_product: float = 75e-12
    native_sparse_weight: float = 3e-9
    native_sparse_value: float = 0.8e-9
    torch_sparse_call: float = 30e-6
    torch_sparse_product: float = 1150e-12
    torch_sparse_weight: float = 7e-9
    torch_sparse_value: float = 0.58e-9
    grouped_call: float = 40e-6
    grouped_group: float = 0.1e-6
    grouped_product: float = 63e-12
    grouped_weight: float = 1e-9
    grouped_value: float = 0.7e-9
    field_call: float = 60e-6
    field_level: float = 0.0
    field_product: float = 110e-12
    field_weight: float = 5e-9
    walk_call: float = 200e-6
    walk_level: float = 400e-6
    walk_product: float = 12e-9
    walk_weight: float = 20e-9
    gather_call: float = 12e-6
    gather_value: float = 1.5e-9
    aggregate_call: float = 60e-6
    aggregate_value: float = 10e-9
    conv_call: float = 60e-6
    conv_product: float = 28e-12
    conv_weight: float = 1e-9
    conv_value: float = 1.2e-9
    narrow_group: float = 4.0
    pool_call: float = 30e-6
    pool_value: float = 1.5e-9


CPU = Calibration()
CUDA = Calibration(
    name="cuda, estimated from peak rates",
    dense_call=30e-6,
    dense_product=0.3e-12,
    dense_weight=0.01e-9,
    sparse_call=150e-6,
    sparse_product=5e-12,
    sparse_weight=0.05e-9,
    sparse_value=0.02e-9,
    grouped_call=60e-6,
    grouped_group=0.01e-6,
    grouped_product=0.3e-12,
    grouped_weight=0.01e-9,
    grouped_value=0.02e-9,
    field_call=300e-6,
    field_level=10e-6,
    field_product=5e-12,
    field_weight=0.1e-9,
    gather_call=25e-6,
    gather_value=0.01e-9,
    aggregate_call=150e-6,
    aggregate_value=0.2e-9,
    conv_call=60e-6,
    conv_product=0.3e-12,
    conv_weight=0.02e-9,
    conv_value=0.01e-9,
    pool_call=30e-6,
    pool_value=0.01e-9,
)


def default_calibration(device: str) -> Calibration:
    """The figures for a type of device ("cpu", "cuda")."""
    return CPU if device == "cpu" else CUDA


@dataclass(frozen=True)
class BundleSpec:
    """How large a bundle is and what it must do: all a lowering needs in order to accept it and to state its cost.

    Parameters
    ----------
    inputs, outputs, synapses
        Numbers, or equally long arrays for many bundles at once.
    batch
        Rows the program is tuned for.
    identity
        Whether every synapse is an identity.
    aggregation
        How the target combines what its synapses contribute.
    dtype, device
        "float32", ...; "cpu", "cuda".
    groups
        How many equal disjoint blocks it is, every pair within one joined; 1 where it is no such thing.
    window
        What its synapses do to feature maps; None between scalars.
    padded
        How many kernels it is as disjoint blocks of several sizes, padded to the largest; 0 where it is none of that
        sort.
    """

    inputs: Number
    outputs: Number
    synapses: Number
    batch: int
    identity: bool
    aggregation: str
    dtype: str
    device: str
    groups: Number = 1
    window: Window | None = None
    padded: Number = 0

    def sized(
        self, inputs: Number, outputs: Number, synapses: Number, groups: Number = 1, padded: Number = 0
    ) -> "BundleSpec":
        """The same kind of bundle in another size."""
        return replace(self, inputs=inputs, outputs=outputs, synapses=synapses, groups=groups, padded=padded)

    @property
    def areas(self) -> tuple[int, int]:
        """Values of one neuron at either end, for one row: 1 for scalars."""
        return (1, 1) if self.window is None else (prod(self.window.source), prod(self.window.target))


def gathering(calibration: Calibration, values: Number, calls: Number = 1) -> Number:
    """Seconds for picking `values` numbers (neurons times rows) out of blocks, forward and backward."""
    return calibration.gather_call * calls + calibration.gather_value * values


def legal(lowerings: Iterable[Any], spec: BundleSpec) -> list[Any]:
    """The lowerings that accept such a bundle."""
    return [lowering for lowering in lowerings if lowering.refuses(spec) is None]


def price(lowerings: Iterable[Any], spec: BundleSpec, calibration: Calibration) -> np.ndarray:
    """Seconds of the cheapest legal lowering, for every bundle of a spec that holds arrays."""
    found = [np.asarray(lowering.cost(spec, calibration), float) for lowering in legal(lowerings, spec)]
    if not found:
        return np.full(np.shape(spec.synapses), np.inf)
    return np.minimum.reduce(found)


def offers(
    lowerings: Iterable[Any], spec: BundleSpec, calibration: Calibration, pinned: str | None, where: str
) -> list[tuple[float, Any]]:
    """The lowerings that can run one bundle, and their predicted seconds.

    Parameters
    ----------
    lowerings
        Those to choose from.
    spec
        The bundle.
    calibration
        The machine.
    pinned
        The name of the only one wanted, or None.
    where
        The bundle in words, for errors.

    Raises
    ------
    CompileError
        Where the pinned one does not exist or refuses the bundle, with its reason.
    """
    lowerings = list(lowerings)
    if pinned is not None:
        found = {lowering.name: lowering for lowering in lowerings}.get(pinned)
        if found is None:
            raise CompileError(
                f"{where}: no lowering is called {pinned!r}; there are {', '.join(x.name for x in lowerings)}"
            )
        if reason := found.refuses(spec):
            fit = ", ".join(x.name for x in legal(lowerings, spec))
            raise CompileError(f"{where}: lowering {pinned!r} cannot run it: {reason}; {fit} can")
        return [(float(found.cost(spec, calibration)), found)]
    made = [(float(x.cost(spec, calibration)), x) for x in legal(lowerings, spec)]
    if not made:
        reasons = "; ".join(f"{x.name}: {x.refuses(spec)}" for x in lowerings)
        raise CompileError(f"{where}: no lowering can run it ({reasons})")
    return made


def format_seconds(seconds: float) -> str:
    """Seconds as people read them: microseconds, or milliseconds from one on."""
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"
