"""What can go wrong, said so that the reader knows what to do next.

Every error is a `NeuroGraphError` and also the networkx or builtin error that users of those libraries would catch.
"""

from collections.abc import Iterable
from difflib import get_close_matches

import networkx as nx


class NeuroGraphError(Exception):
    """The root of every error raised on purpose by neurograph, compiler and search."""


class CycleError(NeuroGraphError, nx.NetworkXUnfeasible, nx.NetworkXError):
    """A synapse that would close a cycle; the message spells the cycle out."""


class NeuronError(NeuroGraphError, nx.NetworkXError, ValueError):
    """A neuron, or an attribute of one, that a network cannot hold."""


class SynapseError(NeuroGraphError, nx.NetworkXError, ValueError):
    """A synapse, or an attribute of one, that a network cannot hold."""


class MissingError(NeuroGraphError, nx.NetworkXError, KeyError):
    """A neuron, synapse or population that is not in the graph."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class EditError(NeuroGraphError, ValueError):
    """An edit that cannot be carried out on this graph, or an option of it that makes no sense."""


class JournalError(NeuroGraphError):
    """Nothing to undo or redo, or a journal that does not belong to this graph."""


class FileError(NeuroGraphError, OSError):
    """A file that is missing, truncated, damaged or foreign."""


class CompileError(NeuroGraphError, ValueError):
    """A graph that cannot be lowered, or a network used in a way its program does not allow."""


class LiftError(CompileError):
    """A PyTorch module, or a part of one, that a neuron graph cannot hold; names the operator and its line."""


class StaleError(CompileError, RuntimeError):
    """A compiled network whose graph has been edited since, or a Parameter that a refresh has replaced."""


class WiringError(CompileError, RuntimeError):
    """Parameters or optimizer state that were saved for another wiring."""


class OptionError(NeuroGraphError, ValueError):
    """An option with an impossible value."""


class EvaluationError(NeuroGraphError, TypeError, ValueError):
    """An answer of an evaluator, or of an executor's `map`, that is no evaluation."""


class DivergenceError(NeuroGraphError, ArithmeticError):
    """A loss that is no longer a finite number."""


class DataError(NeuroGraphError, FileNotFoundError, ValueError):
    """A data set that is not where it was looked for, not what its format promises, or not what the network takes."""


def reason(error: Exception) -> str:
    """Why a path or a file was refused, in the system's words: an `OSError` has them apart, a `ValueError` does not.

    Python raises `ValueError` itself for names that no system takes, such as those with a zero byte.
    """
    return str(getattr(error, "strerror", None) or error)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """What to put behind an unknown name: the known one that is close to it, or nothing.

    Examples
    --------
    >>> did_you_mean("epohcs", ["epochs", "seed"]), did_you_mean("colour", ["epochs", "seed"])
    (" (did you mean 'epochs'?)", '')
    """
    near = get_close_matches(str(name)[:100], list(known), 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def listed(items, most: int = 6) -> str:
    """Some items as text for an error message: the first few, then how many more.

    Examples
    --------
    >>> listed([1, 2, 3], most=2)
    '1, 2 and 1 more'
    """
    items = list(items)
    shown = ", ".join(repr(item) for item in items[:most])
    return f"{shown} and {len(items) - most} more" if len(items) > most else shown
