"""What distinguishes one way in which a network changes from another, as runs and commands need it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from neurograph import compiler
from neurograph.builders import mlp
from neurograph.network import NeuronGraph

from ..training import Trainer
from ..training.loop import Callback
from .events import Keep
from .options import GrowingOptions


class Start(Protocol):
    """A start by name: data, a network and settings that belong together."""

    @property
    def data(self) -> str:
        """The name of the data set."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """Options that differ from the defaults."""
        ...

    @property
    def graph(self) -> Callable[[int], NeuronGraph] | None:
        """From a seed to the network to start from; None where that is a trained one that has to be named."""
        ...


def _layers(sizes: Sequence[int], activation: str, options: Any) -> NeuronGraph:
    return mlp(sizes, activation, options.seed)


@dataclass(frozen=True, eq=False)
class Way:
    """What a `Method` consists of.

    Parameters
    ----------
    command
        Its name on the command line and in a run's config.json.
    options
        A dataclass derived from `GrowingOptions`.
    check
        Called with graph and options before anything is made; refuses by raising.
    callback
        From options, and from what journal lines are to be handed to, to a callback for `Trainer`.
    pictures
        Draws what this way has of its own: called with the rows, the graph and the directory.
    begin
        Edits before the first epoch, and before anything is written: called with the trainer, the options, and what
        journal lines are handed to.
    gathered
        From network and options to the running utility that the callback finds in `trainer.utility`, or None; it is
        kept in checkpoints.
    help
        One line for the command line.
    hidden
        Neurons of each hidden layer of the network that the command makes where it is given none; None where it has to
        be given one.
    build
        Makes that network, from the neurons of each layer, the activation of the hidden ones and the options.
    presets
        Starts by name.
    report
        What the command says of the graph in the end, before where it lies.
    on_streams
        What is called where the data is a stream (`search.streams`), with graph, stream and options; None where this
        way is for data sets alone.
    open_ended
        Whether its rules need not know how many epochs there will be.
    about, refused, example
        What it does, what it refuses, and an example, for its docstring.
    """

    command: str
    options: type[GrowingOptions]
    check: Callable[[NeuronGraph, Any], Any]
    callback: Callable[[Any, Keep | None], Callback]
    pictures: Callable[[list[dict[str, Any]], NeuronGraph, Path], None] | None = None
    begin: Callable[[Trainer, Any, Keep], None] | None = None
    gathered: Callable[[compiler.CompiledNetwork, Any], compiler.RunningUtility | None] | None = None
    help: str = ""
    hidden: tuple[int, ...] | None = (16, 16)
    build: Callable[[Sequence[int], str, Any], NeuronGraph] = _layers
    presets: Mapping[str, Start] = field(default_factory=dict)
    report: Callable[[NeuronGraph], str] | None = None
    on_streams: Callable[..., Any] | None = None
    open_ended: bool = False
    about: str = ""
    refused: str = "An impossible option; a run directory that is taken."
    example: str = ""
