"""How well a graph does on the data of a pipeline, without training it."""

from neurograph import NeuronGraph, compiler

from ...datasets import Dataset, hold_out
from ...growth.options import GrowingOptions
from ...training import evaluate


def measured(graph: NeuronGraph, data: Dataset, options: GrowingOptions) -> dict[str, float]:
    """Errors in percent on the held-out and the test part of the data.

    Parameters
    ----------
    graph
        What to evaluate.
    data
        As loaded.
    options
        Whose `validation`, `seed`, `standardise`, `evaluation_batch` and `device` count.
    """
    net = compiler.compile(graph, batch_size=options.evaluation_batch, device=options.device)
    data = data.standardised() if options.standardise else data
    split = hold_out(data, options.validation, options.seed)
    errors = {}
    for name, x, y in (
        ("held_out_error", split.validation_x, split.validation_y),
        ("test_error", data.test_x, data.test_y),
    ):
        errors[name] = evaluate(net, x.to(net.device), y.to(net.device), options.evaluation_batch)[1]
    return errors
