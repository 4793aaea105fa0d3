"""What a run of one network made."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurograph import compiler
from neurograph.analysis.units import PERCENT
from neurograph.network import NeuronGraph


@dataclass(frozen=True, eq=False)
class Grown:
    """What a run made.

    Parameters
    ----------
    graph
        The grown network, with what it learned.
    net
        It, compiled.
    rows
        The metrics, a row an epoch; see `Trainer`.
    test_loss, test_error
        On the test part of the data; see `evaluate`. None where it has none.
    run
        The run directory, or None.
    unit
        Of the errors: "%" and of what, if not of the examples; else the name of the measure.
    """

    graph: NeuronGraph
    net: compiler.CompiledNetwork
    rows: list[dict[str, Any]]
    test_loss: float | None
    test_error: float | None
    run: Path | None
    unit: str = PERCENT
