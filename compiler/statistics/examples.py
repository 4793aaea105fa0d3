"""Some examples run through a network, for its page."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from neurograph.analysis.examples import Examples

from .batches import run_batch
from .observe import observe

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule


def examples(
    network: "CompiledModule", x: Tensor, y: Tensor | None = None, *, maps: int = 8, batch: int = 64
) -> Examples:
    """What every neuron of a network makes of some examples, for `neurograph.view.view`'s `data`.

    Parameters
    ----------
    network
        A compiled network; run in eval mode, and left as it was.
    x
        (n, ...) the examples, as the network takes them; one tensor.
    y
        (n,) classes, or None. Targets that are no whole numbers are left out.
    maps
        Of how many examples, the first ones, feature maps are kept as they are.
    batch
        Examples at a time.

    Raises
    ------
    CompileError, DataError
        As `observe`.

    Examples
    --------
    >>> import compiler, torch
    >>> from neurograph.builders import mlp
    >>> compiler.examples(compiler.compile(mlp([4, 3, 2], seed=0)), torch.rand(5, 4)).activations.shape
    (5, 9)
    """
    found = observe(network, x.split(batch), activations=True)
    assert found.recorded is not None
    labels = None if y is None or y.is_floating_point() else y.cpu().numpy()
    kept = _maps(network, x[:maps]) if maps else {}
    return Examples(x.detach().cpu().numpy(), labels, found.recorded_keys, found.recorded, kept)


def _maps(network: "CompiledModule", x: Tensor) -> dict[int, np.ndarray]:
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            blocks = run_batch(network, (x,), (), 0)
    finally:
        network.train(training)
    return {
        key: values[:, place].cpu().numpy()
        for keys, values in zip(network.program.blocks, blocks, strict=True)
        if values.dim() == 4
        for place, key in enumerate(keys.tolist())
    }
