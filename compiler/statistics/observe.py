"""Statistics over data: what edits look at when they choose where to grow and what to eat."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from neurograph.analysis.observations import Observations
from neurograph.errors import CompileError, listed
from neurograph.storage.sets import each_once

from ..memory import REMEMBERS
from ..slots import WEIGHT, Quantity
from .batches import check_loss, parts_of, run_batch
from .deltas import columns, derivatives, tapped

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule


class _Moments:
    """Running mean and variance in float64, batch by batch (Chan et al. 1983, eq. 2.1)."""

    def __init__(self, *shape: int) -> None:
        self.count, self.mean, self.squares = 0, np.zeros(shape), np.zeros(shape)

    def add(self, rows: np.ndarray) -> None:
        """Take in (rows, *shape) values."""
        if not len(rows):
            return
        mean, total = rows.mean(0), self.count + len(rows)
        step = mean - self.mean
        self.squares += ((rows - mean) ** 2).sum(0) + step**2 * (self.count * len(rows) / total)
        self.mean += step * (len(rows) / total)
        self.count = total

    @property
    def variance(self) -> np.ndarray:
        """Of the whole population: divided by the count."""
        return self.squares / max(self.count, 1)


def observe(
    network: "CompiledModule",
    batches: Iterable[Any],
    *,
    loss: Callable[..., Tensor] | None = None,
    activations: bool | Iterable[Any] = False,
    deltas: bool | Iterable[Any] = False,
) -> Observations:
    """Run data through a network in eval mode and keep statistics; the network is left exactly as it was.

    A feature map's mean and variance are those of its values over samples and positions; what is recorded of it is its
    mean over positions, sample by sample. The statistics of a kernel's gradient are means over its numbers: of the
    absolute gradient, of its square, and of its variance over batches.

    Parameters
    ----------
    network
        A compiled network.
    batches
        Each x or (x, y); x is one tensor, or a tuple or list of one per input population.
    loss
        Takes (output, y), or (output) where batches hold no y; with it, gradients are observed: one per synapse and
        batch, that of the batch's loss.
    activations
        Neurons whose values are recorded for every sample (True: all of them); for feature maps, means over positions.
    deltas
        Neurons whose deltas are recorded for every sample (True: all scalars that add up what they read), the
        derivative of the loss by what they add up; see `Observations`.

    Returns
    -------
    Observations
        By neuron key and synapse id.

    Raises
    ------
    CompileError
        Where there is no batch, or no row in any; for a tensor of another shape, dtype or device than the network's,
        naming the batch; where a loss is not one number, or has no gradient; deltas without a loss, of inputs, of
        feature maps, or of neurons that are computed many levels at once, by the lowering "field".
    DataError
        For a number that is not finite, naming batch and row.
    """
    keys = np.concatenate(network.program.blocks)
    order = np.argsort(keys)
    order = order[keys[order] & REMEMBERS == 0]  # inputs that remember are no neurons of the graph
    recorded_keys = _recorded(network, activations, keys[order])
    picked = order[np.searchsorted(keys[order], recorded_keys)]
    moments = [_Moments(len(block)) for block in network.program.blocks]
    gradients = _Gradients(network) if loss is not None else None
    delta_keys = _with_deltas(network, deltas, loss)
    recorded_deltas: list[np.ndarray] = []
    recorded, samples, count, training = [], 0, 0, network.training
    network.eval()
    try:
        for number, batch in enumerate(batches):
            inputs, rest = parts_of(batch, number)
            if gradients is None or loss is None:
                with torch.no_grad():
                    blocks = run_batch(network, inputs, rest, number)
            else:
                with gradients.taken(), tapped(network, delta_keys) as probes:
                    blocks = run_batch(network, inputs, rest, number)
                    outputs = network.outputs(blocks)
                    value = loss(outputs, *rest)
                    if len(delta_keys):
                        check_loss(value, outputs, number)
                        found = columns(network, derivatives(value, probes, again=True), delta_keys).double()
                        recorded_deltas.append((found * len(found)).cpu().numpy())
                    gradients.add(value, outputs, number)
            for known, block in zip(moments, blocks, strict=True):
                known.add(_by_position(block))
            recorded.append(np.concatenate([_by_sample(block) for block in blocks], 1)[:, picked])
            samples += len(recorded[-1])
            count += 1
    finally:
        network.train(training)
    if not count:
        raise CompileError("there was no batch to observe: a generator can be read only once, and this one was empty")
    if not samples:
        raise CompileError(f"the {count} batches to observe have no rows")
    kept: dict[str, Any] = {} if gradients is None else gradients.statistics()
    if recorded_deltas:
        kept |= {"delta_keys": delta_keys, "deltas": np.concatenate(recorded_deltas)}
    return Observations(
        keys=keys[order],
        activation_mean=np.concatenate([known.mean for known in moments])[order],
        activation_variance=np.concatenate([known.variance for known in moments])[order],
        recorded_keys=recorded_keys,
        recorded=np.concatenate(recorded),
        samples=samples,
        batches=count,
        **kept,
    )


def _by_position(block: Tensor) -> np.ndarray:
    """(rows, neurons) float64 every value of each neuron: one a sample, or one a sample and position."""
    block = block.detach()
    block = block.movedim(1, -1).reshape(-1, block.shape[1]) if block.dim() > 2 else block
    return block.double().cpu().numpy()


def _by_sample(block: Tensor) -> np.ndarray:
    """(samples, neurons) float64; of feature maps, the mean over positions."""
    block = block.detach()
    return (block.double().mean((2, 3)) if block.dim() > 2 else block.double()).cpu().numpy()


def _recorded(network: "CompiledModule", chosen: bool | Iterable[Any], keys: np.ndarray) -> np.ndarray:
    if chosen is True:
        return keys
    if chosen is False:
        return np.zeros(0, np.int64)
    return np.sort(np.asarray(network.graph.keys_of(list(chosen)), np.int64))


def _with_deltas(network: "CompiledModule", chosen: bool | Iterable[Any], loss: Any) -> np.ndarray:
    """(m,) int64 keys, rising, of the neurons whose deltas are recorded."""
    if chosen is False:
        return np.zeros(0, np.int64)
    if loss is None:
        raise CompileError("deltas are derivatives of a loss: observe with loss=")
    keys, look = network.graph.table.keys(), network.graph.neurons.each
    keys = keys if chosen is True else each_once(network.graph.keys_of(list(chosen)))  # pyright: ignore[reportArgumentType]
    maps = np.array([shape != () for shape in look("shape", keys)], bool)
    odd = maps | (look("role", keys) == "input") | (look("aggregation", keys) != "sum")
    if odd.any() and chosen is not True:
        raise CompileError(
            f"neurons {listed(network.graph.names_of(keys[odd]), 3)} are inputs, feature maps, or do not add up what "
            "they read: there are deltas of scalars that do; compiler.absent_gradients has gradients between maps"
        )
    return keys[~odd]


class _Gradients:
    """Per-synapse gradient statistics, without touching `.grad`."""

    def __init__(self, network: "CompiledModule") -> None:
        self.slots = network.slots
        self.quantities = [s for s in self.slots.quantities if s[0] == WEIGHT[0] and len(self.slots.numbers(s, True))]
        entries = [entry for quantity in self.quantities for entry in self.slots.of(quantity, trained=True)]
        self.parameters = [entry.tensor for entry in entries]
        sizes = {quantity: (len(self.slots.numbers(quantity, True)), *quantity[1]) for quantity in self.quantities}
        self.moments = {quantity: _Moments(*size) for quantity, size in sizes.items()}
        self.absolute = {quantity: np.zeros(size[0]) for quantity, size in sizes.items()}

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Run with gradients of every trained synapse, those of Parameters that are held still for now too."""
        if torch.is_inference_mode_enabled():
            raise CompileError("gradients cannot be observed under torch.inference_mode(): observe outside it")
        still = [p for p in self.parameters if not p.requires_grad]
        try:
            for parameter in still:
                parameter.requires_grad_(True)
            with torch.enable_grad():
                yield
        finally:
            for parameter in still:
                parameter.requires_grad_(False)

    def add(self, loss: Tensor, outputs: Any, number: int) -> None:
        """Take in the gradient of a batch's loss, which was found from these outputs."""
        check_loss(loss, outputs, number)
        found = (
            torch.autograd.grad(loss, self.parameters, allow_unused=True)
            if self.parameters and loss.requires_grad
            else ()
        )
        by_parameter = {id(p): g for p, g in zip(self.parameters, found, strict=False)}
        for quantity in self.quantities:
            vector = self.slots.gather(quantity, lambda p: by_parameter.get(id(p)), trained=True)
            gradient = vector.double().numpy()
            self.moments[quantity].add(gradient[None])
            self.absolute[quantity] += _over_kernel(np.abs(gradient))

    def statistics(self) -> dict[str, np.ndarray]:
        ids = np.concatenate(
            [np.zeros(0, np.int64), *(self.slots.numbers(quantity, True) for quantity in self.quantities)]
        )
        order = np.argsort(ids)

        def joined(of_quantity: Callable[[Quantity], np.ndarray]) -> np.ndarray:
            return np.concatenate(
                [np.zeros(0), *(_over_kernel(of_quantity(quantity)) for quantity in self.quantities)]
            )[order]

        moments = self.moments
        return {
            "ids": ids[order],
            "gradient_mean_absolute": joined(lambda s: self.absolute[s] / max(moments[s].count, 1)),
            "gradient_mean_square": joined(lambda s: moments[s].variance + moments[s].mean ** 2),
            "gradient_variance": joined(lambda s: moments[s].variance),
            "gradient_absolute_of_mean": joined(lambda s: np.abs(moments[s].mean)),
        }


def _over_kernel(values: np.ndarray) -> np.ndarray:
    """(n,) the mean over each synapse's numbers."""
    return values.reshape(len(values), -1).mean(1) if values.ndim > 1 else values
