"""Dynamic pruning in training: what is masked may come back, what is flat in the end goes, and a run can be resumed."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch

import compiler
import search
from neurograph.builders import enas_macro, mlp
from neurograph.edits import PruneKernels
from neurograph.edits.prune_kernels import prunable_kernels
from neurograph.errors import OptionError
from search.datasets import Dataset, Split
from search.nhn.kernels import KernelPruning, PruneNetworkOptions, prune_network, share_masked
from search.nhn.kernels.masks import mask, masked, unmask
from search.options import settled
from search.runs import open_run
from search.training import Trainer, make_optimizer

GENES = [["conv3"], ["separable3", 1], ["conv5", 1, 0]]


def macro(channels=6):
    return enas_macro(GENES, channels=channels, segments=1, inputs=1, classes=4, size=8)


def data(count=96):
    """Four sorts of stripes, with noise."""
    rng = np.random.default_rng(0)
    y = np.arange(count) % 4
    rows, columns = np.mgrid[:8, :8]
    stripes = np.stack([rows % 2, columns % 2, (rows + columns) % 2, (rows // 2) % 2])
    x = torch.from_numpy(stripes[y][:, None] + 0.5 * rng.normal(size=(count, 1, 8, 8))).float()
    return Dataset("stripes", x, torch.from_numpy(y), x[:32], torch.from_numpy(y[:32]), (1, 8, 8), 4)


OPTIONS = {"epochs": 6, "settle": 2, "ratio": 0.6, "batch_size": 16, "learning_rate": 0.01, "measured": 32}


def test_a_threshold_says_who_goes_whatever_their_share():
    low = 0.15
    result = prune_network(macro(), data(), **OPTIONS | {"threshold": low})
    row = result.rows[3]["event"]
    assert 0 < row["pruned"] < row["kernels"] and row["pruned"] != round(0.6 * row["kernels"])
    at_once = prune_network(macro(), data(), **OPTIONS | {"threshold": low, "epochs": 4, "settle": 1})
    assert at_once.graph.journal[-1].options["threshold"] == low
    assert settled(PruneNetworkOptions, asdict(PruneNetworkOptions())).keys().isdisjoint({"threshold"})
    masked_first = [row["event"]["masked"] for row in result.rows[:3]]
    assert masked_first == sorted(masked_first)


def deviations(net):
    found = prunable_kernels(net.graph)
    return dict(zip(found.ids.tolist(), found.deviation.tolist(), strict=True))


def test_kernels_are_masked_then_removed_then_the_network_settles():
    g = macro()
    count = len(prunable_kernels(g).ids)
    result = prune_network(g, data(), **OPTIONS)
    kinds = [(row["event"] or {}).get("kind") for row in result.rows]
    assert kinds == ["masking"] * 3 + ["pruning"] + [None] * 2
    counts = [row["event"]["masked"] for row in result.rows[:3]]
    assert 0 < counts[0] < counts[1] < counts[2]
    assert result.rows[3]["event"]["pruned"] == pytest.approx(0.6 * count, abs=2)
    assert len(prunable_kernels(result.graph).ids) <= 0.4 * count + 2
    assert [entry.verb for entry in result.graph.journal] == ["PruneKernels"]
    assert result.graph.journal[-1].details["event"]["epoch"] == 4
    assert result.rows[-1]["train_error"] < 50 < result.rows[0]["train_error"] + 20  # of four classes
    assert not len(masked(result.graph))
    assert not result.graph.graph
    assert result.rows[4]["parameters"] < result.rows[3]["parameters"]


def test_masked_kernels_learn_on_and_come_back_where_they_are_needed():
    net = compiler.compile(macro())
    options = PruneNetworkOptions(**{**OPTIONS, "ratio": 0.5, "learning_rate": 0.05})
    everything = data()
    split = Split(everything.train_x, everything.train_y, everything.train_x[:0], everything.train_y[:0])
    trainer = Trainer(net, split, options, callbacks=(KernelPruning(options),))
    trainer.run_epoch()
    first = set(masked(net.graph).tolist())
    assert first == {i for i, deviation in deviations(net).items() if deviation == 0.0}
    assert len(first) == trainer.rows[0]["event"]["masked"]
    trainer.callbacks = ()
    trainer.run_epoch()
    assert all(deviations(net)[i] > 0.0 for i in first)  # they learn on
    KernelPruning(options)(trainer, trainer.rows[1])
    second = set(masked(net.graph).tolist())
    assert len(second) > len(first)
    assert trainer.rows[1]["event"]["spliced"] == len(first - second) > 0


def test_masking_touches_nothing_else_and_unmasking_adds_what_was_learned():
    net = compiler.compile(macro(), dtype=torch.float64)
    options = PruneNetworkOptions(**OPTIONS)
    optimizer = make_optimizer(net.parameters(), options)
    x, y = data().train_x[:16].double(), data().train_y[:16]
    torch.nn.functional.cross_entropy(net(x), y).backward()
    optimizer.step()
    net.write_back()
    before = weights(net.graph)
    state = net.optimizer_state(optimizer)
    chosen = prunable_kernels(net.graph).ids[::3]
    mask(net, chosen)
    assert masked(net.graph).tolist() == chosen.tolist()
    assert str(net.optimizer_state(optimizer)) == str(state)
    for number, weight in weights(net.graph).items():
        assert np.array_equal(weight, 0.0 * before[number] if number in chosen else before[number])
    torch.nn.functional.cross_entropy(net(x), y).backward()
    optimizer.step()
    learned = weights(net.graph)
    unmask(net)
    assert not len(masked(net.graph))
    for number, weight in weights(net.graph).items():
        assert np.allclose(weight, learned[number] + (before[number] if number in chosen else 0.0), rtol=1e-14)
        assert number not in chosen or np.abs(learned[number]).max() > 0.0


def weights(g):
    arrays = g.arrays()  # what the network has learned comes back to the graph
    return {i: np.array(g.read_weights(np.array([i]))[0]) for i in arrays.ids[arrays.pool >= 0].tolist()}


def test_a_resumed_run_has_the_same_numbers(tmp_path):
    settings = {**OPTIONS, "run": tmp_path / "whole"}
    whole = prune_network(macro(), data(), **settings)

    class Stop(Exception):
        pass

    def stopped(epoch):
        call = KernelPruning.__call__

        def wrapped(self, trainer, row):
            if row["epoch"] == epoch:
                raise Stop
            call(self, trainer, row)

        return wrapped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KernelPruning, "__call__", stopped(3))
        with pytest.raises(Stop):
            prune_network(macro(), data(), **OPTIONS, run=tmp_path / "parts")
    assert len(open_run(tmp_path / "parts").metrics()) == 2
    resumed = search.resume(tmp_path / "parts", data=data())
    for one, other in zip(whole.rows, resumed.rows, strict=True):
        assert {k: v for k, v in one.items() if k != "seconds"} == {k: v for k, v in other.items() if k != "seconds"}
    assert resumed.graph.wiring_digest() == whole.graph.wiring_digest()
    same = (
        held.equal(resumed.net.state_dict()[n]) for n, held in whole.net.state_dict().items() if torch.is_tensor(held)
    )
    assert all(same)
    journal = [json.dumps(entry, sort_keys=True) for entry in open_run(tmp_path / "parts").journal()]
    assert len(journal) == 1


def test_what_is_masked_goes_even_where_training_ends_early():
    result = prune_network(macro(), data(), **{**OPTIONS, "epochs": 40, "every": 20, "start": 18, "patience": 3})
    assert len(result.rows) < 38
    assert [entry.verb for entry in result.graph.journal] == ["PruneKernels"]
    assert not len(masked(result.graph))


def test_ratios_by_layer():
    g = macro()
    result = prune_network(g, data(), **OPTIONS, ratios={"layer2.operation": 0.5})
    assert result.graph.journal[-1].details["layers"]["layer2.operation 5 x 5"] == (36, 18)
    assert result.graph.journal[-1].details["layers"]["layer0 3 x 3"] == (36, 0)


def test_schedule():
    options = PruneNetworkOptions(epochs=20, start=4, every=3, settle=7)
    shares = {epoch: share_masked(epoch, options) for epoch in range(1, 21)}
    due = {epoch: share for epoch, share in shares.items() if share is not None}
    assert list(due) == [4, 7, 10, 13]
    assert list(due.values()) == pytest.approx([1 - 0.75**3, 1 - 0.5**3, 1 - 0.25**3, 1.0])


def test_what_cannot_be_pruned_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(OptionError, match="no kernels to prune"):
        prune_network(mlp([64, 8, 10]), "digits", run=tmp_path / "run")
    with pytest.raises(OptionError, match="ratios: populations 'nobody' read no kernel"):
        prune_network(macro(), data(), ratios={"nobody": 0.5}, run=tmp_path / "run")
    with pytest.raises(OptionError, match="epochs=5 is too few"):
        prune_network(macro(), data(), epochs=5, settle=5)
    with pytest.raises(OptionError, match="ratio"):
        prune_network(macro(), data(), ratio=1.5)
    assert not (tmp_path / "run").exists()


def test_a_removed_kernel_is_one_of_zeros_and_the_others_keep_their_momentum():
    g = macro()
    net = compiler.compile(g, dtype=torch.float64)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    x, y = data().train_x[:16].double(), data().train_y[:16]
    torch.nn.functional.cross_entropy(net(x), y).backward()
    optimizer.step()
    edit = PruneKernels(0.5, stranded="leave")
    kernels = prunable_kernels(g)
    zeros = compiler.compile(g.copy(), dtype=torch.float64).eval()
    mask(zeros, kernels.ids[edit.choose(kernels)])
    before = momenta(net, optimizer)
    died = g.apply(edit).entry.synapses_died.tolist()
    net.refresh(optimizer)
    assert torch.allclose(net.eval()(x), zeros(x), rtol=1e-10, atol=1e-12)
    after = momenta(net, optimizer)
    assert set(after) == set(before) - set(died)
    assert all(after[number].equal(before[number]) for number in after)


def momenta(net, optimizer):
    """Synapse id -> what the optimizer holds of a kernel's past."""
    spaces = [space for space in net.slots.quantities if space[0] == "weight" and space[1]]
    pick = lambda p: optimizer.state[p]["momentum_buffer"]  # noqa: E731
    found = [(net.slots.numbers(s, True).tolist(), net.slots.gather(s, pick, trained=True)) for s in spaces]
    return {number: kernel for numbers, kernels in found for number, kernel in zip(numbers, kernels, strict=True)}
