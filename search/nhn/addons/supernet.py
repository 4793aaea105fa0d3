"""One network that holds all candidate add-ons: an individual is a choice among them, and nothing is compiled."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from neurograph.edits import AddOnNeurons, Directions
from neurograph.errors import OptionError
from neurograph.network import NeuronGraph
from neurograph.storage.sets import difference

from ....compiler.runtime.devices import usable_device
from ...datasets.checks import check_targets
from ...training.objectives import AUTO
from ...training.tasks import check_outputs, faults, loss_of
from .locations import Genome, Locations, Place
from .memory import Memory, estimate, refuse_too_large
from .options import AddOnOptions
from .sharing import Individual, Masks, Plan, forward, plan
from .steps import Descent
from .trunk import Trunk
from .weights import SharedWeights

Batch = tuple[Tensor, Tensor]
Choice = None | int | Mapping[Place, Directions]
Person = tuple[tuple[int, ...], Choice]  # numbers of places, and directions


class AddOnSupernet:
    """A pruned network, frozen, and every add-on neuron that it could get, with weights that all individuals share.

    Parameters
    ----------
    graph
        The network; it is copied, so it may be edited afterwards.
    locations
        Where add-ons may go.
    options
        See `AddOnOptions`.
    dtype
        Of all numbers.

    Raises
    ------
    OptionError
        An impossible option; more memory than there is, with the estimate; several inputs or outputs.
    MissingError
        The locations are of another network.

    Attributes
    ----------
    memory
        The estimate.
    """

    def __init__(
        self,
        graph: NeuronGraph,
        locations: Locations,
        options: AddOnOptions | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.options = options = options or AddOnOptions()
        self.locations, self.places = locations, locations.every_place()
        self.number = {place: at for at, place in enumerate(self.places)}
        for name in dict.fromkeys(name for place in self.places for name in place[:2]):
            graph.population(name)  # raises where the locations are of another network
        device = usable_device(options.device)
        self.memory: Memory = estimate(graph, self.places, options, dtype)
        refuse_too_large(self.memory, options, device)
        self.trunk = Trunk(graph, self.places, dtype, device, options.batch_size)
        self.weights = SharedWeights(self.trunk.graph, self.places, options, dtype, device)
        self.dtype, self.device = dtype, device

    # what individuals do

    def train(
        self,
        genomes: Sequence[Genome],
        batches: Sequence[Sequence[Batch]],
        lr: float | Sequence[float],
        directions: Sequence[Choice] | None = None,
    ) -> np.ndarray:
        """Train the add-ons of some individuals, each on its own batches; see `search.nhn.addons`.

        Returns
        -------
        losses : numpy.ndarray
            (n,) float64 mean training loss of each; NaN where one was not finite: it has taken no step since.
        """
        people = self._individuals(genomes, directions)
        if len(batches) != len(people):
            raise OptionError(f"{len(people)} genomes need as many lists of batches, not {len(batches)}")
        self._check(batch for mine in batches for batch in mine)
        steps = {len(mine) for mine in batches}
        if len(steps) > 1:
            raise OptionError(f"every individual must have as many batches, and these have {sorted(steps)}")
        rates = [float(lr)] * max(steps, default=0) if isinstance(lr, int | float) else list(lr)
        if steps and len(rates) != max(steps):
            raise OptionError(f"{max(steps)} batches need one learning rate, or as many, not {len(rates)}")
        losses = np.zeros(len(people))
        for start in range(0, len(people), self.options.together):
            mine = range(start, min(start + self.options.together, len(people)))
            losses[start : mine.stop] = self._train([people[i] for i in mine], [batches[i] for i in mine], rates)
        return losses

    def _train(self, people: list[Person], batches: list[Sequence[Batch]], rates: list[float]) -> np.ndarray:
        sums, alive, masks = np.zeros(len(people)), list(range(len(people))), self._masks(people)
        descent, plans = Descent(self.weights, masks, self.options), {}
        for at, rate in enumerate(rates):
            alive, losses = self._finite(people, alive, [mine[at] for mine in batches], masks, plans)
            if losses is None:
                break
            descent.step(losses.sum(), rate)
            sums[alive] += losses.detach().double().cpu().numpy()
        sums[difference(np.arange(len(people)), np.array(alive, np.int64))] = np.nan
        return sums / max(len(rates), 1)

    def _finite(
        self, people: list[Person], alive: list[int], batches: list[Batch], masks: Masks, plans: dict[Any, Plan]
    ) -> tuple[list[int], Tensor | None]:
        """The individuals whose losses are finite, and their losses: what is not would spoil the gradients of all."""
        while alive:
            numbers, xs = _distinct([batches[i] for i in alive])
            who = tuple(alive), numbers
            if who not in plans:
                plans[who] = self._plan([people[i] for i in alive], numbers)
            losses = self._losses(plans[who], masks, xs, [batches[i][1] for i in alive])
            good = torch.isfinite(losses.detach()).tolist()
            if all(good):
                return alive, losses
            alive = [i for i, fine in zip(alive, good, strict=True) if fine]
        return alive, None

    def _losses(self, found: Plan, masks: Masks, xs: list[Tensor], ys: list[Tensor]) -> Tensor:
        """(individuals,) mean losses."""
        if len({len(x) for x in xs}) > 1:
            raise OptionError("individuals that train together need batches of one size; make the last one as large")
        answers = forward(found, self.trunk, self.weights, masks, [self._there(x) for x in xs])
        pairs = zip(answers, (y.to(self.device) for y in ys), strict=True)
        return torch.stack([loss_of(mine, y) for mine, y in pairs])

    def evaluate(
        self, genomes: Sequence[Genome], batch: Batch | Sequence[Batch], directions: Sequence[Choice] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Losses and errors (in percent) of some individuals, on one batch for all or on one for each.

        Returns
        -------
        losses, errors : numpy.ndarray
            (n,) float64; both NaN for an individual whose outputs are not finite.
        """
        people = self._individuals(genomes, directions)
        self._check([cast("Batch", batch)] if isinstance(batch[0], Tensor) else cast("Sequence[Batch]", batch))
        if isinstance(batch[0], Tensor):
            return self._evaluate(people, *cast("Batch", batch))
        if len(batch) != len(people):
            raise OptionError(f"{len(people)} genomes need one batch (x, y), or a list of as many, not of {len(batch)}")
        pairs = zip(people, cast("Sequence[Batch]", batch), strict=True)
        each = [self._evaluate([one], *mine) for one, mine in pairs]
        losses, errors = ([found[at] for found in each] for at in (0, 1))
        return np.concatenate([np.zeros(0), *losses]), np.concatenate([np.zeros(0), *errors])

    def _evaluate(self, people: list[Person], x: Tensor, y: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """All share the samples, a few at a time, and with them whatever lies before their first add-ons."""
        if not people:
            return np.zeros(0), np.zeros(0)
        found, masks = self._plan(people, [0] * len(people)), self._masks(people)
        losses, errors = np.zeros(len(people)), np.zeros(len(people))
        few, y = max(1, self.options.rows // len(people)), y.to(self.device)
        with torch.no_grad():
            answers = torch.cat(
                [forward(found, self.trunk, self.weights, masks, [self._there(some)]) for some in x.split(few)], 1
            )
            for at, mine in enumerate(answers):
                fine = bool(torch.isfinite(mine).all())
                losses[at] = loss_of(mine, y).item() if fine else np.nan
                errors[at] = AUTO.error(faults(mine, y).item(), y) if fine else np.nan
        return losses, errors

    # what is shared

    def state(self) -> dict[str, Tensor]:
        """Copies of the shared weights, on the CPU, by place and part ("stem+layer1.3x3.kernels", ...)."""
        return self.weights.state()

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take shared weights back; `OptionError` where they are not of these add-ons."""
        self.weights.load(dict(state))

    def sensitive(self, genome: Genome) -> dict[Place, Directions]:
        """For each place of a genome, the connections of highest sensitivity: kernels by change, weights by size."""
        return {place: self.weights.sensitive(self.number[place]) for place in self.locations.places(genome)}

    def build(self, genome: Genome, directions: Choice = None) -> NeuronGraph:
        """A copy of the network with the add-ons of a genome, as `AddOnNeurons` edits, and what they have learned."""
        graph, options = self.trunk.graph.copy(), self.options
        for place in self.locations.places(genome):
            number = self.number[place]
            held = {n: p.detach().double().cpu().numpy() for n, p in self.weights.held[number].items()}
            graph.apply(
                AddOnNeurons(
                    place[:2],
                    place[2],
                    self.weights.sizes[number][1],
                    self._directions(number, directions),
                    options.sparsity,
                    weight=held["kernels"].swapaxes(0, 1),
                    outgoing=held["outgoing"].T,
                    activation=options.activation,
                    bias=held["bias"],
                )
            )
        return graph

    def _check(self, batches: Iterable[Batch]) -> None:
        """Refuse, by `DataError`, batches whose targets do not fit their samples or the network's outputs."""
        sizes = self.trunk.net.program.outputs[0].sizes
        for x, y in {id(batch): batch for batch in batches}.values():
            check_outputs(sizes, check_targets(y, "y", len(x)))

    # who is who

    def _individuals(self, genomes: Sequence[Genome], directions: Sequence[Choice] | None) -> list[Person]:
        if directions is not None and len(directions) != len(genomes):
            raise OptionError(f"{len(genomes)} genomes need as many directions, not {len(directions)}")
        chosen = [None] * len(genomes) if directions is None else directions
        places = [tuple(self.number[p] for p in self.locations.places(g)) for g in genomes]
        return list(zip(places, chosen, strict=True))

    def _directions(self, number: int, chosen: Choice) -> Directions:
        if chosen is None or isinstance(chosen, int | np.integer):
            return self.weights.directions(number, None if chosen is None else int(chosen))
        if self.places[number] not in chosen:
            name = self.weights.name(number)
            raise OptionError(f"these directions say nothing of {name}; net.sensitive(genome) would")
        return chosen[self.places[number]]

    def _token(self, number: int, chosen: Choice) -> object:
        """What directions are known by: None, their seed, or what they say of a place."""
        if chosen is None or isinstance(chosen, int | np.integer):
            return chosen
        mine = self._directions(number, chosen)
        return np.packbits(mine.reads).tobytes() + np.packbits(mine.feeds).tobytes()

    def _masks(self, people: Iterable[Person]) -> Masks:
        """The directions of everyone's add-ons, as factors of the weights."""
        found: Masks = {}
        for numbers, chosen in people:
            for number in numbers:
                active = number, self._token(number, chosen)
                if active not in found:
                    found[active] = self.weights.masks(self._directions(number, chosen))
        return found

    def _plan(self, people: Iterable[Person], batches: Iterable[int]) -> Plan:
        some = [
            Individual(batch, tuple((number, self._token(number, chosen)) for number in numbers))
            for (numbers, chosen), batch in zip(people, batches, strict=True)
        ]
        return plan(self.trunk, self.places, some)

    def _there(self, x: Tensor) -> Tensor:
        """Samples as convolutions like them best: channels last, on the CPU several times as fast for few channels."""
        x = x.to(self.device, self.dtype)
        return x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x


def _distinct(batches: Sequence[Batch]) -> tuple[tuple[int, ...], list[Tensor]]:
    """Which samples each individual has, by number, and the samples: those that are the same tensor are taken once."""
    found: dict[int, int] = {}
    numbers = tuple(found.setdefault(id(x), len(found)) for x, _ in batches)
    first = {number: x for number, (x, _) in reversed(list(zip(numbers, batches, strict=True)))}
    return numbers, [first[number] for number in range(len(first))]
