"""Runs of every kind that go on for longer than they were begun for, as if they had been begun for as long."""

import json

import pytest
from neurograph.search import cli
from neurograph.search.evolution import EvolutionOptions, evolve
from neurograph.search.executors import Task
from neurograph.search.nhn import locations
from neurograph.search.runs import Run

from neurograph import search
from neurograph.builders import mlp
from neurograph.errors import OptionError
from tests.neurograph.files.test_importers import as_text

STREAM = {"images": 32, "passes": 2, "batch_size": 16}
HIERARCHY = {
    "layers": 3, "channels": 4, "segments": 1, "crop": 1, "examples": 100, "steps": 1, "asked": 2, "finalists": 2,
    "operations": ("conv3",), "rated_on": 16, "batch_size": 32, "schedule": "constant",
}  # fmt: skip


def stream(run, tasks=2, steps=0, kind="random_labels", **about):
    graph, made = mlp([64, 12, 10], seed=0), {"tasks": tasks} | STREAM | about
    return search.metabolize_stream(
        graph, kind, "digits:300", about=made, age=4, rate=100.0, every=2, steps=steps, run=run
    )


def permuted(run, tasks=2):
    about = {"tasks": tasks, "images": 96, "batch_size": 16}
    graph = mlp([64, 12, 10], seed=0)
    return search.metabolize_stream(
        graph, "permuted_pixels", "digits:300", about=about, age=4, rate=100.0, every=2, run=run
    )


def flipping(run, steps=40):
    about = {"steps": steps, "every": 7, "batch_size": 4}
    return search.metabolize_stream(
        mlp([21, 6, 1], seed=0), "bit_flipping", about=about, row=10, age=4, rate=100.0, run=run
    )


def layers(run, epochs=1):
    return search.find_hierarchy("digits:200", epochs=epochs, run=run, **HIERARCHY)


def genomes(run, cycles=2, **how):
    task = Task("tests.search.nhn.locations.toy:toy", {"noise": 0.1}, threads=1)
    options = locations.EvolutionOptions(**{"cycles": cycles, "racing": 0, "last_learning_rate": 0.01} | how)
    return locations.search(task, options, run=run)


def evolution(run, generations=2, **how):
    task = Task("tests.search.evolution.evolving_problems:xor", {"learning": "lamarckian"}, threads=1)
    return evolve(task, options=EvolutionOptions(6, generations, objectives={"error": -1.0}, seed=4, **how), run=run)


def training(run, epochs=2, **how):
    data = {"data": "digits:100", "learning_rate": 0.01, "batch_size": 20}
    return search.train(mlp([64, 5, 10], seed=0), **data, epochs=epochs, run=run, **how)


def metabolism(run):
    search.metabolize(mlp([64, 5, 10], seed=0), "digits:100", epochs=3, first_cycle=1, settle=2, run=run)


CASES = {  # how it is begun, what there is to be more of, and how many; modules to trust
    "epochs of training": (training, "epochs", 4, ()),
    "tasks of a stream": (stream, "tasks", 3, ()),
    "tasks of permuted pixels": (permuted, "tasks", 3, ()),
    "steps of a stream": (lambda run, steps=8: stream(run, 5, steps), "steps", 16, ()),
    "steps of a regression": (flipping, "steps", 70, ()),
    "epochs of a hierarchy": (layers, "epochs", 2, ()),
    "cycles of a search": (genomes, "cycles", 4, "tests.search.nhn.locations.toy"),
    "generations": (evolution, "generations", 4, "tests.search.evolution.evolving_problems"),
    "generations of islands": (
        lambda run, **n: evolution(run, islands=2, migration=2, **n), "generations", 4,
        "tests.search.evolution.evolving_problems",
    ),
}  # fmt: skip


def timeless(run):
    """The metrics without how long things took."""
    rows = Run(run).metrics()
    return [{name: value for name, value in row.items() if "seconds" not in name} for row in rows]


@pytest.mark.parametrize("name", CASES)
def test_a_longer_run_is_the_one_that_was_begun_for_as_long(name, tmp_path):
    begin, count, wanted, trust = CASES[name]
    begin(tmp_path / "whole", **{count: wanted})
    begin(tmp_path / "run")
    few = len(timeless(tmp_path / "run"))
    search.resume(tmp_path / "run", trust=trust, **{count: wanted})
    assert timeless(tmp_path / "run") == timeless(tmp_path / "whole") and len(timeless(tmp_path / "run")) > few
    if (tmp_path / "whole" / "graph.safetensors").exists():
        ends = [Run(tmp_path / each).load_network()[1] for each in ("run", "whole")]
        assert as_text(ends[0]) == as_text(ends[1])
    search.resume(tmp_path / "run", trust=trust)  # it is a run of that length from now on
    assert timeless(tmp_path / "run") == timeless(tmp_path / "whole")
    with pytest.raises(OptionError, match="at least the"):
        search.resume(tmp_path / "run", trust=trust, **{count: wanted - 1})


@pytest.mark.parametrize("name", ["epochs of training", "tasks of a stream", "cycles of a search", "generations"])
def test_what_a_run_does_not_count_is_refused_by_what_it_does(name, tmp_path):
    begin, count, _, trust = CASES[name]
    begin(tmp_path / "run")
    before = (tmp_path / "run" / "config.json").read_bytes()
    for other in {"epochs", "steps", "tasks", "cycles", "generations"} - {count}:
        with pytest.raises(OptionError, match=f"has no {other}; what it can have more of is {count}"):
            search.resume(tmp_path / "run", trust=trust, **{other: 100})
    assert (tmp_path / "run" / "config.json").read_bytes() == before


@pytest.mark.parametrize(
    ("begin", "count", "words"),
    [
        (lambda run: training(run, schedule="cosine"), "epochs", "learning rate has fallen"),
        (lambda run: genomes(run, last_learning_rate=0.001), "cycles", "learning rate has fallen"),
        (metabolism, "epochs", "in its last 2 epochs it has only trained"),
    ],
)  # fmt: skip
def test_where_it_becomes_another_run_a_warning_says_so(begin, count, words, tmp_path):
    begin(tmp_path / "run")
    with pytest.warns(UserWarning, match=words):
        search.resume(tmp_path / "run", trust="tests.search.nhn.locations.toy", **{count: 5})


def test_all_pairs_of_classes_are_all_there_are(tmp_path):
    about = {"task_steps": 4}
    search.metabolize_stream(
        mlp([64, 5, 2], seed=0), "class_pairs", "digits:300", about=about, rate=0.0, run=tmp_path / "run"
    )
    with pytest.raises(OptionError, match="all tasks that there are"):
        search.resume(tmp_path / "run", tasks=9)


def test_the_command_line_goes_on_for_longer(tmp_path, capsys):
    stream(tmp_path / "run")
    assert cli.main(["resume", str(tmp_path / "run"), "--tasks", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 3
    assert cli.main(["resume", str(tmp_path / "run"), "--cycles", "3"]) == 2
    assert "more of is tasks" in capsys.readouterr().err
