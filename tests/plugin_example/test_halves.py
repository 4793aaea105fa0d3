"""Every part of this package keeps its contract."""

from neurograph_halves.graphs import Halve, write_pairs

from compiler.testing import LoweringContract
from neurograph import NeuronGraph, testing
from neurograph.builders import mlp
from search.testing import DatasetContract, MethodContract, MetricContract, SamplerContract


def pairs() -> NeuronGraph:
    graph = NeuronGraph()
    graph.add_node("a", role="input")
    graph.add_node("b", is_output=True)
    graph.add_edge("a", "b", weight=0.5)
    return graph


class TestHalve(testing.EditContract):
    def edit(self):
        return Halve("hidden1")

    def graph(self):
        return mlp([3, 2, 1], seed=0)


class TestInitializer(testing.InitializerContract):
    name = "halves"


class TestSelector(testing.SelectorContract):
    name = "first_half"


class TestNewborns(testing.NewbornContract):
    name = "halved"


class TestExporter(testing.ExporterContract):
    name = "pairs"


class TestImporter(testing.ImporterContract):
    name = "pairs"

    def write(self, path):
        write_pairs(pairs(), path)

    def graph(self):
        return pairs()


class TestLowering(LoweringContract):
    name = "halved_dense"


class TestDataset(DatasetContract):
    name = "halves"


class TestSampler(SamplerContract):
    name = "twice"


class TestMetric(MetricContract):
    name = "half_weight"


class TestMethod(MethodContract):
    name = "halve"
    settings = {"epochs": 2, "batch_size": 256}  # noqa: RUF012
