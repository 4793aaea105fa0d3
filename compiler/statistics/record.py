"""Recorded activations for layers that are to be inserted: moments over data, in bounded memory.

A dense layer is a convolution over maps of 1 x 1, and a convolution is a dense layer over patches (Ma and Lu 2017): so
one way makes, piece by piece, patches of what new neurons would say, and adds up their Gram matrix. The matrix of all
patches is never made.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from neurograph.errors import CompileError, StaleError
from neurograph.insertion.layer import NewLayer
from neurograph.insertion.pair import Pair
from neurograph.insertion.sums import Regression, Sums
from neurograph.schema.activations import activation as known

from ..activations import activate
from .batches import parts_of, run_batch
from .moments import Total
from .patches import Values, area, check_finite, picked, pooled, positions_as_rows

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule

Show = Callable[[str, int, int], None]


def record(
    network: "CompiledModule",
    batches: Iterable[Any],
    *,
    dtype: torch.dtype | None = None,
    positions: int | None = None,
    seed: int = 0,
    piece: int = 2**27,
    keep: int = 2**30,
    progress: Show | None = None,
) -> "Recording":
    """Activations of a network over data, for `neurograph.edits.InsertLayer`.

    Nothing runs yet: the edit asks for moments of the layer that it draws, and the data runs through the network then.

    Parameters
    ----------
    network
        A compiled network; run in eval mode, and left as it was.
    batches
        Each x or (x, y), as for `observe`. They are read more than once, so a generator is made a list.
    dtype
        Of the products, the network's unless given; their sums are kept in float64 whatever it is.
    positions
        Of each image's map, so many places that readers look at, drawn with replacement, in place of all of them
        (CompNet, 2.2.2, after He, Zhang and Sun 2017): costs follow, and so does what the regression knows.
    seed
        Of the places drawn.
    piece
        Bytes of patches made at a time. Where these do not fit either, half as many images are taken at a time, and a
        warning says so.
    keep
        Bytes of activations that may be kept from one request to the next; beyond, the network runs again.
    progress
        Called with what is being done, batches done, and batches in all.

    Returns
    -------
    Recording
        A `neurograph.insertion.Recorded`. Its methods raise `StaleError` where the graph has been edited since, and
        `EditError` where a value is not finite, `CompileError` and `DataError` for a batch, as `observe`.

    Raises
    ------
    CompileError
        There is no batch.

    Examples
    --------
    >>> from neurograph import compiler
    >>> from neurograph.builders import mlp
    >>> from neurograph.edits import InsertLayer
    >>> g = mlp([4, 8, 3])
    >>> seen = compiler.record(compiler.compile(g), [torch.rand(200, 4)])
    >>> result = g.apply(InsertLayer(("hidden1", "output"), width=16, target=5, observations=seen))
    >>> len(g.population("inserted"))
    5
    """
    return Recording(network, batches, dtype, positions, seed, piece, keep, progress)


class Recording:
    """What `record` returns; its arguments are the same."""

    def __init__(
        self,
        network: "CompiledModule",
        batches: Iterable[Any],
        dtype: torch.dtype | None,
        positions: int | None,
        seed: int,
        piece: int,
        keep: int,
        progress: Show | None,
    ) -> None:
        self.network, self.version = network, network.graph.version
        self.batches: Any = batches if hasattr(batches, "__len__") else list(batches)
        if not len(self.batches):
            raise CompileError("there was no batch to record: a generator can be read only once, and this was empty")
        self.dtype, self.piece, self.keep, self.progress = dtype or network.dtype, piece, keep, progress
        self.positions, self.seed = positions, seed
        self.most = 2**62  # images at a time, once memory has run out
        self._held: tuple[Any, list[Values]] | None = None

    def sums(self, pair: Pair, layer: NewLayer) -> Sums:
        """Moments of what the layer's neurons take in, over samples and positions."""
        weights, bias = self._tensors(layer)

        def rows(x: Tensor, read: Tensor) -> Tensor:
            return positions_as_rows(F.conv2d(x, weights, bias, padding=layer.padding))

        return self._added("inputs of the new layer", pair, layer.neurons, area(pair.shape), rows)

    def regression(self, pair: Pair, layer: NewLayer) -> Regression:
        """Moments of what the layer's neurons say, as the targets see it, and of what these take in."""
        weights, bias = self._tensors(layer)
        old = torch.from_numpy(pair.dense()).transpose(0, 1).to(weights)
        form = {name: pair.form[name] for name in ("stride", "padding", "dilation") if name in pair.form}
        slope = known(layer.activation).slope
        slope = None if slope is None else torch.tensor(slope).to(weights)
        columns, draw = layer.neurons * prod(pair.window), torch.Generator().manual_seed(self.seed)

        def rows(x: Tensor, read: Tensor) -> Tensor:
            activity = activate(layer.activation, F.conv2d(x, weights, bias, padding=layer.padding), slope)
            for step in pair.chain:
                activity = pooled(activity, dict(step.form))
            patches = F.unfold(activity, pair.window, **form).transpose(1, 2)
            wanted = F.conv2d(read, old, None, **form).flatten(2).transpose(1, 2)
            if self.positions is not None and patches.shape[1] > self.positions:
                where = torch.randint(patches.shape[1], (len(patches), self.positions, 1), generator=draw).to(x.device)
                patches, wanted = (torch.take_along_dim(some, where, 1) for some in (patches, wanted))
            return torch.cat([patches, wanted], 2).flatten(0, 1)

        width = columns + len(pair.targets)
        both = self._added("outputs of the new layer", pair, width, area(pair.shape), rows)
        return _parted(both, columns, prod(pair.window))

    def maps(self, pair: Pair, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Values of sources and readers, (images, neurons, height, width); of the first images of each batch alike.

        Parameters
        ----------
        pair
            Between whom.
        most
            Bytes that the two may take together.
        """
        found: list[tuple[np.ndarray, ...]] = []
        share, dtype = None, torch.float64 if self.dtype == torch.float64 else torch.float32  # numpy has no others
        for number, values in enumerate(self._values(pair)):
            self._show("values", number)
            check_finite(self.network.graph, pair, values)
            alike = values[1] is values[0]
            size = sum(v.numel() * v.element_size() for v in values[: 1 if alike else 2])
            share = share or most / (size * len(self.batches))
            count = min(len(values[0]), max(1, int(share * len(values[0]))))
            read = [v[:count].to("cpu", dtype).numpy() for v in values[: 1 if alike else 2]]
            found.append((read[0], read[-1]))
        self._show("values", len(self.batches))
        sources = np.concatenate([first for first, _ in found])
        same = all(first is second for first, second in found)
        return sources, sources if same else np.concatenate([second for _, second in found])

    def _tensors(self, layer: NewLayer) -> tuple[Tensor, Tensor | None]:
        device = self.network.device
        weights = torch.from_numpy(layer.weights).transpose(0, 1).to(device, self.dtype).contiguous()
        return weights, None if layer.bias is None else torch.from_numpy(layer.bias).to(weights)

    def _added(self, what: str, pair: Pair, width: int, area: int, rows: Callable[[Tensor, Tensor], Tensor]) -> Sums:
        """Moments of the rows that pieces of the data make, which are so wide and, for an image, at most so many."""
        total = Total(width, self.network.device)
        size = max(1, self.piece // (width * area * torch.empty(0, dtype=self.dtype).element_size()))
        for number, values in enumerate(self._values(pair)):
            self._show(what, number)
            check_finite(self.network.graph, pair, values)
            at = 0
            while at < len(values[0]):
                here = min(size, self.most)
                try:
                    total.add(rows(*(v[at : at + here].to(self.network.device, self.dtype) for v in values)))
                    at += here
                except RuntimeError as error:
                    self._make_room(error, min(here, len(values[0]) - at))
        self._show(what, len(self.batches))
        return total.sums(torch.finfo(self.dtype).eps)

    def _make_room(self, error: RuntimeError, images: int) -> None:
        """Take half as many images from now on, where it was memory that failed."""
        message = str(error).lower()
        if not isinstance(error, torch.cuda.OutOfMemoryError) and not ("memory" in message or "alloc" in message):
            raise error
        if images < 2:
            raise CompileError(
                "memory does not hold the patches of a single image: draw fewer neurons (width=), or give dtype=float32"
            ) from error
        self.most = images // 2
        if self.network.device.type == "cuda":
            torch.cuda.empty_cache()
        warnings.warn(f"memory ran out: {self.most} images are taken at a time from now on, not {images}", stacklevel=2)

    def _show(self, what: str, done: int) -> None:
        if self.progress is not None:
            self.progress(what, done, len(self.batches))

    def _values(self, pair: Pair) -> Iterator[Values]:
        """Batch by batch, values of sources and readers as (images, neurons, height, width); scalars are 1 x 1."""
        if self.network.graph.version != self.version:
            raise StaleError(
                f"these activations were recorded at version {self.version} of the graph, which is at "
                f"{self.network.graph.version} now: refresh the network and record again"
            )
        moment = pair.sources.tobytes(), pair.readers.tobytes(), self.network.holding.moment()
        if self._held is not None and self._held[0] == moment:
            yield from self._held[1]
            return
        self._held, held, room = None, [], self.keep
        for number, batch in enumerate(self.batches):
            values = self._run(batch, number, pair)
            room -= sum(v.numel() * v.element_size() for v in {id(v): v for v in values}.values())
            held = [*held, values] if room >= 0 else []
            yield values
        self._held = (moment, held) if room >= 0 else None

    def _run(self, batch: Any, number: int, pair: Pair) -> Values:
        network, training = self.network, self.network.training
        inputs = tuple(self._there(x) for x in parts_of(batch, number)[0])
        network.eval()
        try:
            with torch.no_grad():
                blocks = run_batch(network, inputs, (), number)
        finally:
            network.train(training)
        sources = picked(network.program.blocks, blocks, pair.sources)
        same = np.array_equal(pair.sources, pair.readers)
        return sources, sources if same else picked(network.program.blocks, blocks, pair.readers)

    def _there(self, x: Any) -> Any:
        """Floating numbers of any type, as the network takes them."""
        floating = isinstance(x, Tensor) and x.is_floating_point()
        return x.to(self.network.device, self.network.dtype) if floating else x


def _parted(both: Sums, inputs: int, window: int) -> Regression:
    mean, covariance = both.mean, both.covariance
    mine = Sums(both.count, mean[:inputs], covariance[:inputs, :inputs].copy(), both.resolution)
    response_variance = np.maximum(np.diag(covariance)[inputs:], 0.0)
    return Regression(mine, covariance[:inputs, inputs:].copy(), mean[inputs:], response_variance, window)
