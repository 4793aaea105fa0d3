"""Batches that leave one example over, and the examples that statistics are taken over."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import search
from neurograph.builders import mlp
from neurograph.errors import OptionError
from search.datasets import Dataset, Split
from search.nhn.layers import HierarchyOptions, find_hierarchy
from search.training import Trainer, TrainingOptions, batches, evaluate, in_batches, sample


def normed():
    graph = mlp([6, 5, 2])
    for neuron in graph.population("hidden1"):
        graph.nodes[neuron]["norm"] = "batch"
    return graph


def dataset(count):
    x = torch.rand(count + 7, 6, generator=torch.Generator().manual_seed(1))
    y = (x.sum(1) > 3).long()
    return Dataset("sums", x[:count], y[:count], x[count:], y[count:], (6,), 2)


@given(count=st.integers(1, 60), size=st.integers(1, 70))
def test_batches_are_of_one_size_but_the_last_and_none_is_of_one(count, size):
    found = list(batches(count, size, seed=3, epoch=1))
    assert sorted(torch.cat(found).tolist()) == list(range(count))
    whole = [size] * (count // size) + [count % size] * (count % size > 0)
    if count % size == 1 < size and count > size:
        whole = [*whole[:-2], size + 1]
    assert [len(batch) for batch in found] == whole
    order = torch.cat(found)
    assert all(torch.equal(a, b) for a, b in zip(found, in_batches(order, size), strict=True))


@pytest.mark.parametrize("count", [9, 17, 18])
def test_batch_norms_train_whatever_is_left_over(count):
    data = dataset(count)
    if count % 8 == 1:
        with pytest.warns(UserWarning, match=f"{count} examples in batches of 8 leave one over") as warned:
            search.train(normed(), data, epochs=2, batch_size=8, validation=0)
        assert len(warned) == 1
    else:
        search.train(normed(), data, epochs=2, batch_size=8, validation=0)


def test_every_example_counts_once_in_an_epoch():
    seen = []

    class Counting(nn.Linear):
        def forward(self, x):
            seen.append(len(x))
            return super().forward(x)

    data = dataset(9)
    split = Split(data.train_x, data.train_y, data.test_x[:0], data.test_y[:0])
    with pytest.warns(UserWarning, match="leave one over"):
        Trainer(Counting(6, 2), split, TrainingOptions(epochs=1, batch_size=4)).run()
    assert seen == [4, 5]


@pytest.mark.parametrize("settings, count", [({"batch_size": 1}, 9), ({"batch_size": 8}, 1)])
def test_steps_of_one_example_are_refused_before_a_run_is_begun(settings, count, tmp_path):
    with pytest.raises(OptionError, match="batch norm of neuron 6 .'hidden1'.* at least two examples"):
        search.train(normed(), dataset(count), epochs=1, validation=0, run=tmp_path / "run", **settings)
    assert not (tmp_path / "run").exists()
    search.train(mlp([6, 5, 2]), dataset(count), epochs=1, validation=0, **settings)


def test_supernets_whose_maps_are_one_pixel_train_and_are_rated():
    images = torch.rand(22, 1, 4, 4, generator=torch.Generator().manual_seed(2))
    y = torch.arange(len(images)) % 2
    data = Dataset("tiny", images[:-3], y[:-3], images[-3:], y[-3:], (1, 4, 4), 2)
    small = {"layers": 3, "segments": 3, "channels": 4, "crop": 0, "asked": 2, "steps": 2, "finalists": 2, "epochs": 1}
    with pytest.warns(UserWarning, match="9 examples in batches of 4"):
        found = find_hierarchy(
            data, validation=0.5, batch_size=4, evaluation_batch=3, rated_on=4, inherit=True, **small
        )
    assert len(found.genes) == 3
    for name in ("batch_size", "rated_on"):
        with pytest.raises(OptionError, match=f"{name} must be at least 2"):
            HierarchyOptions(**small | {name: 1}).space(data)


def test_evaluating_norms_that_have_no_running_statistics():
    net = nn.Sequential(nn.Linear(6, 2), nn.BatchNorm1d(2, track_running_stats=False))
    data = dataset(9)
    evaluate(net, data.train_x, data.train_y, batch_size=4)


@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=5), share=st.floats(0.05, 0.99), seed=st.integers(0, 2**40)
)
def test_a_sample_has_every_class_by_its_share(counts, share, seed):
    y = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])
    count = max(1, int(share * len(y)))
    chosen = sample(y, count, seed)
    assert len(chosen) == len(set(chosen.tolist())) == count
    assert torch.equal(chosen, sample(y, count, seed))
    for label, members in enumerate(counts):
        assert abs(int((y[chosen] == label).sum()) - count * members / len(y)) <= 1.5
        first = int((y[chosen[: count // 2]] == label).sum())
        assert abs(first - (count // 2) * members / len(y)) <= 2  # any stretch of it is a sample too


def test_another_seed_takes_other_examples_and_all_of_them_stay_as_they_lie():
    y = torch.zeros(100).long()
    assert sample(y, 10, 0).tolist() != sample(y, 10, 1).tolist()
    assert sample(y, 100, 0).tolist() == list(range(100))
    assert len(sample(torch.rand(100, 3), 10, 0)) == 10


def test_observed_statistics_do_not_hang_on_how_the_data_lie():
    """Of data sorted by class, the first examples would be of one class."""
    data = dataset(60)
    order = data.train_y.argsort()
    split = Split(data.train_x[order], data.train_y[order], data.test_x[:0], data.test_y[:0])
    trainer = Trainer(nn.Linear(6, 2), split, TrainingOptions())
    x, y = trainer.sample(20)
    assert abs(y.float().mean() - split.train_y.float().mean()) < 0.06
    assert torch.equal(x, split.train_x[sample(split.train_y, 20, 0)])
