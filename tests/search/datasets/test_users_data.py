"""Data as users bring them: taken where nothing is lost by it, else refused by the row before anything is written."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import search
from neurograph.builders import lenet4, mlp
from neurograph.errors import DataError, NeuroGraphError
from search.datasets import Dataset, Split
from search.training import Trainer, TrainingOptions, evaluate

X = torch.rand(40, 6, generator=torch.Generator().manual_seed(0))
Y = torch.arange(40) % 3


def dataset(x=X, y=Y, test_x=X[:9], test_y=Y[:9], classes=3, name="mine"):
    return Dataset(name, x, y, test_x, test_y, (6,), classes)


def changed(rows, place, value):
    rows = rows.clone()
    rows[place] = value
    return rows


WHOLE = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", WHOLE, ids=str)
@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize("array", [False, True])
def test_class_numbers_of_any_type_are_the_same_classes(dtype, column, array):
    y = Y.to(dtype)[:, None] if column else Y.to(dtype)
    data = dataset(y=y.numpy() if array else y)
    assert data.train_y.dtype == torch.int64
    assert torch.equal(data.train_y, Y)
    assert data.fingerprint() == dataset().fingerprint()


def test_examples_of_other_types_become_float32():
    pixels = (X * 255).to(torch.uint8)
    assert torch.equal(dataset(x=pixels).train_x, pixels.float())
    assert torch.equal(dataset(x=X.double().numpy()).train_x, X)
    assert torch.equal(Split(pixels, Y.int(), pixels[:0], Y[:0]).train_x, pixels.float())
    assert Split(X.double(), Y, X[:0].double(), Y[:0]).train_x.dtype == torch.float64


@given(
    place=st.integers(0, 39),
    column=st.integers(0, 5),
    part=st.sampled_from(["train", "test"]),
    value=st.sampled_from([float("nan"), float("inf"), -float("inf")]),
)
def test_a_number_that_is_not_finite_is_named_by_its_row(place, column, part, value):
    name = "x" if part == "train" else "test_x"
    with pytest.raises(DataError, match=rf"'mine': {part}_x\[{place}, {column}\] is -?(nan|inf), which is not finite"):
        dataset(**{name: changed(X, (place, column), value), "test_y" if part == "test" else "y": Y})


@given(place=st.integers(0, 39), label=st.sampled_from([-100, -1, 3, 10, 255, 2**40, -(2**62)]))
def test_a_class_that_is_not_there_is_named_by_its_row(place, label):
    with pytest.raises(DataError, match=rf"train_y\[{place}\] is {label}, which is no class: its 3 classes are 0 to 2"):
        dataset(y=changed(Y, place, label))
    if label < 0:
        with pytest.raises(DataError, match=rf"train_y\[{place}\] is {label}"):
            Split(X, changed(Y, place, label), X[:0], Y[:0])


BAD = {
    "fewer labels": ({"y": Y[:30]}, "train_y has 30 targets for 40 examples"),
    "more labels": ({"test_y": Y}, "test_y has 40 targets for 9 examples"),
    "nothing to learn from": ({"x": X[:0], "y": Y[:0]}, "train_x has no examples"),
    "another shape": ({"x": X[:, :5]}, r"train_x has examples of shape \(5,\), and they should be \(6,\)"),
    "one-hot": ({"y": torch.eye(3).long()[Y]}, r"y.argmax\(1\)"),
    "halves": ({"y": changed(Y.float(), 7, 0.5)}, r"train_y\[7\] is 0.5, which is no class number"),
    "two numbers for three": ({"y": torch.rand(40, 2)}, r"targets of shape \(2,\), and they should be 3 numbers"),
    "no number": ({"y": changed(torch.rand(40, 3), (5, 1), torch.nan)}, r"train_y\[5, 1\] is nan"),
    "too large for float32": ({"x": X.double() * 1e300}, r"train_x\[0, 0\] is inf"),
    "not exact": ({"x": changed((X * 9).int(), (4, 2), 2**24 + 1)}, r"train_x\[4, 2\] is 16777217, which is not exact"),
    "texts": ({"y": np.array(["a"] * 40)}, "train_y must be a tensor or an array of numbers"),
    "a list": ({"y": Y.tolist()}, "train_y must be a tensor or an array of numbers, not list"),
    "complex": ({"x": X.to(torch.complex64)}, "train_x must hold real numbers"),
    "one part of each kind": ({"y": torch.rand(40, 3), "test_y": Y[:9]}, "both be classes or both be numbers"),
}


@pytest.mark.parametrize("case", BAD)
def test_data_that_cannot_be_learned_from_are_refused(case):
    given, words = BAD[case]
    with pytest.raises(DataError, match=words):
        dataset(**given)


def test_evaluate_refuses_what_does_not_fit():
    net = torch.nn.Linear(6, 3)
    assert evaluate(net, X, Y) == evaluate(net, X, Y.int())
    for x, y, words in (
        (X, Y[:30], "30 targets for 40 examples"),
        (X, changed(Y, 2, -100), r"y\[2\] is -100"),
        (X, changed(Y, 2, 3), r"answers with 3 numbers an example, one for each class, and y\[2\] is class 3"),
        (changed(X, (8, 0), torch.nan), Y, r"x\[8, 0\] is nan"),
        (X, torch.rand(40, 2), "answers with 3 numbers an example, and the targets are 2 each"),
    ):
        with pytest.raises(DataError, match=words):
            evaluate(net, x, y)
    with pytest.raises(DataError, match="with 2 outputs"):
        evaluate(Two(), X, Y)


class Two(torch.nn.Module):
    def forward(self, x):
        return x[:, :3], x[:, 3:]


def test_a_trainer_refuses_targets_that_its_network_does_not_answer():
    split = Split(X, changed(Y, 11, 7), X[:0], Y[:0])
    with pytest.raises(DataError, match=r"y\[11\] is class 7, which takes 8"):
        Trainer(torch.nn.Linear(6, 3), split, TrainingOptions(epochs=1)).run()


def two_outputs():
    graph = mlp([6, 4, 3])
    more = graph.add_population("more", 2, is_output=True, activation="identity")
    graph.connect(graph.population("hidden1"), more, np.zeros((4, 2)))
    return graph


FIT = {
    "fewer outputs than classes": (lambda: mlp([6, 4, 2]), dataset(), "population 'output' answers with 2 numbers"),
    "more classes than are in the data": (lambda: mlp([6, 4, 3]), replace(dataset(), classes=5), "has 5 classes"),
    "two output populations": (two_outputs, dataset(), "2 output populations, 'output', 'more'"),
    "other features": (lambda: mlp([5, 4, 3]), dataset(), "'input' takes rows of 5 features, and mine has rows of 6"),
    "images for rows": (lambda: lenet4(), dataset(), "takes maps of 1 x 28 x 28"),
    "numbers": (lambda: mlp([6, 4, 3]), dataset(y=torch.rand(40, 2), test_y=torch.rand(9, 2), classes=2), "are 2 each"),
}


@pytest.mark.parametrize("case", FIT)
@pytest.mark.parametrize("command", ["train", "metabolize", "expand", "prune", "morph", "prune_network", "rewire"])
def test_no_run_is_begun_with_data_that_do_not_fit(command, case, tmp_path):
    make, data, words = FIT[case]
    settings = {"morph": {"algorithm": "none"}, "prune": {"settle": 1, "epochs": 3}}
    settings |= {"rewire": {"settle": 1, "epochs": 3, "density": 0.8}}
    with pytest.raises(NeuroGraphError) as raised:
        getattr(search, command)(make(), data, run=tmp_path / "run", **{"epochs": 1} | settings.get(command, {}))
    if command != "prune_network":  # refuses what has no kernels
        assert words in str(raised.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("settings", [{"crop": 1}, {"label_smoothing": 0.1}, {"device": "abacus"}, {"device": "meta"}])
def test_no_run_is_begun_with_options_that_do_not_fit_the_data(settings, tmp_path):
    numbers = dataset(y=torch.rand(40, 3), test_y=torch.rand(9, 3))
    with pytest.raises(NeuroGraphError, match=next(iter(settings))):
        search.train(mlp([6, 4, 3]), numbers, epochs=1, run=tmp_path / "run", **settings)
    assert not (tmp_path / "run").exists()


def test_tensors_that_are_on_their_way_elsewhere():
    """Of a graph of gradients the numbers are taken; where there are none, or some are missing, that is said."""
    for x in (X.clone().requires_grad_(), torch.nn.Parameter(X.clone()), X.clone().requires_grad_() * 1.0):
        data = dataset(x=x)
        assert torch.equal(data.train_x, X) and not data.train_x.requires_grad and data.fingerprint()
    with pytest.raises(DataError, match="train_x is a tensor of the meta device"):
        dataset(x=X.to("meta"))
    with pytest.raises(DataError, match="test_x is a masked array, and 2 of its numbers are missing"):
        dataset(test_x=np.ma.masked_array(X[:9].numpy(), mask=np.arange(54).reshape(9, 6) < 2))


def test_whole_numbers_that_float32_does_not_hold_are_refused():
    for number in (2**24 + 1, 2**53 + 1, 2**62 + 1):
        with pytest.raises(DataError, match=rf"train_x\[3, 1\] is {number}, which is not exact in float32"):
            dataset(x=changed(X.long(), (3, 1), number))
    assert dataset(x=changed(X.long(), (3, 1), 2**62)).train_x[3, 1] == 2.0**62
