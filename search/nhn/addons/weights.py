"""The weights that all individuals share: every connection that add-ons could have, at every place."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from neurograph.edits import Directions
from neurograph.edits.add_on_neurons import draw_directions
from neurograph.errors import OptionError
from neurograph.initializers.smooth import SMOOTH_SIDES, smoothed
from neurograph.network import NeuronGraph

from ....compiler.activations import activate
from ...training.seeds import generator, seed_of
from .locations import Place
from .options import AddOnOptions

PARTS = ("kernels", "bias", "outgoing")


class SharedWeights:
    """Kernels, biases and outgoing weights of the add-ons at every place, W of "Neuron hierarchical networks", 2.3.

    Those of a place are "kernels" (count, sources, k, k), "bias" (count,) and "outgoing" (targets, count). Outgoing
    weights begin at zero, so that the network begins as it was.

    Parameters
    ----------
    graph
        The network.
    places
        Where there may be add-ons.
    options
        Count, sparsity, activation, seed.
    dtype, device
        Of the parameters.
    """

    def __init__(
        self,
        graph: NeuronGraph,
        places: Sequence[Place],
        options: AddOnOptions,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self.options, self.places = options, tuple(places)
        self.sizes = [sizes(graph, place, options) for place in places]
        self.held: list[dict[str, nn.Parameter]] = []
        for number, (_, count, targets) in enumerate(self.sizes):
            values = self._first_kernels(number), torch.zeros(count), torch.zeros(targets, count)
            parts = zip(PARTS, values, strict=True)
            self.held.append({name: nn.Parameter(value.to(device, dtype)) for name, value in parts})

    def _first_kernels(self, place: int) -> Tensor:
        """(count, sources, k, k) float64: the kernels of a place at the start, by the seed."""
        (sources, count, _), size = self.sizes[place], self.places[place][2]
        reads = max(1, round(self.options.sparsity * sources)) * size * size
        seed = generator(self.options.seed, "weights of add-ons", place)
        drawn = torch.randn((count, sources, size, size), generator=seed, dtype=torch.float64) * (2.0 / reads) ** 0.5
        smooth = self.options.start == "smooth" and size in SMOOTH_SIDES
        return torch.from_numpy(smoothed(drawn.numpy())) if smooth else drawn

    def name(self, place: int) -> str:
        """What a place is called in a state."""
        read, layer, size = self.places[place]
        return f"{read}+{layer}.{size}x{size}"

    def state(self) -> dict[str, Tensor]:
        """Copies of all weights, on the CPU, by place and part."""
        return {
            f"{self.name(p)}.{part}": self.held[p][part].detach().cpu().clone()
            for p in range(len(self.places))
            for part in PARTS
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """Take weights back; `OptionError` where a name or a shape is not as in `state`, and nothing is changed."""
        own = {f"{self.name(p)}.{part}": self.held[p][part] for p in range(len(self.places)) for part in PARTS}
        odd = sorted(set(own) ^ set(state)) or [n for n, held in own.items() if state[n].shape != held.shape]
        if odd:
            raise OptionError(f"this state is not of these add-ons: {', '.join(odd[:3])} does not fit; build it alike")
        with torch.no_grad():
            for name, held in own.items():
                held.copy_(state[name])

    def directions(self, place: int, seed: int | None) -> Directions:
        """The weights drawn from a seed, or the supernet's own."""
        rng = np.random.default_rng(
            seed_of(self.options.seed if seed is None else seed, "directions of add-ons", place)
        )
        return draw_directions(*self.sizes[place], self.options.sparsity, rng)

    def sensitive(self, place: int) -> Directions:
        """For every add-on the kernels that changed (or deviate) most, and the largest outgoing weights.

        Outgoing weights begin at zero, so their size is their change. Kernels do not: how much one deviates is mostly
        how it was drawn.
        """
        sources, _, targets = self.sizes[place]
        share = self.options.sparsity
        with torch.no_grad():
            kernels = self.held[place]["kernels"].double().cpu()
            kernels = self.held[place]["kernels"].cpu()
            if self.options.sensitivity == "change":
                score = (kernels.double() - self._first_kernels(place)).flatten(2).norm(dim=2)
            else:
                score = kernels.flatten(2).std(2, correction=0)
            size = self.held[place]["outgoing"].abs().T.cpu()
        return Directions(_largest(score, sources, share).T, _largest(size, targets, share))

    def masks(self, directions: Directions) -> tuple[Tensor, Tensor]:
        """Directions as factors of the weights: (count, sources, 1, 1) and (targets, count)."""
        like = self.held[0]["bias"]
        reads, feeds = (np.ascontiguousarray(side.T) for side in (directions.reads, directions.feeds))
        return torch.from_numpy(reads).to(like)[:, :, None, None], torch.from_numpy(feeds).to(like)

    def run(self, place: int, masks: tuple[Tensor, Tensor], x: Tensor, scale: Tensor | None = None) -> Tensor:
        """(rows, targets, height, width): what add-ons of a place bring, from the maps that they read; times scale."""
        held = self.held[place]
        size = self.places[place][2]
        made = F.conv2d(x, held["kernels"] * masks[0], held["bias"], padding=size // 2)
        made = activate(self.options.activation, made)
        outgoing = held["outgoing"] * masks[1]
        outgoing = outgoing if scale is None else outgoing * scale[:, None]
        return F.conv2d(made, outgoing[:, :, None, None])


def sizes(graph: NeuronGraph, place: Place, options: AddOnOptions) -> tuple[int, int, int]:
    """How many neurons the add-ons of a place read, are, and feed."""
    sources, targets = (len(graph.population_keys(name)) for name in place[:2])
    return sources, options.count or targets, targets


def _largest(score: Tensor, others: int, sparsity: float) -> np.ndarray:
    """(count, others) bool: the same number of the best in each row."""
    each = min(others, max(1, round(sparsity * others)))
    found = torch.zeros_like(score, dtype=torch.bool)
    return found.scatter_(1, score.topk(each, 1).indices, True).numpy()
