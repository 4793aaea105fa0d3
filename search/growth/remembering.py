"""The weights of a run's past, kept as it goes on."""

from collections.abc import Callable
from typing import Any, Protocol

from neurograph import compiler
from neurograph.analysis.past import weights_of

from ..runs import Run
from ..runs.weights import WeightLog


class Remembered(Protocol):
    """A trainer whose network's past is kept: of a data set, or of a stream."""

    @property
    def net(self) -> compiler.CompiledNetwork: ...
    @property
    def rows(self) -> list[dict[str, Any]]: ...


class KeepsWeights(Protocol):
    """Options that say whether weights are kept, in what precision and how many."""

    @property
    def keep_weights(self) -> str: ...
    @property
    def weights_limit(self) -> int: ...


def remembering(run: Run | None, options: KeepsWeights) -> Callable[[Remembered], None]:
    """What keeps the weights of the moment with a run, as its options say."""
    if run is None or options.keep_weights == "none":
        return lambda trainer: None
    log = WeightLog(run.weights, options.weights_limit * 10**6)

    def remember(trainer: Remembered) -> None:
        graph, rows = trainer.net.graph, trainer.rows
        graph.synchronise()
        log.add(weights_of(graph, len(rows), options.keep_weights), bool(rows and rows[-1]["event"]))

    return remember
