"""Checkpoints under damage: seen before anything changes, and the one before taken, with the same numbers."""

import copy
import json
import os
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

import search
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import FileError
from search.runs import Run, create_run, open_run
from search.runs.packing import _SKELETON, _as_bytes, _taken_apart, fill, pack_state, unpack_state
from search.training import Trainer

SETTINGS = {
    "epochs": 5, "first_cycle": 2, "cycle": 1, "cool_down": 0, "slope": 100.0, "newborns": 2, "learning_rate": 0.01,
    "measured": 0, "autophagy": "none", "batch_size": 64,
}  # fmt: skip
NEWEST, PREVIOUS = "checkpoint.safetensors", "checkpoint.previous.safetensors"


class Killed(BaseException):
    pass


def numbers(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def begun(path, whole_epochs, patch):
    """A run that was killed when its checkpoint of that epoch was whole and the next row written."""
    kept = Run.save_checkpoint

    def kill(self, state, graph=None, rows=None):
        if rows is not None and len(rows) > whole_epochs:
            raise Killed
        kept(self, state, graph, rows)

    with patch.context() as patched, pytest.raises(Killed):
        patched.setattr(Run, "save_checkpoint", kill)
        search.metabolize(mlp([64, 8, 6, 10], seed=3), "digits:200", run=path, **SETTINGS)
    return open_run(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return search.metabolize(
        mlp([64, 8, 6, 10], seed=3), "digits:200", run=tmp_path_factory.mktemp("runs") / "whole", **SETTINGS
    )


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    return begun(tmp_path_factory.mktemp("runs") / "stopped", 4, pytest.MonkeyPatch()).path


@pytest.fixture
def run(stopped, tmp_path):
    return Run(Path(shutil.copytree(stopped, tmp_path / "run")))


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << (at % 8)
    path.write_bytes(content)


def as_whole(run, whole):
    """Going on ends as the run that was never stopped, in its files as well."""
    again = search.resume(run.path)
    assert numbers(again.rows) == numbers(whole.rows) == numbers(run.metrics())
    assert again.test_loss == whole.test_loss
    for name, vector in whole.net.state_dict().items():
        assert vector.equal(again.net.state_dict()[name])
    assert run.journal() == open_run(whole.run).journal()
    assert not run.damage()


@pytest.mark.parametrize("share", (0.0, 0.3, 0.7, 0.999))
def test_a_flipped_bit_in_the_newest_is_seen_and_the_one_before_taken(run, whole, share):
    size = (run.path / NEWEST).stat().st_size
    flip(run.path / NEWEST, int(share * size))
    with pytest.warns(UserWarning, match=r"checkpoint\.safetensors is damaged.*going on from the checkpoint before it"):
        as_whole(run, whole)


def test_the_one_before_takes_the_place_of_a_damaged_newest_at_once(run):
    """Or the next checkpoint would keep the damaged one as the one before it."""
    flip(run.path / NEWEST, (run.path / NEWEST).stat().st_size // 2)
    with pytest.warns(UserWarning, match="going on from the checkpoint before it"):
        run.load_network()
    assert (run.path / NEWEST).read_bytes() == (run.path / PREVIOUS).read_bytes()


@pytest.mark.parametrize("damage", ["torn", "empty", "gone"])
def test_a_newest_that_is_torn_or_gone_is_no_loss(run, whole, damage):
    newest = run.path / NEWEST
    held = newest.read_bytes()
    newest.unlink()
    if damage != "gone":
        newest.write_bytes(held[:1000] if damage == "torn" else b"")
    with pytest.warns(UserWarning, match="going on from the checkpoint before it"):
        as_whole(run, whole)


def test_damage_of_both_changes_nothing(run):
    for name in (NEWEST, PREVIOUS):
        flip(run.path / name, (run.path / name).stat().st_size // 2)
    before = {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()}
    with pytest.raises(FileError, match=rf"{NEWEST} is damaged.*before it cannot be used either.*{PREVIOUS}"):
        search.resume(run.path)
    assert {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()} == before


def test_damaged_or_missing_metrics_are_written_anew(run, whole):
    (run.path / "metrics.jsonl").unlink()
    with pytest.warns(UserWarning, match=r"metrics\.jsonl is damaged.*written anew"):
        as_whole(run, whole)


def test_a_finished_run_without_its_metrics_does_not_train_on(whole, tmp_path):
    run = Run(Path(shutil.copytree(whole.run, tmp_path / "run")))
    (run.path / "metrics.jsonl").write_text('{"epoch": 1}\n')
    with pytest.warns(UserWarning, match="written anew"):
        again = search.resume(run.path)
    assert again.test_loss == whole.test_loss
    assert run.metrics() == open_run(whole.run).metrics()


def test_a_copy_by_hard_links_goes_on_and_leaves_the_one_that_it_is_of(stopped, tmp_path, whole):
    """As `cp -al` makes one: both directories have the same files."""
    for path in (stopped, whole.run):
        held = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
        shutil.copytree(path, tmp_path / path.name, copy_function=os.link)
        search.resume(tmp_path / path.name, epochs=6)
        assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == held


def test_metrics_that_vanish_while_it_runs_are_there_again_after_the_next_stop(tmp_path, whole):
    path, kept = tmp_path / "run", Run.log_metrics

    def log(self, row):
        kept(self, row)
        if row["epoch"] == 2:
            (path / "metrics.jsonl").unlink()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "log_metrics", log)
        run = begun(path, 3, patch)
    with pytest.warns(UserWarning, match="written anew"):
        as_whole(run, whole)


def test_a_journal_that_lost_its_end_goes_back_one_checkpoint(run, whole):
    saved = unpack_state(run.path / NEWEST)
    lines = (run.path / "journal.jsonl").read_bytes().splitlines(keepends=True)
    assert saved["lines"]["journal"] > unpack_state(run.path / PREVIOUS)["lines"]["journal"] > 0
    (run.path / "journal.jsonl").write_bytes(b"".join(lines[: saved["lines"]["journal"] - 1]))
    with pytest.warns(UserWarning, match=r"journal\.jsonl is damaged.*going on from the checkpoint before it"):
        as_whole(run, whole)


@pytest.mark.parametrize("damage", ["flipped", "gone"])
def test_a_damaged_start_is_told_before_training_and_costs_a_picture(run, whole, damage, monkeypatch):
    flip(run.start, run.start.stat().st_size - 9)
    if damage == "gone":
        run.start.unlink()
    train = Trainer.run
    shown = []

    def trained(self):
        shown.extend(seen)
        return train(self)

    monkeypatch.setattr(Trainer, "run", trained)
    with warnings.catch_warnings(record=True, action="always") as seen:
        again = search.resume(run.path)
    assert any(re.search(r"start\.safetensors.*goes without a picture", str(one.message)) for one in shown)
    assert numbers(again.rows) == numbers(whole.rows) and again.test_loss == whole.test_loss
    drawn = [{path.name for path in one.pictures.iterdir()} for one in (open_run(whole.run), run)]
    assert drawn[0] - drawn[1] == {"topology.png"}


@pytest.mark.parametrize("name", ["config.json", "journal.jsonl", "graph.safetensors", "start.safetensors"])
def test_a_flipped_bit_in_any_other_file_is_seen_or_does_no_harm(run, whole, name):
    for at in (10, (run.path / name).stat().st_size * 2 // 3):
        again = Run(Path(shutil.copytree(run.path, run.path.parent / f"{name}-{at}")))
        flip(again.path / name, at)
        try:
            with warnings.catch_warnings(action="ignore"):
                result = search.resume(again.path)
        except FileError as error:
            assert name in str(error)
        else:
            assert numbers(result.rows) == numbers(whole.rows) and result.test_loss == whole.test_loss


def test_a_bit_in_the_embedded_graph_does_not_reach_the_good_one(run):
    held = (run.path / NEWEST).read_bytes()
    good = run.graph.read_bytes()
    place = held.index(good) + len(good) // 2
    for name in (NEWEST, PREVIOUS):
        flip(run.path / name, min(place, (run.path / name).stat().st_size - 1))
    with pytest.raises(FileError):
        search.resume(run.path)
    assert run.graph.read_bytes() == good and NeuronGraph.load(run.graph)


def as_of_old(run):
    """The directory as it was written before there were checksums."""
    saved = unpack_state(run.path / NEWEST)
    for name in ("rows", "crcs"):
        del saved[name]
    tensors = {}
    tensors[_SKELETON] = _as_bytes(json.dumps(_taken_apart(saved, tensors, "state")).encode())
    safetensors.torch.save_file(tensors, run.path / NEWEST)
    (run.path / PREVIOUS).unlink()
    for name in ("metrics.jsonl", "journal.jsonl"):
        text = (run.path / name).read_text()
        (run.path / name).write_text(re.sub(r', "crc32": "[0-9a-f]{8}"\}', "}", text))
    config = json.loads((run.path / "config.json").read_text())
    config.pop("checksum")
    (run.path / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def test_runs_from_before_there_were_checksums_go_on_bit_for_bit(run, whole):
    as_of_old(run)
    as_whole(run, whole)


def test_the_graph_in_an_old_checkpoint_is_checked_before_it_is_written(run):
    as_of_old(run)
    good = run.graph.read_bytes()
    flip(run.path / NEWEST, (run.path / NEWEST).read_bytes().index(good) + len(good) // 2)
    logs = run.metrics(), run.journal()
    with pytest.raises(FileError, match="the graph in it is damaged: its content does not match its checksum"):
        search.resume(run.path)
    assert run.graph.read_bytes() == good and (run.metrics(), run.journal()) == logs


def test_a_state_that_lost_its_checksum_is_damaged(tmp_path):
    pack_state(tmp_path / "state", {"a": 1.0})
    tensors = safetensors.torch.load_file(tmp_path / "state")
    for about in (None, {"other": "entry"}):
        safetensors.torch.save_file(tensors, tmp_path / "state", about)
        with pytest.raises(FileError, match="checksum"):
            unpack_state(tmp_path / "state")


def test_every_flipped_bit_of_a_small_state_is_seen_or_changes_nothing(tmp_path):
    path, state = tmp_path / "state", {"rate": 0.1, "moments": np.arange(3.0), "none": None}
    pack_state(path, state)
    whole = path.read_bytes()
    for at in range(len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            try:
                back = unpack_state(path)
            except FileError:
                continue
            np.testing.assert_equal(back, state)


PLACES = [
    ("format",), ("lines",), ("lines", "metrics"), ("crcs",), ("crcs", "metrics"), ("crcs", "journal"), ("graph",),
    ("rows",), ("of",), ("state",),
]  # fmt: skip
RIGHT = {"rows": str, "of": str, "graph": bytes, "state": dict}
WRONG = [7.5, "x", b"x", (1, 2), {"x": []}, np.zeros(3), np.zeros(0), torch.zeros(2), torch.zeros(0)]


@pytest.mark.filterwarnings("ignore:.*going on from the checkpoint before it")
@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_a_part_of_another_type_is_refused_by_name(run, tmp_path, place):
    """Tensors and arrays among them, whose comparisons have no truth value."""
    state = unpack_state(run.path / NEWEST)
    (run.path / PREVIOUS).unlink()
    for wrong in WRONG:
        if isinstance(wrong, RIGHT.get(place[0], ())):
            continue  # refused, if at all, by what it says
        forged = copy.deepcopy(state)
        inner = forged if len(place) == 1 else forged[place[0]]
        inner[place[-1]] = wrong
        fill(run.path / NEWEST, forged)
        with pytest.raises(FileError, match=re.escape(str(run.path))):
            open_run(run.path).load_checkpoint()


def test_a_full_disk_keeps_both_checkpoints(tmp_path, monkeypatch):
    run = create_run(tmp_path, {})
    for epoch in (1, 2):
        run.save_checkpoint({"epoch": epoch}, None, [{"epoch": 1}] * epoch)

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("search.runs.packing.safetensors.torch.save_file", full)
    with pytest.raises(FileError, match=r"checkpoint\.safetensors: No space left"):
        run.save_checkpoint({"epoch": 3})
    assert [unpack_state(tmp_path / name)["state"]["epoch"] for name in (NEWEST, PREVIOUS)] == [2, 1]
