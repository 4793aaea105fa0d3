"""How well a graph does on the data of a pipeline, without training it."""

from collections.abc import Mapping
from typing import Any

from neurograph import NeuronGraph, compiler

from ...datasets import Dataset, hold_out
from ...growth.options import GrowingOptions
from ...training import evaluate
from ...training.own import NOTHING_OWN, objective_with


def measured(
    graph: NeuronGraph, data: Dataset, options: GrowingOptions, own: Mapping[str, Any] = NOTHING_OWN
) -> dict[str, float | None]:
    """Errors on the held-out and the test part of the data; None where such a part is empty.

    Parameters
    ----------
    graph
        What to evaluate.
    data
        As loaded.
    options
        Whose `validation`, `seed`, `standardise`, `evaluation_batch`, `device`, `loss` and `error` count.
    own
        Functions of the user's own in the place of the last two.
    """
    net = compiler.compile(graph, batch_size=options.evaluation_batch, device=options.device)
    data = data.standardised() if options.standardise else data
    split = hold_out(data, options.validation, options.seed)
    errors: dict[str, float | None] = {}
    objective = objective_with(options, own)
    for name, x, y in (
        ("held_out_error", split.validation_x, split.validation_y),
        ("test_error", data.test_x, data.test_y),
    ):
        some = x.to(net.device), y.to(net.device), options.evaluation_batch
        errors[name] = evaluate(net, *some, objective)[1] if len(y) else None
    return errors
