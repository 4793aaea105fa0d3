"""Statistics over data: what edits look at when they choose where to grow and what to eat."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from compiler.slots import WEIGHT, to_host
from neurograph.errors import CompileError
from neurograph.observations import Observations

if TYPE_CHECKING:
    from compiler.network import CompiledNetwork


class _Moments:
    """Running mean and variance in float64, batch by batch (Chan et al. 1983, eq. 2.1)."""

    def __init__(self, size: int) -> None:
        self.count, self.mean, self.squares = 0, np.zeros(size), np.zeros(size)

    def add(self, rows: np.ndarray) -> None:
        """Take in (rows, size) values."""
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
    network: "CompiledNetwork",
    batches: Iterable[Any],
    *,
    loss: Callable[..., Tensor] | None = None,
    activations: bool | Iterable[Any] = False,
) -> Observations:
    """Run data through a network in eval mode and keep statistics; the network is left exactly as it was.

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
        Neurons whose values are recorded for every sample (True: all of them).

    Returns
    -------
    Observations
        By neuron key and synapse id.

    Raises
    ------
    CompileError
        Where there is no batch.
    """
    keys = np.concatenate(network.program.blocks)
    order = np.argsort(keys)
    recorded_keys = _recorded(network, activations, keys[order])
    picked = order[np.searchsorted(keys[order], recorded_keys)]
    moments, gradients = _Moments(len(keys)), _Gradients(network) if loss is not None else None
    recorded, count, training = [], 0, network.training
    network.eval()
    try:
        for batch in batches:
            inputs, rest = _split(batch, network)
            with torch.set_grad_enabled(gradients is not None):
                blocks = network.run(inputs)
                if gradients is not None and loss is not None:
                    gradients.add(loss(network.outputs(blocks), *rest))
            values = torch.cat([block.detach().double() for block in blocks], 1).cpu().numpy()
            moments.add(values)
            recorded.append(values[:, picked])
            count += 1
    finally:
        network.train(training)
    if not count:
        raise CompileError("there was no batch to observe: a generator can be read only once, and this one was empty")
    found = {} if gradients is None else gradients.statistics()
    return Observations(
        keys=keys[order],
        activation_mean=moments.mean[order],
        activation_variance=moments.variance[order],
        recorded_keys=recorded_keys,
        recorded=np.concatenate(recorded),
        samples=moments.count,
        batches=count,
        **found,
    )


def _split(batch: Any, network: "CompiledNetwork") -> tuple[tuple, tuple]:
    """(inputs, what is left for the loss)."""
    if isinstance(batch, Tensor):
        return (batch,), ()
    x, *rest = batch
    inputs = tuple(x) if isinstance(x, tuple | list) else (x,)
    return inputs, tuple(rest)


def _recorded(network: "CompiledNetwork", chosen: bool | Iterable[Any], keys: np.ndarray) -> np.ndarray:
    if chosen is True:
        return keys
    if chosen is False:
        return np.zeros(0, np.int64)
    return np.sort(np.asarray(network.graph.keys_of(list(chosen)), np.int64))


class _Gradients:
    """Per-synapse gradient statistics, without touching `.grad`."""

    def __init__(self, network: "CompiledNetwork") -> None:
        self.network = network
        self.entries = [e for e in network.slots.of(WEIGHT, trained=True) if e.tensor.requires_grad]
        size = len(network.slots.numbers(WEIGHT, True))
        self.moments, self.absolute = _Moments(size), np.zeros(size)

    def add(self, loss: Tensor) -> None:
        parameters = [entry.tensor for entry in self.entries]
        found = torch.autograd.grad(loss, parameters, allow_unused=True) if parameters and loss.requires_grad else ()
        by_parameter = {id(p): g for p, g in zip(parameters, found, strict=False)}
        vector = self.network.slots.gather(WEIGHT, lambda p: by_parameter.get(id(p)), trained=True)
        gradient = to_host(vector).double().numpy()
        self.moments.add(gradient[None])
        self.absolute += np.abs(gradient)

    def statistics(self) -> dict[str, np.ndarray]:
        variance, count = self.moments.variance, max(self.moments.count, 1)
        return {
            "ids": self.network.slots.numbers(WEIGHT, True),
            "gradient_mean_absolute": self.absolute / count,
            "gradient_mean_square": variance + self.moments.mean**2,
            "gradient_variance": variance,
        }
