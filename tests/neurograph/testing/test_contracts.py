"""Our own parts keep the contracts that other packages are offered, and the contracts see a part that does not."""

from importlib.util import find_spec

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph import edits as verbs
from neurograph.builders import mlp
from neurograph.edits import EDITS, Outcome
from neurograph.edits.selectors import SELECTORS, Chance
from neurograph.files import EXPORTS, IMPORTS, Format, Importer, export
from neurograph.initializers import INITIALIZERS
from neurograph.initializers.newborns import NEWBORN_INITIALIZERS, Newborns
from neurograph.testing import (
    EditContract,
    ExporterContract,
    ImporterContract,
    InitializerContract,
    NewbornContract,
    SelectorContract,
)


def of_scalars():
    return mlp([4, 3, 2], seed=0)


def of_few_synapses():
    return mlp([4, 3, 2], density=0.6, seed=0)


def of_maps():
    """Two inputs, twice three channels behind by kernels of 3 x 3, and two outputs that read them whole."""
    rng, graph = np.random.default_rng(0), NeuronGraph()
    graph.add_population("x", 2, role="input", shape=(5, 5))
    graph.add_population("maps", 3, shape=(5, 5), activation="relu", bias=0.1)
    graph.add_population("more", 3, shape=(5, 5), activation="relu", bias=0.1)
    graph.add_population("y", 2, is_output=True, bias=0.0)
    graph.connect("x", "maps", weight=rng.normal(size=(2, 3, 3, 3)), padding=1)
    graph.connect("maps", "more", weight=rng.normal(size=(3, 3, 3, 3)), padding=1)
    graph.connect("more", "y", weight=rng.normal(size=(3, 2, 5, 5)))
    graph.restart_journal()
    return graph


OURS = {  # verb -> (network, edit)
    "AddNeuron": (of_scalars, lambda: verbs.AddNeuron("new", incoming={0: 0.5}, outgoing={8: 1.0})),
    "AddOnNeurons": (
        of_maps,
        lambda: verbs.AddOnNeurons(("maps", "more"), count=2, directions=4, outgoing="he_normal"),
    ),
    "Autophagy": (of_scalars, lambda: verbs.Autophagy("hidden1", Chance(1), seed=1)),
    "Connect": (of_scalars, lambda: verbs.Connect("input", "output", weight="he_normal", seed=2)),
    "Expand": (of_scalars, lambda: verbs.Expand([(0, 4)])),
    "InsertLayer": (of_scalars, lambda: verbs.InsertLayer(("hidden1", "output"), algorithm="identity")),
    "Proliferate": (of_scalars, lambda: verbs.Proliferate("hidden1", 2, seed=3)),
    "Prune": (of_scalars, lambda: verbs.Prune(share=0.5)),
    "PruneKernels": (of_maps, lambda: verbs.PruneKernels(ratio=0.5)),
    "Reinitialize": (of_scalars, lambda: verbs.Reinitialize(seed=1)),
    "RemoveNeurons": (of_scalars, lambda: verbs.RemoveNeurons([4])),
    "RemoveSynapses": (of_scalars, lambda: verbs.RemoveSynapses([(0, 4)])),
    "Rename": (of_scalars, lambda: verbs.Rename({4: "first"})),
    "Renew": (of_scalars, lambda: verbs.Renew("hidden1", Chance(1), seed=1)),
    "Rewire": (of_few_synapses, lambda: verbs.Rewire(0.3, seed=1)),
    "SetValues": (of_scalars, lambda: verbs.SetValues({4: {"bias": 0.5}}, {(0, 4): {"weight": 2.0}})),
    "Sparsify": (of_scalars, lambda: verbs.Sparsify(0.5, seed=1)),
    "SplitEdge": (of_scalars, lambda: verbs.SplitEdge(0, 4)),
}


def test_every_edit_of_ours_is_tried():
    assert set(OURS) == set(EDITS)


