"""Our own metrics, methods, samplers and data sets keep the contracts that other packages are offered."""

import os

import numpy as np
import pytest
import torch

from neurograph import NeuronGraph
from search.datasets import DATASETS, Dataset, files
from search.growth.expansion.metrics import METRICS, Metric
from search.growth.method import Method
from search.growth.options import GrowingOptions
from search.methods import METHODS
from search.nhn.layers.samplers import SAMPLERS, Chance
from search.testing import DatasetContract, MethodContract, MetricContract, SamplerContract
from tests.search.datasets.test_datasets import cifar, write_idx_set


def contracts(contract, names, **more):
    found = {f"Test{contract.__name__}_{n}": {"name": n, "__module__": __name__} | more.get(n, {}) for n in names}
    return {title: type(title, (contract,), body) for title, body in found.items()}


def of_maps(self):
    rng, graph = np.random.default_rng(0), NeuronGraph()
    graph.add_population("x", 1, role="input", shape=(8, 8))
    graph.add_population("maps", 4, shape=(8, 8), activation="relu", bias=0.0)
    graph.add_population("y", 10, is_output=True, bias=0.0)
    graph.connect("x", "maps", weight=rng.normal(size=(1, 4, 3, 3)), padding=1)
    graph.connect("maps", "y", weight=rng.normal(size=(4, 10, 8, 8)) / 16)
    graph.restart_journal()
    return graph


SHORT = {"epochs": 3, "seed": 1}
SETTINGS = {
    "train": {},
    "metabolize": {"first_cycle": 1, "cycle": 1, "slope": 100.0},
    "expand": {"pause": 1, "settle": 1, "change": 100.0, "window": 1, "prune_after": 0},
    "morph": {"insert_after": 1, "width": 6, "recorded": 100, "between": ("hidden1", "output"), "target": 4},
    "prune": {"settle": 1},
    "prune-network": {"settle": 1},
    "rewire": {"density": 0.5, "settle": 1},
}
growing = {name: {"settings": SHORT | own, "data": "digits:200"} for name, own in SETTINGS.items()}
growing["train"]["edits"] = False
growing["prune-network"]["graph"] = of_maps


class Idx(DatasetContract):
    def write(self, directory):
        write_idx_set(directory / self.name, train=40)


class Cifar(DatasetContract):
    @pytest.fixture(autouse=True)
    def few(self, monkeypatch):
        monkeypatch.setattr(files.read_cifar, "__defaults__", (20,))

    def write(self, directory):
        (directory / "cifar-10-batches-bin").mkdir(exist_ok=True)
        for number in range(1, 6):
            (directory / "cifar-10-batches-bin" / f"data_batch_{number}.bin").write_bytes(cifar(20))
        (directory / "cifar-10-batches-bin" / "test_batch.bin").write_bytes(cifar(20))


globals().update(contracts(MetricContract, [name for name in METRICS if not name.endswith("_reversed")]))
globals().update(contracts(MethodContract, METHODS, **growing))
globals().update(contracts(SamplerContract, SAMPLERS, evolution={"options": {"population": 8, "tournament": 3}}))
globals().update(contracts(DatasetContract, ["digits"]))
globals().update(contracts(Idx, ["mnist", "fashion-mnist"]))
globals().update(contracts(Cifar, ["cifar10"]))


def test_all_of_ours_are_tried():
    assert set(METHODS) == set(SETTINGS) and set(DATASETS) == {"digits", "mnist", "fashion-mnist", "cifar10"}


class Bad:
    """What a broken part of each kind is called."""

    name = "bad"


def test_a_sampler_that_forgets_its_seed_or_its_state_fails(tmp_path):
    class Unseeded(Chance):
        def __init__(self, space, seed=0, **settings):
            super().__init__(space, int.from_bytes(os.urandom(4), "big"), **settings)

    class Forgetful(Chance):
        def load_state_dict(self, state):
            pass

    class Sampler(Bad, SamplerContract):
        pass

    with SAMPLERS.lending({"bad": Unseeded}), pytest.raises(AssertionError):
        Sampler().test_the_seed_decides()
    with SAMPLERS.lending({"bad": Forgetful}), pytest.raises(AssertionError):
        Sampler().test_it_goes_on_from_its_state_as_it_would_have(tmp_path)


def test_data_that_differ_each_time_fail(tmp_path):
    def drawn(directory, download):
        x = torch.from_numpy(np.random.default_rng(os.getrandom(8)[0] + 256 * len(calls)).random((20, 3)))
        calls.append(1)
        return Dataset("bad", x.float(), torch.arange(20) % 2, x[:4].float(), torch.arange(4) % 2, (3,), 2)

    class Data(Bad, DatasetContract):
        pass

    calls = []
    with DATASETS.lending({"bad": drawn}), pytest.raises(AssertionError):
        Data().test_it_is_the_same_each_time(tmp_path)


def test_a_metric_that_is_not_finite_fails():
    class Measure(Bad, MetricContract):
        pass

    bad = Metric(lambda traits: traits.weight_absolute * np.inf)
    with METRICS.lending({"bad": bad, "bad_reversed": bad}), pytest.raises(AssertionError):
        Measure().test_it_gives_a_finite_number_a_synapse()


def test_a_method_that_draws_beside_its_seed_fails():
    class Noise:
        def __init__(self, options, keep):
            self.rng = np.random.default_rng(int.from_bytes(os.urandom(4), "big"))

        def __call__(self, trainer, row):
            ids = trainer.net.graph.arrays().ids
            trainer.net.graph.write_weights(ids, self.rng.normal(size=len(ids)))
            trainer.net.refresh(trainer.optimizer)

    class Grows(Bad, MethodContract):
        settings, data = SHORT, "digits:200"

    bad = Method("bad", GrowingOptions, lambda graph, options: None, Noise, help="noise")
    with METHODS.lending({"bad": bad}), pytest.raises(AssertionError):
        Grows().test_the_same_seed_gives_the_same_numbers()
