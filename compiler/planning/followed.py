"""What a program from before an edit has, as the graph is now: the groups that each block reads, and its bundles."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurograph.core.marks import Joined

from ..regions.held import HeldBundle, Places, split_layout
from ..regions.status import FIXED, statuses
from .edited import EditedGraph, Group, group_of
from .program import Program, StagePlan

Bundle = tuple[Group, bool]  # the source, and whether it is one of identities
_NOBODY = np.zeros(0, np.int32)


@dataclass(frozen=True, eq=False)
class Followed:
    """A program and the graph that it was for, which was edited since.

    Parameters
    ----------
    edited
        The graph.
    before
        The program; each of its blocks is a whole group.
    groups
        Which.
    """

    edited: EditedGraph
    before: Program
    groups: tuple[Group, ...]

    @cached_property
    def at(self) -> dict[Group, int]:
        """The block that each group was."""
        return {group: index for index, group in enumerate(self.groups)}

    @cached_property
    def stages(self) -> dict[Group, StagePlan]:
        """The stage that made each group."""
        return {self.groups[stage.makes[0]]: stage for stage in self.before.stages}

    def keys(self, group: Group) -> np.ndarray:
        """(n,) the keys of a group now, rising."""
        return self.edited.snapshot.arrays.keys[self.edited.new[group]]

    def reads(self, group: Group) -> set[Group]:
        """The groups that one read."""
        stage = self.stages.get(group)
        return {self.groups[value] for product in stage.products for value, _ in product.pieces} if stage else set()

    @cached_property
    def resized(self) -> set[Group]:
        """Groups of which neurons went or came."""
        edited, found = self.edited, set(self.edited.old) - set(self.edited.new)
        for group in edited.new:
            then = self.before.blocks[self.at[group]] if group in self.at else _NOBODY
            if not np.array_equal(then, self.keys(group)):
                found.add(group)
        return found

    @cached_property
    def touched(self) -> set[Group]:
        """Groups whose products have to be chosen again."""
        edited = self.edited
        found = set(self.resized)
        found |= {group for group in self.stages if self.reads(group) & self.resized}
        return found | {target for target, _, _ in (*self.gone, *self.come)} | (set(edited.new) - set(edited.old))

    @cached_property
    def gone(self) -> dict[tuple[Group, Group, bool], np.ndarray]:
        """Which synapses went, by target, source and whether they were identities."""
        mark = self.edited.mark
        return self._by_bundle(self.edited.gone, mark.keys, mark.kind)

    @cached_property
    def come(self) -> dict[tuple[Group, Group, bool], np.ndarray]:
        """Which synapses came, likewise."""
        arrays = self.edited.snapshot.arrays
        return self._by_bundle(self.edited.come, arrays.keys, arrays.kind)

    def _by_bundle(
        self, joined: Joined, keys: np.ndarray, kind: np.ndarray
    ) -> dict[tuple[Group, Group, bool], np.ndarray]:
        kinds = self.edited.snapshot.arrays.kinds
        source, target = (kind[np.searchsorted(keys, end)] for end in (joined.source, joined.target))
        same = self.status(joined) == FIXED
        code = (target.astype(np.int64) * len(kinds) + source) * 2 + same
        found: dict[tuple[Group, Group, bool], np.ndarray] = {}
        for one in np.flatnonzero(np.bincount(code)).tolist() if len(code) else ():
            pair, identity = divmod(one, 2)
            name = (group_of(kinds[pair // len(kinds)]), group_of(kinds[pair % len(kinds)]), bool(identity))
            mine = np.flatnonzero(code == one)
            found[name] = np.concatenate([found[name], mine]) if name in found else mine
        return found

    def status(self, joined: Joined) -> np.ndarray:
        """(n,) what the numbers of some synapses are."""
        return statuses(self.edited.snapshot.arrays.forms)[joined.form]

    def bundles(self, group: Group) -> dict[Bundle, HeldBundle] | None:
        """The bundles that feed a group now; None where the old program does not have what went."""
        found: dict[Bundle, HeldBundle] = {}
        stage, sizes = self.stages.get(group), [len(keys) for keys in self.before.blocks]
        for product in stage.products if stage else ():
            held = split_layout(product.layout, product.pieces, product.rows, sizes[self.at[group]], sizes)
            for (source, same), bundle in held.items():
                left = self._left(group, self.groups[source], same, bundle)
                if left is None:
                    return None
                if len(left.ids):
                    found[self.groups[source], same] = left
        for (target, source, same), mine in self.come.items():
            if target == group:
                found[source, same] = self._joined(group, source, found.get((source, same)), mine)
        return found

    def _left(self, target: Group, source: Group, same: bool, bundle: HeldBundle) -> HeldBundle | None:
        """What is left of an old bundle, between the blocks that are."""
        mine, gone = self.gone.get((target, source, same), _NOBODY), self.edited.gone
        row, column = (
            np.searchsorted(self.before.blocks[self.at[side]], ends[mine])
            for side, ends in ((target, gone.target), (source, gone.source))
        )
        left = bundle.without(row, column, gone.ids[mine])
        if left is None or not len(left.ids):
            return left
        if source not in self.edited.new:
            return None
        return left.moved(len(self.keys(target)), len(self.keys(source)), self._moves(target), self._moves(source))

    def _moves(self, group: Group) -> Places:
        """Where the neurons of a group stand now that stood elsewhere; any place for those that went."""
        if group not in self.resized:
            return None
        then, now = self.before.blocks[self.at[group]], self.keys(group)
        if np.array_equal(now[: len(then)], then):
            return None
        return np.searchsorted(now, then).astype(np.int32)

    def _joined(self, target: Group, source: Group, bundle: HeldBundle | None, mine: np.ndarray) -> HeldBundle:
        """A bundle with synapses that came."""
        come, sizes = self.edited.come, (len(self.keys(target)), len(self.keys(source)))
        if bundle is None:
            bundle = HeldBundle(*sizes, np.zeros(0, np.int64), _NOBODY, _NOBODY)
        row, column = (
            np.searchsorted(self.keys(target), come.target[mine]),
            np.searchsorted(self.keys(source), come.source[mine]),
        )
        return bundle.with_more(row, column, come.ids[mine], self.status(come)[mine])