class OurEdit(EditContract):
    name: str

    def edit(self):
        return OURS[self.name][1]()

    def graph(self):
        return OURS[self.name][0]()


class OurImporter(ImporterContract):
    def write(self, path):
        export(self.graph(), path, self.name)

    def graph(self):
        return mlp([4, 3, 2], seed=0)


def _classes(contract, names, **more):
    found = {f"Test{contract.__name__}_{n}": {"name": n, "__module__": __name__} | more.get(n, {}) for n in names}
    return {title: type(title, (contract,), body) for title, body in found.items()}


globals().update(_classes(OurEdit, OURS))
globals().update(_classes(OurImporter, sorted(set(IMPORTS) - {"csv", "onnx"})))  # these write in ways of their own
installed = set(EXPORTS) - (set() if find_spec("onnxscript") else {"onnx"})
globals().update(_classes(ExporterContract, [n for n, found in EXPORTS.items() if found.endings and n in installed]))
globals().update(_classes(InitializerContract, INITIALIZERS, zeros={"draws": False}))
choosing = {
    "low_contribution": {"options": {"level": 1.0}},
    "low_representational_power": {"options": {"nu": 1.0}},
    "weight_distribution": {"options": {"alpha": 0.5}},
}
globals().update(_classes(SelectorContract, SELECTORS, **choosing))
globals().update(_classes(NewbornContract, NEWBORN_INITIALIZERS))


class Forgetful:
    """An edit whose undo cannot be right: each time it does something else."""

    calls = 0

    def apply(self, graph: NeuronGraph) -> Outcome:
        Forgetful.calls += 1
        graph.add_neuron(f"n{Forgetful.calls}")
        return Outcome({})


class Broken(OurEdit):
    def edit(self):
        return Forgetful()

    def graph(self):
        return of_scalars()


def test_an_edit_that_does_something_else_each_time_fails_its_contract():
    with pytest.raises(AssertionError):
        Broken().test_the_same_edit_of_the_same_network_gives_the_same()


def test_a_selector_that_chooses_others_fails_its_contract():
    class Beside(SelectorContract):
        name = "beside"

    class Twice(SelectorContract):
        name = "twice"

    strangers = lambda: lambda selection: selection.home[:2]  # noqa: E731
    doubled = lambda: lambda selection: selection.keys.repeat(2)  # noqa: E731
    with SELECTORS.lending({"beside": strangers, "twice": doubled}):
        for broken in (Beside(), Twice()):
            with pytest.raises(AssertionError):
                broken.test_it_chooses_different_neurons_among_those_it_is_given(5)


def test_newborns_of_others_fail_their_contract():
    class Astray(NewbornContract):
        name = "astray"

    with (
        NEWBORN_INITIALIZERS.lending({"astray": lambda growth: Newborns(np.zeros(growth.count, np.int64))}),
        pytest.raises(AssertionError),
    ):
        Astray().test_each_newborn_has_a_donor_and_finite_weights(3)


def test_an_initializer_of_another_shape_and_torn_files_fail_their_contracts(tmp_path):
    class Flat(InitializerContract):
        name = "flat"

    flat = {"flat": lambda shape, activation, rng: rng.normal(size=9)}
    with INITIALIZERS.lending(flat), pytest.raises(AssertionError):
        Flat().test_it_gives_finite_float64_weights_of_the_shape((3, 3), "relu")

    class Writes(ExporterContract):
        name = "writes"

    class Reads(OurImporter):
        name = "reads"

    def writes(graph, path):
        graph.add_neuron("mine")
        path.write_text("")

    reads = Importer("anything", lambda path, graph: graph.add_neuron("found"), ("reads",))
    with EXPORTS.lending({"writes": Format("a trace", writes, ("writes",))}), pytest.raises(AssertionError):
        Writes().test_it_writes_one_file_and_leaves_the_network_alone(tmp_path)
    with IMPORTS.lending({"reads": reads}), pytest.raises(pytest.fail.Exception):
        Reads().test_a_file_of_nothing_of_the_kind_is_refused(tmp_path)
