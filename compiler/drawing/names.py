"""Names for variables and layers: those of the populations, as Python can say them."""

import keyword
import re

from torch import nn

TAKEN = frozenset((*dir(nn.Module()), *keyword.kwlist, "F", "Tensor", "nn", "self", "torch"))
LONG = 40  # letters


class Names:
    """Hands out identifiers, each once.

    Examples
    --------
    >>> names = Names()
    >>> names.new("hidden1"), names.new("hidden1"), names.new("2nd layer"), names.new("forward")
    ('hidden1', 'hidden1_2', 'n2nd_layer', 'forward_')
    """

    def __init__(self) -> None:
        self.used: set[str] = set()

    def new(self, wanted: str) -> str:
        """An identifier like the wanted name that was not handed out before."""
        name = identifier(wanted)
        found, number = name, 1
        while found in self.used:
            number += 1
            found = f"{name}_{number}"
        self.used.add(found)
        return found


def identifier(text: str) -> str:
    """A text as an ASCII identifier that neither Python nor `nn.Module` has a meaning for."""
    name = re.sub("[^0-9a-zA-Z]+", "_", text).strip("_")[:LONG] or "population"
    name = "n" + name if name[0].isdigit() else name
    return name + "_" if name in TAKEN else name
