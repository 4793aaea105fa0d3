"""Our own parts keep the contracts that other packages are offered, and the contracts see a part that does not."""

import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import AddNeuron, Outcome, Proliferate, Prune, SplitEdge
from neurograph.files import EXPORTS, IMPORTS, export
from neurograph.initializers import INITIALIZERS
from neurograph.testing import EditContract, ExporterContract, ImporterContract, InitializerContract

EDITS = {
    "split": SplitEdge(0, 4),
    "proliferate": Proliferate("hidden1", 2, seed=3),
    "add": AddNeuron("new", incoming={0: 0.5}, outgoing={8: 1.0}),
    "prune": Prune(share=0.5),
}


class OurEdit(EditContract):
    name: str

    def edit(self):
        return EDITS[self.name]

    def graph(self):
        return mlp([4, 3, 2], seed=0)


class OurImporter(ImporterContract):
    def write(self, path):
        export(self.graph(), path, self.name)

    def graph(self):
        return mlp([4, 3, 2], seed=0)


def _classes(contract, names, **more):
    found = {f"Test{contract.__name__}_{n}": {"name": n, "__module__": __name__} | more.get(n, {}) for n in names}
    return {title: type(title, (contract,), body) for title, body in found.items()}


globals().update(_classes(OurEdit, EDITS))
globals().update(_classes(OurImporter, sorted(set(IMPORTS) - {"csv", "onnx"})))
globals().update(_classes(ExporterContract, [n for n, found in EXPORTS.items() if found.endings]))
globals().update(_classes(InitializerContract, INITIALIZERS, zeros={"draws": False}))


class Forgetful:
    """An edit whose undo cannot be right: each time it does something else."""

    calls = 0

    def apply(self, graph: NeuronGraph) -> Outcome:
        Forgetful.calls += 1
        graph.add_neuron(f"n{Forgetful.calls}")
        return Outcome({})


def test_a_part_that_breaks_its_contract_fails_it():
    class Broken(EditContract):
        def edit(self):
            return Forgetful()

        def graph(self):
            return mlp([2, 1])

    with pytest.raises(AssertionError):
        Broken().test_the_same_edit_of_the_same_network_gives_the_same()
