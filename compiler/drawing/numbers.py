"""The numbers of a network by synapse and neuron, for layers that are laid out in another way."""

import numpy as np

from ..regions.order import Order
from ..slots import Quantity, SlotMap


class Numbers:
    """Looks numbers up in a network's slots; a quantity is gathered once.

    Parameters
    ----------
    slots
        The network's.
    """

    def __init__(self, slots: SlotMap) -> None:
        self.slots = slots
        self._found: dict[Quantity, tuple[Order, np.ndarray]] = {}

    def of(self, name: str, numbers: np.ndarray, missing: float, shape: tuple[int, ...] = ()) -> np.ndarray:
        """(n, *shape) the numbers of some synapses (by id) or neurons (by key); `missing` where one has none.

        Parameters
        ----------
        name
            "weight", "bias", "slope", "gamma", ...
        numbers
            (n,) int64 ids or keys.
        missing
            What an identity synapse multiplies by, what a neuron without a bias adds.
        shape
            Of each: () or that of a kernel.
        """
        quantity = name, shape
        if quantity not in self._found:
            self._found[quantity] = Order(self.slots.numbers(quantity)), self.slots.gather(quantity).numpy()
        order, values = self._found[quantity]
        place = order.places(numbers)
        found = np.full((len(numbers), *shape), missing)
        found[place >= 0] = values[place[place >= 0]]
        return found
