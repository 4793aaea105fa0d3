"""The contract of a lowering: it runs where it is pinned, and computes and learns what the reference does."""

import numpy as np
import torch

from neurograph import compiler
from neurograph.builders import mlp
from neurograph.network import NeuronGraph

from ..lowering import REGISTRY
from ..lowering.spec import BundleSpec
from ..planning.cost import CPU


def _loss(*outputs: torch.Tensor) -> torch.Tensor:
    return torch.stack([torch.sin(y).sum() + (y * y).mean() for y in outputs]).sum()


class LoweringContract:
    """What every lowering between scalars keeps; a subclass says its name, and a network that it can run."""

    name: str

    def graph(self) -> NeuronGraph:
        """A network all of whose bundles the lowering accepts."""
        return mlp([4, 6, 3], "tanh", seed=0)

    def net(self, graph: NeuronGraph) -> compiler.CompiledNetwork:
        """The network, run by this lowering."""
        return compiler.compile(graph, dtype=torch.float64, lowering=self.name)

    def batch(self) -> torch.Tensor:
        """(5, inputs) float64."""
        inputs = sum(data["role"] == "input" for _, data in self.graph().nodes(data=True))
        return torch.linspace(-1, 1, 5 * inputs, dtype=torch.float64).reshape(5, inputs)

    def assert_equals_reference(self, net: compiler.CompiledNetwork, graph: NeuronGraph) -> None:
        """Outputs and every weight's gradient are the reference's."""
        x, y = self.batch(), net(self.batch())
        wanted = compiler.reference(graph, x, loss=_loss)
        torch.testing.assert_close(y.detach(), wanted.outputs[0], rtol=1e-9, atol=1e-9)
        net.zero_grad()
        _loss(y).backward()
        ids, found = net.gradients()
        arrays = graph.arrays()
        ends = zip(arrays.ids.tolist(), arrays.source.tolist(), arrays.target.tolist(), strict=True)
        names = {number: (arrays.names[u], arrays.names[v]) for number, u, v in ends}
        expected = [float(wanted.synapses[names[number]]) for number in ids.tolist()]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)

    def test_it_runs_where_it_is_pinned_and_the_report_says_so(self) -> None:
        net = self.net(self.graph())
        assert {product.lowering for stage in net.program.stages for product in stage.products} == {self.name}
        assert self.name in net.report()

    def test_it_computes_what_the_reference_does(self) -> None:
        graph = self.graph()
        self.assert_equals_reference(self.net(graph), graph)

    def test_it_learns_and_survives_an_edit(self) -> None:
        graph = self.graph()
        net = self.net(graph)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        for _ in range(2):
            _loss(net(self.batch())).backward()
            optimizer.step()
        net.write_back()
        self.assert_equals_reference(net, graph)
        graph.remove_edge(*next(iter(graph.edges)))
        net.refresh(optimizer)
        self.assert_equals_reference(net, graph)

    def test_its_portable_form_is_the_same_function(self) -> None:
        net = self.net(self.graph()).eval()
        torch.testing.assert_close(net.portable()(self.batch()), net(self.batch()), rtol=1e-9, atol=1e-9)

    def test_its_cost_works_on_arrays_and_its_refusal_is_a_sentence(self) -> None:
        lowering, sizes = REGISTRY[self.name], np.array([10, 100])
        spec = BundleSpec(sizes, sizes, sizes * sizes, 8, False, "sum", "float64", "cpu")
        assert np.shape(lowering.cost(spec, CPU)) == (2,)
        reason = lowering.refuses(BundleSpec(1, 1, 1, 1, False, "max", "float64", "cpu"))
        assert reason is None or (isinstance(reason, str) and reason)
