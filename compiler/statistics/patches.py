"""Values of neurons as maps, and what layers that are to be inserted make of them."""

from math import prod
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from neurograph.errors import EditError, listed
from neurograph.insertion.pair import Pair

Values = tuple[Tensor, Tensor]


def picked(blocks: tuple[np.ndarray, ...], values: list, keys: np.ndarray) -> Tensor:
    """(images, neurons, height, width) values of some neurons, in the order of their keys."""
    parts, places = [], []
    for block, value in zip(blocks, values, strict=True):
        column = np.flatnonzero(np.isin(block, keys))
        if len(column):
            parts.append(value[:, torch.from_numpy(column).to(value.device)])
            places.append(block[column])
    order = np.argsort(np.concatenate(places), kind="stable")
    found = torch.cat(parts, 1)[:, torch.from_numpy(order).to(parts[0].device)]
    return found if found.dim() == 4 else found[:, :, None, None]


def positions_as_rows(maps: Tensor) -> Tensor:
    """(images * positions, neurons)."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def area(shape: tuple[int, ...]) -> int:
    """Positions of a map of that shape; 1 of a scalar."""
    return prod(shape) if shape else 1


def pooled(maps: Tensor, form: dict[str, Any]) -> Tensor:
    """Maps behind a pooling or identity synapse of that form."""
    if form["op"] == "identity":
        return maps
    window = {name: form[name] for name in ("kernel_size", "stride", "padding") if name in form}
    window.setdefault("stride", (1, 1))  # torch's own default is the window
    if form["op"] == "max_pool":
        more = {name: form[name] for name in ("dilation", "ceil_mode") if name in form}
        return F.max_pool2d(maps, **window, **more)
    more = {name: form[name] for name in ("ceil_mode", "count_include_pad") if name in form}
    return F.avg_pool2d(maps, **window, **more)


def check_finite(graph: Any, pair: Pair, values: Values) -> None:
    """`EditError` that names the neurons, where values of sources or readers are not finite."""
    for keys, maps in zip((pair.sources, pair.readers), values, strict=True):
        finite = maps.isfinite().all(0).flatten(1).all(1)
        if not bool(finite.all()):
            names = graph.names_of(keys[(~finite).cpu().numpy()])
            raise EditError(
                f"neurons {listed(names)} take values that are not finite on the recorded data: a layer behind them "
                "cannot be fitted; train with a smaller learning rate, or undo what broke them"
            )
