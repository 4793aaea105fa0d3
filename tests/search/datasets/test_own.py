"""Data of one's own in the forms that people have them in, learned from end to end."""

import json

import numpy as np
import pytest
import torch
from neurograph.search.cli import main
from neurograph.search.datasets import as_dataset, load
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from neurograph import search
from neurograph.builders import mlp
from neurograph.errors import DataError, OptionError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3)).astype(np.float32)
CLASSES = (X[:, 0] > 0).astype(np.int64)
PRICE = X @ np.array([1.0, -2.0, 0.5], np.float32)
BOTH = np.stack([PRICE, -PRICE], 1)
LABELS = (X[:, :2] > 0).astype(np.int64)
SETTINGS = {"epochs": 12, "learning_rate": 0.03, "batch_size": 16}


class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return len(X)

    def __getitem__(self, at):
        return X[at], int(CLASSES[at])


class Flow(IterableDataset):
    def __iter__(self):
        return iter(zip(torch.from_numpy(X), CLASSES, strict=True))


FORMS = {
    "arrays": lambda: (X, CLASSES),
    "lists": lambda: (X.tolist(), CLASSES.tolist()),
    "tensors": lambda: (torch.from_numpy(X), torch.from_numpy(CLASSES)),
    "dataset": lambda: TensorDataset(torch.from_numpy(X), torch.from_numpy(CLASSES)),
    "own dataset": Rows,
    "flow": Flow,
    "loader": lambda: DataLoader(Rows(), batch_size=7, shuffle=True),
    "flowing loader": lambda: DataLoader(Flow(), batch_size=7),
    "parts": lambda: {"train": (X, CLASSES)},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_holds_the_same_examples(form):
    data, wanted = as_dataset(FORMS[form]()), as_dataset((X, CLASSES))
    assert data.fingerprint() == wanted.fingerprint()
    assert data.classes == 2 and data.input_shape == (3,) and not len(data.test_y)


@pytest.mark.parametrize("form", ["four", "pairs", "parts"])
def test_a_test_part_comes_along(form):
    halves = (X[:60], CLASSES[:60]), (X[60:], CLASSES[60:])
    given = {
        "four": (*halves[0], *halves[1]),
        "pairs": halves,
        "parts": dict(zip(("train", "test"), halves, strict=True)),
    }
    data = as_dataset(given[form])
    assert (len(data.train_y), len(data.test_y)) == (60, 20)
    assert as_dataset(data) is data


@pytest.mark.parametrize(
    ("y", "outputs", "loss", "unit"),
    [
        (CLASSES, 2, "auto", "%"),
        (np.array(["no", "yes"])[CLASSES], 2, "cross_entropy", "%"),
        (PRICE, 1, "mae", "% of the targets' variance"),
        (BOTH, 2, "huber", "% of the targets' variance"),
        (LABELS, 2, "bce", "% of the labels"),
    ],
)
def test_each_kind_of_target_is_learned(y, outputs, loss, unit):
    graph = mlp([3, 8, outputs], activation="tanh", seed=0)
    made = search.train(graph, (X, y, X, y), loss=loss, **SETTINGS)
    assert made.test_error < 30 and made.unit == unit
    assert made.rows[-1]["train_loss"] < made.rows[0]["train_loss"]


def test_without_a_test_part_nothing_is_tested(tmp_path):
    made = search.metabolize(mlp([3, 4, 2], seed=0), (X, CLASSES), epochs=2, run=tmp_path / "run")
    assert made.test_error is None and made.test_loss is None
    with pytest.raises(OptionError, match="watch_test"):
        search.train(mlp([3, 4, 2], seed=0), (X, CLASSES), epochs=1, watch_test=True)


def test_a_loss_of_ones_own_and_callbacks_are_called_and_resumed_with(tmp_path):
    def cubed(answers, y):
        return (answers - y.reshape(answers.shape)).abs().pow(3).mean()

    class Pruned(Exception):
        pass

    def prune(trainer, row):
        seen.append(row["epoch"])
        if len(seen) == 3:
            raise Pruned

    seen: list[int] = []
    graph, data = mlp([3, 4, 1], seed=0), (X, PRICE)
    with pytest.raises(Pruned):
        search.train(graph, data, loss=cubed, callbacks=[prune], run=tmp_path / "run", **SETTINGS)
    with pytest.raises(OptionError, match="cubed"):
        search.resume(tmp_path / "run", data=data)
    resumed = search.resume(
        tmp_path / "run", data=data, loss=cubed, callbacks=[lambda t, row: seen.append(row["epoch"])]
    )
    straight = search.train(mlp([3, 4, 1], seed=0), data, loss=cubed, **SETTINGS)
    assert seen == list(range(1, 13))
    assert [row["train_loss"] for row in resumed.rows] == [row["train_loss"] for row in straight.rows]
    named = search.train(mlp([3, 4, 1], seed=0), data, **SETTINGS)
    assert straight.rows[0]["train_loss"] != named.rows[0]["train_loss"]


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ((np.where(np.eye(80, 3, dtype=bool), np.nan, X), CLASSES), r"train_x.*nan"),
        ((X, np.where(PRICE > 1, np.nan, PRICE)), r"train_y.*nan"),
        ((X, CLASSES[:9]), "9 targets for 80"),
        ((np.array([["a"]] * 80, object), CLASSES), "must hold numbers"),
        ((X, CLASSES, X), "tuple"),
        ((X[:0], CLASSES[:0]), "no examples"),
        ("parts", "parts of data"),
    ],
)
def test_what_cannot_be_learned_from_is_named(data, wrong):
    with pytest.raises(DataError, match=wrong):
        as_dataset({"tests": (X, CLASSES)} if isinstance(data, str) else data)


