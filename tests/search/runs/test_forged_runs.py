"""Run directories with right checksums and impossible content: refused by name, or gone on with; never a crash."""

import copy
import os
import shutil

import numpy as np
import pytest
import torch

import search
from neurograph.builders import mlp
from neurograph.errors import NeuroGraphError
from search import cli
from search.datasets import load
from search.growth import running as growth
from search.runs import Run, jsonlines
from search.runs.jsonfiles import read_json, write_json
from search.runs.packing import fill, unpack_state

MANY = 1500 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 60
DATA = load("digits:60")
OTHERS = (
    None, "", "x", -1, 0, 7, 2**40, 2**70, 0.5, 1e308, float("nan"), float("inf"), True, [], {}, (1, 2), [[]], {"x": 1},
    torch.zeros(2), torch.zeros(0), b"",
)  # fmt: skip


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run with an event behind it and epochs before it."""
    path = tmp_path_factory.mktemp("stopped") / "run"

    def leave(trainer, row):
        if row["epoch"] == 4:
            raise KeyboardInterrupt

    how = {"first_cycle": 2, "cycle": 1, "slope": 100.0, "newborns": 2, "measured": 20, "observed": 20, "epochs": 6}
    kept, callbacks = growth.following, lambda *given: (*kept(*given), leave)
    with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(growth, "following", callbacks)
        search.metabolize(mlp([64, 8, 10], seed=0), DATA, run=path, batch_size=30, **how)
    (path / "checkpoint.previous.safetensors").unlink()
    return path


def other_tensor(tensor, rng):
    dtypes = [torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.bool, torch.int64]
    made = [
        tensor.to(dtypes[rng.integers(6)]), tensor.reshape(-1)[:-1], tensor[None], torch.cat([tensor.reshape(-1)] * 2),
        torch.full_like(tensor, -1), torch.full_like(tensor, float("nan") if tensor.is_floating_point() else 99),
    ]  # fmt: skip
    return made[rng.integers(len(made))]


def places(value, path=()):
    """The path of everything in nested tables and lists."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def forged(value, rng):
    """A nested state like another, with one to three changes."""
    value = copy.deepcopy(value)
    for _ in range(int(rng.integers(1, 4))):
        found = list(places(value))
        *way, last = found[rng.integers(len(found))]
        holder = value
        for key in way:
            holder = holder[key]
        old, what = holder[last], rng.integers(4)
        if what == 0 and isinstance(holder, dict):
            del holder[last]
        elif isinstance(old, torch.Tensor) and what < 3:
            holder[last] = other_tensor(old, rng)
        elif isinstance(old, bytes) and what < 3:
            holder[last] = old[: rng.integers(len(old))]
        else:
            holder[last] = copy.deepcopy(OTHERS[rng.integers(len(OTHERS))])
    return value


@pytest.fixture
def no_pictures(monkeypatch):
    monkeypatch.setattr(growth, "leave_pictures", lambda *_: None)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.filterwarnings("ignore")
def test_forged_checkpoints(stopped, tmp_path, no_pictures):
    rng, state, refused = np.random.default_rng(1), unpack_state(stopped / "checkpoint.safetensors"), 0
    for number in range(MANY):
        run = tmp_path / str(number)
        shutil.copytree(stopped, run)
        try:
            fill(run / "checkpoint.safetensors", forged(state, rng))
        except (TypeError, ValueError, OverflowError):
            continue  # what no file holds
        before = contents(run)
        try:
            search.resume(run, data=DATA)
        except NeuroGraphError as err:
            refused += "checkpoint.safetensors" in str(err)
            if "the graph in it" in str(err):
                assert contents(run) == before
        shutil.rmtree(run)
    assert refused > MANY // 4


def rows_and_config(folder):
    return {"rows": jsonlines.read(folder / "metrics.jsonl"), "config": dict(read_json(folder / "config.json"))}


@pytest.mark.filterwarnings("ignore")
def test_forged_logs_and_configs(stopped, tmp_path, capsys):
    rng = np.random.default_rng(2)
    held = rows_and_config(stopped)
    plain = [each for each in OTHERS if not isinstance(each, torch.Tensor | bytes | tuple)]
    for number in range(MANY // 2):
        run = tmp_path / str(number)
        shutil.copytree(stopped, run)
        with pytest.MonkeyPatch.context() as patched:
            patched.setitem(globals(), "OTHERS", plain)
            made = forged(held, rng)
        try:
            jsonlines.rewrite(run / "metrics.jsonl", made.get("rows"))
            write_json(run / "config.json", made.get("config"))
        except (TypeError, ValueError, AttributeError):
            continue
        for words in (["inspect", run], ["view", run, "--force"], ["pictures", run]):
            if words[0] != "pictures" or not number % 10:  # which take their time
                assert cli.main([*map(str, words)]) in (0, 2)
        said = capsys.readouterr().err
        assert "Traceback" not in said
        try:
            Run(run).metrics()
        except NeuroGraphError as err:
            assert str(run) in str(err)
        shutil.rmtree(run)
