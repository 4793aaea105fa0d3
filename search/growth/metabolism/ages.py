"""The ages of neurons in a run: epochs since the event that they were born in, which its journal says."""

import numpy as np

from neurograph.analysis.ages import Ages
from neurograph.network import NeuronGraph


def ages_in_epochs(graph: NeuronGraph, epoch: int) -> Ages:
    """How many epochs ago each neuron was born, as of the end of an epoch; those of no event are not in it.

    Parameters
    ----------
    graph
        With the journal of its run.
    epoch
        Epochs gone by, counted from 1.
    """
    keys, ages = [np.zeros(0, np.int64)], [np.zeros(0)]
    for entry in graph.journal:
        born, event = entry.neurons_born, entry.details.get("event")
        if event is not None and len(born):
            keys.append(np.asarray(born, np.int64))
            ages.append(np.full(len(born), float(epoch - event["epoch"])))
    return Ages(np.concatenate(keys), np.concatenate(ages))
