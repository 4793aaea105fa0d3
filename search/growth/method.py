"""A way to grow, as a function: called with graph and data; the command line makes a command of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

from neurograph.errors import OptionError
from neurograph.network import NeuronGraph

from ..streams import Stream
from ..training.loop import Callback
from .running import grow
from .way import Way

_SHARED = """
Parameters
----------
graph
    What to start from; it is changed in place. Inputs and outputs must be as many as the data has features and
    classes.
data
    The name of a data set, or one that was loaded; or data of your own: arrays `(x, y)` or `(x, y, test_x, test_y)`, a
    torch data set or loader, a file; see `search.datasets.as_dataset`. Images are flattened where the network takes
    numbers. Without a test part, nothing is tested.
options
    See `{options}`; `settings` win over it.
run
    A directory to keep config, metrics, journal, graphs, checkpoints and pictures in; `search.resume` goes on from it.
force
    Whether a run that lies there is thrown away.
progress
    Whether to show the epochs as they come.
callbacks
    Called after each epoch with trainer and row, when both are kept; see `Trainer`. One that raises ends the run.
settings
    Single options by name. `loss` and `error` may also be functions of answers and targets, which a resumed run is
    handed again.

Returns
-------
Grown

Raises
------
OptionError, EditError, MissingError
    {refused}
CompileError, DataError, DivergenceError
    From compiling, loading and training.

Examples
--------
{example}
"""


@dataclass(frozen=True, eq=False)
class Method(Way):
    """A way in which a network changes while it trains: a function of graph and data, and a command of the same name.

    Its parameters are those of `Way`; `search.resume` goes on with what it began.
    """

    def __post_init__(self) -> None:
        refused = fill(self.refused, 116).replace("\n", "\n    ")
        shared = _SHARED.format(options=self.options.__name__, refused=refused, example=self.example)
        object.__setattr__(self, "__doc__", f"{self.about or self.help}\n{shared}")

    def __call__(
        self,
        graph: NeuronGraph,
        data: Any = "digits",
        options: Any = None,
        *,
        run: str | Path | None = None,
        force: bool = False,
        progress: bool = False,
        callbacks: Sequence[Callback] = (),
        **settings: Any,
    ) -> Any:
        """Train a network in this way; the docstring of each says more."""
        how = {"run": run, "force": force, "progress": progress, "callbacks": callbacks}
        if isinstance(data, Stream):
            if self.on_streams is None:
                raise OptionError(
                    f"{self.command} is for data sets, and {data.name!r} is a stream: metabolize takes it"
                )
            return self.on_streams(graph, data, options=options, **how, **settings)
        return grow(self, graph, data, options, settings=settings, **how)
