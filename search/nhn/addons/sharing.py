"""One forward for several individuals: who shares which rows, block by block.

What a block computes for an individual follows from the samples and from those of its add-ons that lie before. Where
both are equal, the rows are computed once. A block's rows stand in two panels: those of samples that no add-on has
touched yet, which need no gradient, and the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .locations import Place
from .trunk import Trunk, TrunkStep
from .weights import SharedWeights

Active = tuple[int, object]  # the number of a place, and a token of its directions
Key = tuple[int, int]  # the number of a batch, and a bit for each of the add-ons before
Masks = dict[Active, tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Individual:
    """What a forward must know of an individual: its batch, by number, and its add-ons."""

    batch: int
    active: tuple[Active, ...]


@dataclass(frozen=True, eq=False)
class Contribution:
    """What add-ons of one place and directions bring to a panel: to which of its keys, and who must be read there."""

    active: Active
    to: tuple[int, ...]
    keys: tuple[tuple[Key, ...], ...]


@dataclass(frozen=True, eq=False)
class PanelPlan:
    """Rows that are computed together: their keys, the keys of the rows read in each block, and what add-ons bring."""

    keys: tuple[Key, ...]
    reads: tuple[tuple[Key, ...], ...]
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """How some individuals share one forward.

    Parameters
    ----------
    steps
        Each block with its panels.
    answers
        For each block of the outputs, the key of each individual.
    done
        For each step, the blocks that nobody reads after it.
    """

    steps: tuple[tuple[TrunkStep, tuple[PanelPlan, ...]], ...]
    answers: tuple[tuple[Key, ...], ...]
    done: tuple[tuple[int, ...], ...]

    @property
    def rows(self) -> int:
        """Rows that all blocks together compute, in batches: what sharing saves is seen here."""
        return sum(len(panel.keys) for _, panels in self.steps for panel in panels)


def plan(trunk: Trunk, places: Sequence[Place], individuals: Sequence[Individual]) -> Plan:
    """Find out what individuals share, at least one."""
    planner = _Planner(trunk, places, individuals)
    steps = tuple((step, planner.panels(step)) for step in trunk.steps)
    last: dict[int, int] = {}
    for number, (step, panels) in enumerate(steps):
        active = {contributions.active[0] for panel in panels for contributions in panel.contributions}
        read = [block for place in active for block in trunk.sources(places[place][0])]
        last |= dict.fromkeys((*step.blocks, *step.reads, *read), number)
    ends = {block: number for block, number in last.items() if block not in trunk.outputs}
    done = tuple(tuple(b for b, n in ends.items() if n == number) for number in range(len(steps)))
    return Plan(steps, tuple(tuple(planner.keys[block]) for block in trunk.outputs), done)


class _Planner:
    """Goes through the blocks in order and keeps everyone's key at each."""

    def __init__(self, trunk: Trunk, places: Sequence[Place], individuals: Sequence[Individual]) -> None:
        self.trunk, self.places, self.individuals = trunk, places, individuals
        every = dict.fromkeys(active for one in individuals for active in one.active)
        self.bits = {active: 1 << at for at, active in enumerate(every)}
        self.keys: dict[int, list[Key]] = {trunk.input: [(one.batch, 0) for one in individuals]}

    def panels(self, step: TrunkStep) -> tuple[PanelPlan, ...]:
        """The panels of the next block."""
        own = [tuple(active for active in one.active if active[0] in step.places) for one in self.individuals]
        keys = [self._key(at, step, mine) for at, mine in enumerate(own)]
        self.keys |= dict.fromkeys(step.blocks, keys)
        first: dict[Key, int] = {}
        for at, key in enumerate(keys):
            first.setdefault(key, at)
        sorts = ([at for key, at in first.items() if bool(key[1]) == touched] for touched in (False, True))
        return tuple(self._panel(step, who, own) for who in sorts if who)

    def _key(self, at: int, step: TrunkStep, own: tuple[Active, ...]) -> Key:
        read = [*step.reads, *(block for active in own for block in self._sources(active))]
        mask = sum(self.bits[active] for active in own)
        for block in read:
            mask |= self.keys[block][at][1]
        return self.individuals[at].batch, mask

    def _panel(self, step: TrunkStep, who: list[int], own: list[tuple[Active, ...]]) -> PanelPlan:
        """That of some individuals, one for each key."""
        feeding: dict[Active, list[int]] = {}
        for place, at in enumerate(who):
            for active in own[at]:
                feeding.setdefault(active, []).append(place)
        contributions = tuple(
            Contribution(
                active, tuple(to), tuple(self._at(block, [who[i] for i in to]) for block in self._sources(active))
            )
            for active, to in feeding.items()
        )
        reads = tuple(self._at(block, who) for block in step.reads)
        return PanelPlan(self._at(step.blocks[0], who), reads, contributions)

    def _at(self, block: int, who: list[int]) -> tuple[Key, ...]:
        return tuple(self.keys[block][at] for at in who)

    def _sources(self, active: Active) -> tuple[int, ...]:
        return self.trunk.sources(self.places[active[0]][0])


