"""What is known of each Parameter of a network: whose it is, whether it is dead, whether its empty slots are zero.

Some Parameters have slots that no number owns: zeros, which take no part. An optimizer that treats every number on its
own keeps them so where their gradient is zero; whatever else writes such a Parameter may have filled them, so they are
emptied before it computes again.
"""

import weakref
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass
class Ledger:
    """Whether an optimizer has stepped a network's Parameters since their numbers were last written back."""

    stepped: bool = False


@dataclass(slots=True)
class Mark:
    """What is known of one Parameter.

    Parameters
    ----------
    ledger
        Whose it is.
    unit
        What has it as `weight`, weakly, where it has slots that no number owns; they are False in the unit's `mask`.
    dead
        Whether a refresh has replaced it.
    stained
        Whether an optimizer may have taken a gradient that was not zero in those slots into its moments.
    version, pointer
        Its version counter and its storage when those slots were last known to be zero; -1 before.
    gradient
        What the last backward pass made, zero in those slots; kept until a step or the next forward pass, so that its
        storage is no other gradient's.
    """

    ledger: Ledger
    unit: "weakref.ref[nn.Module] | None" = None
    dead: bool = False
    stained: bool = False
    version: int = -1
    pointer: int = 0
    gradient: Tensor | None = None

    def knows(self, parameter: Tensor) -> bool:
        """Whether the slots that no number owns are known to be zero, but for writes that no counter sees."""
        return self.version == parameter._version and self.pointer == parameter.data_ptr()

    def note(self, parameter: Tensor) -> None:
        """Note that they are zero."""
        self.version, self.pointer = parameter._version, parameter.data_ptr()

    @property
    def mask(self) -> Tensor | None:
        """False in the slots that no number owns (it broadcasts); None where there are none."""
        unit = None if self.unit is None else self.unit()
        return None if unit is None else unit._buffers["mask"]


_marks: dict[int, tuple[weakref.ref, Mark]] = {}


def watch(parameter: nn.Parameter, ledger: Ledger, unit: nn.Module | None = None) -> None:
    """Let steps on this Parameter be noted in a ledger; `unit` has it as `weight`, with slots that no number owns."""
    key = id(parameter)
    mark = Mark(ledger, None if unit is None else weakref.ref(unit))
    _marks[key] = (weakref.ref(parameter, lambda _: _marks.pop(key, None)), mark)


def mark_of(parameter: object) -> Mark | None:
    """What is known of a Parameter, or None where it belongs to no network."""
    found = _marks.get(id(parameter))
    return found[1] if found is not None and found[0]() is parameter else None


def mark_replaced(parameter: nn.Parameter) -> None:
    """Mark a Parameter as replaced: from now on stepping it raises."""
    if mark := mark_of(parameter):
        mark.dead = True
