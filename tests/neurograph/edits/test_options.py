"""What the journal keeps of an edit's options."""

import json

import numpy as np
import pytest

from neurograph.analysis.observations import Observations
from neurograph.builders import mlp
from neurograph.core.journal import from_line, to_line
from neurograph.edits import (
    EDITS,
    AddNeuron,
    AddOnNeurons,
    Autophagy,
    Connect,
    DynamicCount,
    Expand,
    InsertLayer,
    LowRepresentationalPower,
    Proliferate,
    Prune,
    PruneKernels,
    Reinitialize,
    RemoveNeurons,
    RemoveSynapses,
    Rename,
    Renew,
    Rewire,
    SetValues,
    Sparsify,
    SplitEdge,
)
from neurograph.edits.selectors import Chance
from neurograph.errors import OptionError
from neurograph.initializers.newborns import Newborns
from neurograph.options import number, whole


def doubled(size):
    return size


def first(growth):
    return Newborns(growth.keys[:1].repeat(growth.count))


SEEN = Observations(np.arange(7), np.zeros(7), np.arange(7.0))
KEPT = [
    (Connect([0, 1], ("c",), np.ones((2, 1))), {"sources": (0, 1), "weight": "array of shape (2, 1)", "seed": 0}),
    (Connect([0], ["c"], form={"trainable": False}), {"weight": None, "form": {"trainable": False}}),
    (AddNeuron(("a", 1), incoming={0: np.float64(0.5)}), {"name": ("a", 1), "incoming": {0: 0.5}, "outgoing": {}}),
    (AddOnNeurons(("one", "two"), 5, directions=7), {"location": ("one", "two"), "kernel": 5, "directions": 7}),
    (PruneKernels({"two": 0.5}, scope="network"), {"ratio": {"two": 0.5}, "threshold": None, "scope": "network"}),
    (InsertLayer(["hidden1", "output"], algorithm="identity"), {"between": ("hidden1", "output"), "target": None}),
    (RemoveNeurons(np.array([2])), {"names": (2,), "stranded": "leave"}),
    (RemoveSynapses([(0, 2)]), {"pairs": ((0, 2),)}),
    (Rename({0: "age"}), {"names": {0: "age"}}),
    (Renew("hidden1", np.array([2, 3])), {"by": (2, 3), "most": None, "initializer": "he_uniform"}),
    (Renew("hidden1", Chance(2)), {"by": {"name": "Chance", "count": 2}}),
    (SetValues({0: {"note": 1}}, {(0, 2): {"weight": 0.5}}), {"neurons": {0: {"note": 1}}}),
    (Expand([(0, 2), (1, 2)], neurons=2), {"synapses": ((0, 2), (1, 2)), "rule": "exact", "noise": 1e-8, "bias": None}),
    (Prune(share=0.5, scope="layer"), {"share": 0.5, "scope": "layer", "stranded": "remove"}),
    (Reinitialize("he_normal", "hidden1"), {"initializer": "he_normal", "populations": ("hidden1",), "seed": 0}),
    (
        Rewire(0.5, "hidden1", candidates=(np.array([0]), np.array([2]), np.ones(1))),
        {"fraction": 0.5, "into": ("hidden1",), "initializer": "zeros", "seed": 0},
    ),
    (Sparsify(0.75, into=["hidden1"]), {"density": 0.75, "distribution": "erk", "into": ("hidden1",)}),
    (SplitEdge(0, 2), {"source": 0, "activation": None, "slope": None}),
    (
        Proliferate("hidden1", DynamicCount(1, (3, 3)), first),
        {"count": {"name": "DynamicCount", "constant": 1, "errors": (3.0, 3.0), "rate": 1.0}, "initializer": "first"},
    ),
    (Proliferate("hidden1", doubled), {"count": "doubled", "initializer": "random", "limit": None}),
    (
        Autophagy("hidden1", LowRepresentationalPower(0.2), observations=SEEN),
        {"by": {"name": "LowRepresentationalPower", "nu": 0.2, "measure": "mean"}, "floor": 1},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "kept"), KEPT, ids=lambda x: type(x).__name__)
def test_options_are_plain_and_survive_a_line(edit, kept):
    g = mlp([2, 4, 1])
    g.add_neuron("c")
    one, two = (g.add_population(name, 2, shape=(4, 4)) for name in ("one", "two"))
    g.connect(one, two, np.ones((2, 2, 3, 3)), padding=1)
    entry = g.apply(edit).entry
    assert entry.options.items() >= kept.items()
    assert not {"observations", "candidates"} & set(entry.options)
    line = to_line(g, entry)
    assert json.loads(line)["verb"] == type(edit).__name__
    read = from_line(line)
    assert (read.options, read.details) == (entry.options, entry.details)
    assert str(g.journal[-1]).startswith(f"{type(edit).__name__}(")


def test_every_edit_is_among_them():
    assert {type(edit) for edit, _ in KEPT} == set(EDITS.values())


@pytest.mark.parametrize("given", [True, "3", None, 2.0, 0])
def test_whole_numbers_are_whole(given):
    with pytest.raises(OptionError, match="x must be a whole number of at least 1"):
        whole("x", given, 1)


@pytest.mark.parametrize("given", [True, "3", None, 2.5, -0.1, float("nan"), float("inf")])
def test_numbers_lie_between_their_bounds(given):
    with pytest.raises(OptionError, match="x must be a finite number between 0 and 2"):
        number("x", given, 0.0, 2.0)
    if given == float("inf"):
        with pytest.raises(OptionError, match="of at least 0"):
            number("x", given, 0.0)
