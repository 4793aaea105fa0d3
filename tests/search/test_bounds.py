"""Numbers that no option can mean: refused at once, by the option's name, wherever they come from."""

from dataclasses import MISSING, Field, fields
from typing import get_args

import pytest
import torch

import compiler
from compiler.inspection import inspect
from compiler.statistics.moments import Total
from neurograph import NeuronGraph, memory
from neurograph.builders import mlp
from neurograph.errors import CompileError, OptionError
from search import (
    cli,
    morph,
    neuron_hierarchy,  # noqa: F401  (every options class is defined)
    train,
)
from search.datasets import load
from search.options import Checked, read_options
from search.training import TrainingOptions

HUGE = (2**31, 10**20, -(10**20), 10**400, 1e300, -1e300, float("nan"), float("inf"), -float("inf"))


def subclasses(cls):
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


FOUND = {cls for cls in subclasses(Checked) if cls.__module__.startswith("neurograph.search.")}
OPTIONS = sorted(FOUND, key=lambda cls: (cls.__name__, cls.__module__))


def numeric(f: Field) -> bool:
    kinds = {f.type, *get_args(f.type)}
    return not kinds.union(*(get_args(kind) for kind in kinds)).isdisjoint({int, float})


FIELDS = [(cls, f) for cls in OPTIONS for f in fields(cls) if numeric(f)]


def test_there_are_options_of_every_command():
    assert len(OPTIONS) > 15 and len(FIELDS) > 200


@pytest.mark.parametrize("cls, f", FIELDS, ids=lambda each: getattr(each, "name", getattr(each, "__name__", "")))
def test_a_number_out_of_reach_is_refused_by_name_or_is_a_number_that_fits(cls, f):
    whole = int in (f.type, *get_args(f.type)) or tuple[int, ...] == f.type
    for value in HUGE:
        try:
            made = read_options(cls, settings={f.name: (value,) if str(f.type).startswith("tuple") else value})
        except OptionError as error:
            assert f.name in str(error)
        else:
            assert not whole or f.name == "seed"
            assert abs(getattr(made, f.name)) < 1e31
            assert value == value


@pytest.mark.parametrize("text", ["9" * 5000, "[" * 3000, "1e999", "nan", "-1", "0x" + "f" * 40, "{a=1}", "''", "²"])
def test_texts_that_are_no_number_are_refused_by_name(text):
    for cls, f in FIELDS:
        if f.type is int and f.default is not MISSING:
            with pytest.raises(OptionError, match=f.name):
                read_options(cls, settings=[f"{f.name}={text}"])


FLAGS = [
    ("train", "--hidden", "1000000000000"),
    ("train", "--hidden", "0"),
    ("train", "--hidden", "9" * 5000),
    ("metabolize", "--hidden", "-3"),
    ("compile", "--batch-size", "100000000000000000000"),
    ("compile", "--batch-size", "0"),
    ("inspect", "--batch-size", "100000000000000000000"),
    ("inspect", "--batch-size", "1e3"),
    ("view", "--max-synapses", "100000000000000000000"),
    ("view", "--max-synapses", "-1"),
]


@pytest.mark.parametrize("command, flag, value", FLAGS)
def test_flags_of_numbers_have_bounds(command, flag, value, tmp_path, capsys):
    mlp([4, 2]).save(tmp_path / "graph.safetensors")
    given = ["--run", str(tmp_path / "run")] if flag == "--hidden" else [str(tmp_path / "graph.safetensors")]
    with pytest.raises(SystemExit) as ended:
        cli.main([command, *given, flag, value])
    assert ended.value.code == 2
    assert f"{flag}: must be a whole number from" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph.safetensors"]


def test_layers_that_are_possible_alone_and_not_together(tmp_path, capsys):
    assert cli.main(["train", "--hidden", "10000000", "10000000", "--run", str(tmp_path / "run")]) == 2
    assert "synapses" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("batch_size", [0, -1, 2**31, 10**20, 1.5, True, "8", None])
def test_batch_sizes(batch_size):
    for use in (lambda n: compiler.compile(mlp([3, 2]), batch_size=n), lambda n: inspect(mlp([3, 2]), n)):
        with pytest.raises(CompileError, match="batch_size must be a whole number .* at most 2,147,483,647"):
            use(batch_size)
    assert inspect(mlp([3, 2]), 2**31 - 1).program is not None


def test_networks_that_no_memory_holds():
    graph = NeuronGraph()
    with pytest.raises(OptionError, match=r"population 'a': 10,000,000,000,000 neurons .*smaller populations"):
        graph.add_population("a", 10**13, role="input")
    with pytest.raises(OptionError, match="are more than a network can hold"):
        graph.add_population("a", 2**40)
    with pytest.raises(OptionError, match=r"layers of 64, 1,000,000,000,000, 10: .* more than a network can hold"):
        mlp([64, 10**12, 10])
    assert not len(graph)


def test_counts_of_examples_and_files_of_options_that_no_reader_takes(tmp_path):
    deep = tmp_path / "deep.toml"
    deep.write_text("epochs = " + "[" * 5000)
    with pytest.raises(OptionError, match="deep.toml nests its tables and lists too deeply"):
        read_options(TrainingOptions, deep)
    for count in ("9" * 5000, "", "-5", "²", "9"):
        with pytest.raises(OptionError, match="should say how many of digits's 1346 training examples"):
            load(f"digits:{count}")


def test_no_epochs_leave_a_run_without_curves(tmp_path):
    made = train(mlp([64, 4, 10]), "digits", epochs=0, run=tmp_path / "run")
    assert not made.rows and (tmp_path / "run" / "pictures" / "topology.png").exists()


def test_a_layer_whose_regression_no_memory_holds_is_refused_before_it_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda: 2**30)
    with pytest.raises(OptionError, match=r"width=100000: .* take at least 74.5 GiB, and 1.0 GiB are free: draw fewer"):
        morph(mlp([64, 8, 10]), "digits", epochs=1, insert_after=0, width=100_000, run=tmp_path / "run")
    with pytest.raises(OptionError, match="sums over 20,000 columns take at least 3.0 GiB"):
        Total(20_000, torch.device("cpu"))
    assert not (tmp_path / "run").exists()
