"""A unit's tensors cannot be computed from others: every number in them belongs to a synapse or neuron of the graph.

What torch.nn.utils would put in a Parameter's place is refused at the first thing that it does to the unit, so that the
network runs on as it was. A parametrization writes new numbers into the Parameter before it takes it away, so it is
refused when it asks whether there is one already; the older functions take a Parameter out of the unit's dictionary.
"""

from typing import Any, NoReturn

from torch import nn

from neurograph.errors import CompileError


def refuse_reparametrization(unit: str, wish: str) -> NoReturn:
    """Refuse what torch.nn.utils would put in a Parameter's place, naming the edits that do it."""
    raise CompileError(
        f"a {unit} of a compiled network cannot {wish}: each of its numbers belongs to a synapse "
        "or neuron of the graph, so masks (torch.nn.utils.prune), weight norms and other parametrizations do not fit. "
        "Prune the graph, graph.apply(neurograph.edits.Prune(...)) or RemoveSynapses(...), and net.refresh(optimizer); "
        "normalise with norm='batch' on its neurons; hold numbers still with trainable=False"
    )


class Sealed(dict):
    """The Parameters of a unit that is made: each may be replaced, as moves and swaps do; none is added or goes.

    Parameters
    ----------
    unit
        The name of the unit's class, for the error.
    held
        Parameters by name.
    """

    def __init__(self, unit: str = "unit", held: Any = ()) -> None:
        super().__init__(held)
        self.unit = unit

    def __delitem__(self, name: str) -> None:
        if name in self:
            refuse_reparametrization(self.unit, f"give {name!r} away")
        super().__delitem__(name)

    def pop(self, name: str, *default: Any) -> Any:
        """The default where there is no such Parameter; one that is there is not given away."""
        if name in self:
            refuse_reparametrization(self.unit, f"give {name!r} away")
        return super().pop(name, *default)

    def popitem(self) -> NoReturn:
        """Refused: no Parameter is given away."""
        refuse_reparametrization(self.unit, "give a Parameter away")

    def clear(self) -> None:
        """Refused, like `popitem`."""
        self.popitem()


class Unparametrized(nn.ModuleDict):
    """The parametrizations of a unit: none, and asking for one of a tensor of it is refused.

    Parameters
    ----------
    unit
        The unit.
    """

    def __init__(self, unit: nn.Module) -> None:
        super().__init__()
        self.__dict__["unit"] = unit  # no module of this one

    def __contains__(self, name: str) -> bool:
        unit = self.__dict__["unit"]
        if name in unit._parameters or name in unit._buffers:
            refuse_reparametrization(type(unit).__name__, f"have {name!r} parametrized")
        return False