class _Rows:
    """The values of one block: panels of rows, `size` for each key."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.panels: list[tuple[tuple[Key, ...], Tensor]] = []

    def add(self, keys: tuple[Key, ...], values: Tensor) -> None:
        self.panels.append((keys, values))

    def get(self, keys: tuple[Key, ...]) -> Tensor:
        """The rows of some keys, in their order; nothing is copied where they are those of one panel."""
        for held, values in self.panels:
            if held == keys:
                return values
        found = [self._one(key) for key in keys]
        return found[0] if len(found) == 1 else torch.cat(found)

    def _one(self, key: Key) -> Tensor:
        held, values = next(panel for panel in self.panels if key in panel[0])
        return values.narrow(0, held.index(key) * self.size, self.size)


def forward(found: Plan, trunk: Trunk, weights: SharedWeights, masks: Masks, batches: Sequence[Tensor]) -> Tensor:
    """Run individuals.

    Parameters
    ----------
    found
        From `plan`.
    trunk, weights, masks
        The frozen network, the add-ons' weights, and the directions of all that are active.
    batches
        (samples, channels, height, width) each, equally many samples.

    Returns
    -------
    Tensor
        (individuals, samples, outputs).
    """
    size = len(batches[0])
    values: list[_Rows | None] = [None] * trunk.blocks
    start = values[trunk.input] = _Rows(size)
    every = batches[0] if len(batches) == 1 else torch.cat(list(batches))
    start.add(tuple((at, 0) for at in range(len(batches))), every)
    for (step, panels), done in zip(found.steps, found.done, strict=True):
        made = [_Rows(size) for _ in step.blocks]
        for panel in panels:
            for rows, mine in zip(
                made, _run(step, panel, trunk, weights, masks, values, size, batches[0]), strict=True
            ):
                rows.add(panel.keys, mine)
        for block, rows in zip(step.blocks, made, strict=True):
            values[block] = rows
        for block in done:
            values[block] = None
    ends: list = [None] * trunk.blocks
    for block, keys in zip(trunk.outputs, found.answers, strict=True):
        ends[block] = _read(values, block).get(keys)
    answers = trunk.answers(ends)
    return answers.unflatten(0, (-1, size))


def _read(values: list[_Rows | None], block: int) -> _Rows:
    rows = values[block]
    assert rows is not None
    return rows


def _run(
    step: TrunkStep,
    panel: PanelPlan,
    trunk: Trunk,
    weights: SharedWeights,
    masks: Masks,
    values: list[_Rows | None],
    size: int,
    like: Tensor,
) -> list[Tensor]:
    """The rows of one panel, block by block."""
    given: list = [None] * trunk.blocks
    for block, keys in zip(step.reads, panel.reads, strict=True):
        given[block] = _read(values, block).get(keys)
    like = like.new_empty(len(panel.keys) * size)
    if not panel.contributions:
        return step.values(given, like)
    sums, whole = step.sums(given, like), tuple(range(len(panel.keys)))
    pieces = None
    for contributions in panel.contributions:
        place = contributions.active[0]
        read = weights.places[place][0]
        some = [_read(values, b).get(keys) for b, keys in zip(trunk.sources(read), contributions.keys, strict=True)]
        scale = trunk.scale(weights.places[place][1])
        more = weights.run(place, masks[contributions.active], trunk.maps(read, some), scale)
        more = more if step.columns is None else more.index_select(1, step.columns)
        if contributions.to == whole and pieces is None:
            sums = sums + more
            continue
        pieces = list(sums.split(size)) if pieces is None else pieces
        for to, part in zip(contributions.to, more.split(size), strict=True):
            pieces[to] = pieces[to] + part
    return [step.finish(sums if pieces is None else torch.cat(pieces))]