@pytest.mark.parametrize(
    ("y", "loss"), [(CLASSES, "mse"), (PRICE, "cross_entropy"), (3 * BOTH, "bce"), (CLASSES, "bce")]
)
def test_a_loss_that_is_not_for_the_targets_is_refused(y, loss):
    with pytest.raises(DataError, match="targets"):
        search.train(mlp([3, 4, 2 if y is not PRICE else 1], seed=0), (X, y), loss=loss, epochs=1)


# ------------------------------------------------------------------------------------------- files
def write_table(path, columns):
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def features():
    return {name: X[:, at].astype(float) for at, name in enumerate("abc")}


def test_a_table_is_read_by_its_target(tmp_path):
    columns = features() | {"kind": np.array(["red", "blue"])[CLASSES], "price": PRICE.astype(float)}
    file = write_table(tmp_path / "t.csv", {name: columns[name] for name in ("kind", "a", "b", "c", "price")})
    with pytest.raises(DataError, match="column 'kind' holds texts"):
        load(file)
    file = write_table(tmp_path / "t.csv", {name: columns[name] for name in ("kind", "a", "b", "c")})
    data = load(file + ":kind")
    assert data.classes == 2 and data.train_y.tolist() == (1 - CLASSES).tolist()
    assert np.allclose(data.train_x, X)
    both = load(write_table(tmp_path / "b.csv", features() | {"p": PRICE.astype(float), "q": PRICE * 2.0}) + ":p,q")
    assert both.train_y.shape == (80, 2)
    numbers = load(write_table(tmp_path / "n.csv", features() | {"euros": (PRICE * 100).astype(int)}))
    assert numbers.train_y.is_floating_point()  # whole, and no classes
    bare = tmp_path / "bare.csv"
    np.savetxt(bare, np.c_[X, CLASSES], delimiter=",")
    assert load(str(bare)).train_y.tolist() == CLASSES.tolist()


@pytest.mark.parametrize("name", ["\0.csv", "\0.npz", "\ud800.csv", "\n.npz"])
def test_names_that_no_file_has_are_refused(tmp_path, name):
    with pytest.raises(DataError, match=r"(?s)x.*(cannot be read|no \.npz file)"):
        load(str(tmp_path / f"x{name}"))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a,b\n1,2\n,3\n", "column 'a' misses its value in row 2"),
        ("a,kind\n1,red\n2,\n3,blue\n", "column 'kind' misses its value in row 2"),
        ("a,b\n1,2\n3\n", "row 3 has 1 values"),
        ("", "is empty"),
        ("b\n1\n", "no columns besides"),
        ("a,b\n", "no examples"),
    ],
)
def test_a_damaged_table_says_where(tmp_path, text, wrong):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=wrong):
        load(str(tmp_path / "t.csv"))


