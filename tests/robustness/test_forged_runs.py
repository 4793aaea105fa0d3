"""Run directories with right checksums and impossible content: refused by name, or gone on with; never a crash."""

import shutil
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

import search
from neurograph.builders import mlp
from neurograph.errors import FileError, NeuroGraphError
from search import cli
from search.datasets import load
from search.evolution import EvolutionOptions, Learning, Species, evolve, make_toolbox
from search.executors import Task
from search.growth.metabolism.streaming.run import metabolize_stream, resume_stream
from search.nhn import locations
from search.nhn.layers import find_hierarchy, resume_hierarchy
from search.runs import Run, jsonlines
from search.runs.jsonfiles import read_json, write_json
from search.runs.packing import fill, unpack_state
from tests.robustness.forger import damaged
from tests.robustness.state_forger import PLAIN, forged_state
from tests.robustness.tally import repeat

DATA = load("digits:60")
X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
GROWING = {"first_cycle": 2, "cycle": 1, "slope": 100.0, "newborns": 2, "measured": 20, "observed": 20, "epochs": 4}
MACRO = {
    "epochs": 2, "layers": 3, "channels": 4, "segments": 1, "crop": 1, "steps": 1, "asked": 2, "finalists": 2,
    "rated_on": 8, "operations": ("conv3",),
}  # fmt: skip


def evolved(run, generations=2):
    toolbox = make_toolbox()
    toolbox.register("select", Species(threshold=0.8))
    options = EvolutionOptions(6, generations, objectives={"error": -1.0, "synapses": -0.01}, seed=1)
    learning = Learning((X, X[:, :1]), F.mse_loss, steps=1)
    score = lambda one, net: ((net(X) - X[:, :1]).square().mean(), one.graph.number_of_edges())  # noqa: E731
    return evolve(mlp([2, 2, 1], seed=0), score, options, learning=learning, toolbox=toolbox, run=run, resume=True)


def located(run):
    options = locations.EvolutionOptions(population=10, survivors=4, recombined=2, cycles=2, racing=0, train_batches=1)
    return locations.search(Task("toy:toy"), options, run=run)


RUNS = {  # how each is made, and gone on with
    "metabolize": (
        lambda run: search.metabolize(mlp([64, 8, 10], seed=0), DATA, run=run, batch_size=30, **GROWING),
        lambda run: search.resume(run, data=DATA),
    ),
    "stream": (
        lambda run: metabolize_stream(
            mlp([64, 8, 10], seed=0), "random_labels", DATA, about={"tasks": 2, "images": 32, "passes": 1}, age=1,
            rate=100.0, run=run,
        ),
        lambda run: resume_stream(run, DATA),
    ),
    "evolution": (evolved, evolved),
    "layers by controller": (
        lambda run: find_hierarchy(DATA, **MACRO, run=run),
        lambda run: resume_hierarchy(run, DATA),
    ),
    "layers by evolution": (
        lambda run: find_hierarchy(DATA, **MACRO, sampler="evolution", run=run),
        lambda run: resume_hierarchy(run, DATA),
    ),
    "places": (located, lambda run: locations.resume(run, trust="toy")),
}  # fmt: skip
CHECKED_FIRST = ("evolution", "layers by controller", "layers by evolution", "places")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Name -> the directory of a run that has ended, with its newest checkpoint alone."""
    folder, made = tmp_path_factory.mktemp("finished"), {}

    def of(name):
        if name not in made:
            made[name] = folder / name
            RUNS[name][0](made[name])
            (made[name] / "checkpoint.previous.safetensors").unlink(missing_ok=True)
        return made[name]

    return of


@pytest.fixture(autouse=True)
def toy_and_no_pictures(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "search" / "nhn" / "locations"))
    for module in [each for name, each in sys.modules.items() if name.startswith("neurograph.search.")]:
        for name in ("leave_pictures", "draw_search"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda *_: None)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", RUNS)
def test_forged_checkpoints(finished, name, tmp_path):
    go_on, stopped = RUNS[name][1], finished(name)
    state = unpack_state(stopped / "checkpoint.safetensors")
    whole = (stopped / "checkpoint.safetensors").read_bytes()

    def trial(_, rng):
        run, flipped = tmp_path / "run", rng.random() < 0.2
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(stopped, run)
        path = run / "checkpoint.safetensors"
        try:
            path.write_bytes(damaged(whole, rng)) if flipped else fill(path, forged_state(state, rng))
        except (TypeError, ValueError, OverflowError):
            return "cannot be written"
        before = contents(run)
        try:
            go_on(run)
        except FileError as err:
            assert str(run) in str(err)
            if name in CHECKED_FIRST or "the graph in it" in str(err):
                assert contents(run) == before
            return "refused"
        except NeuroGraphError:
            return "went on and ended"  # numbers that lead nowhere
        assert not flipped or before[path.name] == whole, "damaged and taken"
        return "went on"

    counts = repeat(f"forged checkpoints of {name}", trial, 60, 5_000 if "layers" in name else 10_000)
    assert counts["refused"] > counts["trials"] // 4


@pytest.mark.filterwarnings("ignore")
def test_forged_logs_and_configs(finished, tmp_path, capsys):
    stopped = finished("metabolize")
    held = {name: jsonlines.read(stopped / f"{name}.jsonl") for name in ("metrics", "journal")}
    held["config"] = dict(read_json(stopped / "config.json"))

    def trial(number, rng):
        run = tmp_path / "run"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(stopped, run)
        if rng.random() < 0.2:
            path = run / ("config.json", "metrics.jsonl", "journal.jsonl")[rng.integers(3)]
            path.write_bytes(damaged(path.read_bytes(), rng))
        else:
            made = forged_state(held, rng, PLAIN)
            try:
                for name in ("metrics", "journal"):
                    jsonlines.rewrite(run / f"{name}.jsonl", made.get(name))
                write_json(run / "config.json", made.get("config"))
            except (TypeError, ValueError, AttributeError):
                return "cannot be written"
        commands = [["inspect", run], ["resume", run]]
        if number % 20 == 0:  # which take their time
            commands += [["view", run, "--force"], ["pictures", run]]
        statuses = {cli.main([*map(str, words)]) for words in commands}
        assert statuses <= {0, 2}
        said = capsys.readouterr().err
        assert "Traceback" not in said
        try:
            Run(run).metrics()
        except NeuroGraphError as err:
            assert str(run) in str(err)
        return "refused" if 2 in statuses else "went on"

    repeat("forged logs and configs", trial, 40, 10_000)
