"""Streams: functions of a seed and a step, and what is refused of what people bring."""

from itertools import islice, pairwise

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from neurograph.errors import DataError, OptionError
from search.datasets import dataset_of, load
from search.streams import STREAMS, WITHOUT_DATA, from_batches, make_stream

NUMBERS = dataset_of(torch.eye(9), torch.arange(9) / 9, name="numbers")
SETTINGS = {
    "random_labels": {"tasks": 3, "images": 40, "passes": 2, "batch_size": 16},
    "permuted_pixels": {"tasks": 3, "images": 50, "batch_size": 16},
    "class_incremental": {"each": 2, "batch_size": 64},
    "class_pairs": {"tasks": 3, "task_steps": 7, "batch_size": 16},
    "bit_flipping": {"steps": 2100, "every": 300},
}


def made(name, **more):
    return make_stream(name, None if name in WITHOUT_DATA else load("digits").flat(), **SETTINGS[name] | more)


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_goes_on_from_any_step_as_it_was(name):
    stream = made(name, seed=3)
    whole = list(stream.batches())
    assert len(whole) == stream.steps
    for start in (1, stream.task_steps - 1, stream.task_steps, stream.task_steps + 3, stream.steps - 1):
        for here, there in zip(whole[start : start + 3], islice(stream.batches(start), 3), strict=True):
            assert same(here, there)
    assert not list(stream.batches(stream.steps))


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_its_seed_s(name):
    (one, other, third) = (next(iter(made(name, seed=seed).batches())) for seed in (1, 1, 2))
    assert same(one, other) and not same(one, third)


def test_random_labels_are_others_each_task_and_the_same_within_one():
    stream = made("random_labels")
    batches = list(stream.batches())
    passes = [batches[at : at + stream.pass_steps] for at in range(0, stream.steps, stream.pass_steps)]

    def pairs(some):
        return {(x.sum().item(), *x.tolist(), y) for xs, ys in some for x, y in zip(xs, ys.tolist(), strict=True)}

    assert pairs(passes[0]) == pairs(passes[1]) and len(pairs(passes[0])) == 40
    assert not pairs(passes[1]) & pairs(passes[2])
    assert [y.tolist() for _, y in passes[0]] != [y.tolist() for _, y in passes[1]]


def test_pixels_are_permuted_alike_within_a_task_only():
    data = load("digits").flat()
    stream = made("permuted_pixels", images=len(data.train_y))
    by_sum = {round(x.sum().item(), 3) for x in data.train_x}
    for task in range(2):
        x, _ = next(iter(stream.batches(task * stream.task_steps)))
        assert {round(one.sum().item(), 3) for one in x} <= by_sum
        assert sum(bool((data.train_x == one).all(1).any()) for one in x) < len(x) / 4


def test_classes_come_and_are_asked_for():
    stream, seen = made("class_incremental"), set()
    for task in range(5):
        batches = islice(stream.batches(task * stream.task_steps), stream.task_steps)
        now = set(torch.cat([y for _, y in batches]).tolist())
        assert now >= seen and len(now) == 2 * (task + 1)
        assert set(stream.tests(task)[1].tolist()) == now
        seen = now
    pairs = made("class_pairs", tasks=None)
    assert pairs.steps == 45 * 7 and pairs.outputs == 2
    assert set(pairs.tests(44)[1].tolist()) == {0, 1}


def test_one_slow_bit_flips_at_a_time_and_the_target_stays():
    stream = made("bit_flipping", batch_size=4)
    batches = list(stream.batches())
    slow = [x[0, :15] for x, _ in batches]
    flips = [int((a != b).sum()) for a, b in pairwise(slow)]
    assert [at for at, n in enumerate(flips, 1) if n] == [300, 600, 900, 1200, 1500, 1800] and max(flips) == 1
    assert all((x[:, -1] == 1).all() for x, _ in batches)
    answers = {}
    for x, y in batches:
        for one, told in zip(x.tolist(), y.tolist(), strict=True):
            assert answers.setdefault(tuple(one), told) == told


X, Y = torch.randn(8, 3), torch.arange(8) % 2


def test_any_iterable_of_batches_is_a_stream():
    loader = DataLoader(TensorDataset(X, Y), batch_size=4)
    for batches in (loader, list(loader), lambda: iter(loader), iter(loader)):
        stream = from_batches(batches)
        assert (stream.input_shape, stream.outputs) == ((3,), 2)
        assert [len(x) for x, _ in stream.batches()] == [4, 4]
    repeated = from_batches(list(loader), repeat=True)
    assert [torch.equal(x, X[:4]) for x, _ in islice(repeated.batches(1), 4)] == [False, True, False, True]


def test_what_can_be_read_but_once_is_read_once():
    stream = from_batches((batch for batch in [(X, Y)] * 3), outputs=2)
    assert len(list(stream.batches())) == 3
    with pytest.raises(DataError, match="can be read but once"):
        list(stream.batches())
    with pytest.raises(OptionError, match="repeat"):
        from_batches(iter([(X, Y)]), repeat=True)


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ((torch.randn(4, 5), Y[:4]), "step 1 .* shape \\(5,\\), and until then \\(3,\\)"),
        ((X.double(), Y), "float64"),
        ((X, Y.float()), "targets"),
        ((X, Y + 1), "class 2, and there are 2"),
        ((X, Y - 1), "class -1"),
        ((X, Y[:3]), "8 examples and 3 targets"),
        ((X * float("nan"), Y), "not finite"),
        ((X[:0], Y[:0]), "0 examples"),
        ([X], "pair of tensors"),
        ((X, Y.tolist()), "pair of tensors"),
    ],
)
def test_a_stream_that_changes_is_refused_by_step(second, why):
    batches = from_batches([(X, Y), second]).batches()
    next(batches)
    with pytest.raises(DataError, match=why):
        next(batches)


def test_what_cannot_be_is_refused():
    digits = load("digits").flat()
    with pytest.raises(DataError, match="no batch"):
        from_batches([])
    for name, data, settings, why in (
        ("nothing", digits, {}, "no stream 'nothing'"),
        ("random_labels", None, {}, "data set"),
        ("random_labels", digits, {"images": 10**6}, "training images"),
        ("random_labels", NUMBERS, {"images": 8}, "drawn of the classes that numbers has, and it has 1"),
        ("random_labels", digits, {"images": 33, "batch_size": 16}, "leave one over"),
        ("random_labels", digits, {"tasks": 0}, "tasks must be"),
        ("random_labels", digits, {"taskz": 3}, "taskz"),
        ("class_incremental", digits, {"each": 3}, "does not divide"),
        ("class_pairs", digits, {"tasks": 46}, "45 pairs"),
        ("bit_flipping", None, {"slow": 30}, "slow=30"),
    ):
        with pytest.raises(OptionError, match=why):
            make_stream(name, data, **settings)