class Missing:
    """Answers as pandas.NA does."""

    def __repr__(self):
        return "missing"

    def __ne__(self, other):
        return self

    def __bool__(self):
        raise TypeError("is neither")


@pytest.mark.parametrize("missing", [None, float("nan"), np.datetime64("NaT"), Missing(), ""], ids=repr)
def test_a_target_that_is_missing_is_no_class(missing):
    kinds = np.array(["red", "blue"])[CLASSES].astype(object)
    kinds[7] = missing
    with pytest.raises(DataError, match=r"y\[7\] is .*: it has no value there"):
        as_dataset((X, kinds))


@pytest.mark.parametrize(
    ("x", "y", "wrong"),
    [
        (np.ma.masked_greater(X, 1), CLASSES, "x is a masked array"),
        (X, np.ma.masked_equal(CLASSES, 1), "y is a masked array"),
        ([[1.0, 2.0], [3.0]], [0, 1], "x is no table"),
        (torch.from_numpy(X).to_sparse(), CLASSES, "x is a sparse tensor"),
        (torch.from_numpy(X).to_sparse_csr(), CLASSES, "x is a sparse tensor"),
    ],
    ids=["masked x", "masked y", "ragged", "sparse", "CSR"],
)
def test_values_that_are_not_all_there_are_refused(x, y, wrong):
    with pytest.raises(DataError, match=wrong):
        as_dataset((x, y))


def test_arrays_in_a_file_are_learned_from_and_resumed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("own.npz", x=X[:60], y=CLASSES[:60], test_x=X[60:], test_y=CLASSES[60:])
    assert main(["train", "--data", "own.npz", "--hidden", "4", "--epochs", "2"]) == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert json.loads((run / "config.json").read_text())["data"] == str(tmp_path / "own.npz")
    assert main(["resume", str(run)]) == 0
    monkeypatch.chdir(run)  # the file is found from anywhere
    assert main(["resume", str(run)]) == 0
    (tmp_path / "own.npz").rename(tmp_path / "moved.npz")
    with pytest.raises(DataError, match=r"own.npz cannot be read.*put it back, or use search.resume\(run, data="):
        search.resume(run)
    assert search.resume(run, data=str(tmp_path / "moved.npz"))
    monkeypatch.chdir(tmp_path)
    np.savez("own.npz", x=X, y=CLASSES)
    assert main(["resume", str(run)]) == 2  # other data
    np.savez("own.npz", z=X)
    with pytest.raises(DataError, match="must be called x and y"):
        load("own.npz")
    np.savez("own.npz", x=np.array([object()]), y=CLASSES)
    with pytest.raises(DataError):  # no pickles
        load("own.npz")


def test_the_command_line_says_what_an_error_is_a_share_of(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("own.npz", x=X, y=PRICE, test_x=X, test_y=PRICE)
    assert main(["train", "--data", "own.npz", "--hidden", "4", "--epochs", "1"]) == 0
    assert "% of the targets' variance;" in capsys.readouterr().out
    write_table(tmp_path / "t.csv", features() | {"k": CLASSES})
    assert main(["train", "--data", "t.csv:k", "--hidden", "4", "--epochs", "1"]) == 0
    assert "no test part;" in capsys.readouterr().out


def test_frames_and_parquet(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(features())
    data = as_dataset((frame, pandas.Series(np.array(["red", "blue"])[CLASSES])))
    assert data.train_y.tolist() == (1 - CLASSES).tolist()
    mixed = as_dataset((frame.assign(d=np.arange(80)), pandas.Series(PRICE)))
    assert mixed.input_shape == (4,) and mixed.train_y.is_floating_point()
    pytest.importorskip("pyarrow")
    frame.assign(kind=np.array(["red", "blue"])[CLASSES]).to_parquet(tmp_path / "t.parquet")
    read = load(f"{tmp_path / 't.parquet'}:kind")
    assert read.train_y.tolist() == data.train_y.tolist() and np.allclose(read.train_x, X)
