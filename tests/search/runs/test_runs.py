import json
import os
import shutil

import pytest
import torch
from torch import nn

from neurograph.errors import FileError, OptionError
from search.datasets import Split
from search.runs import Run, create_run, differences, environment, next_directory, open_run, started_run
from search.training import Trainer, TrainingOptions, generator, make_optimizer

OPTIONS = TrainingOptions(epochs=6, batch_size=8, learning_rate=0.05, schedule="step", step_every=2)


class FakeGraph:
    """What a run needs of a graph: it can save itself."""

    def __init__(self, text):
        self.text = text

    def save(self, path):
        path.write_text(self.text)


def split():
    x, y = (
        torch.randn(50, 6, generator=generator(1, "test")),
        torch.randint(0, 3, (50,), generator=generator(2, "test")),
    )
    return Split(x[:40], y[:40], x[40:], y[40:])


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.3), nn.Linear(8, 3))


class Killed(BaseException):
    pass


def recorder(run, kill=None):
    """Logs and checkpoints an epoch, dying at (epoch, place) where `kill` says so."""

    def record(trainer, row):
        for place in ("before the row", "torn row", "before the checkpoint", "in the checkpoint", "after"):
            if place == "before the checkpoint":
                run.log_metrics(row)
                run.log_journal({"epoch": row["epoch"]})
            if place == "after":
                state = {"net": trainer.net.state_dict(), "optimizer": trainer.optimizer.state_dict()}
                run.save_checkpoint(state, FakeGraph(f"graph of epoch {row['epoch']}"))
            if kill == (row["epoch"], place):
                if place == "torn row":
                    with open(run.path / "metrics.jsonl", "a") as file:
                        file.write('{"epoch": 4, "train_lo')
                if place == "in the checkpoint":
                    run.graph.write_text("a graph newer than the checkpoint")
                    (run.path / ".checkpoint.safetensors.123.part").write_bytes(b"half")
                raise Killed

    return record


def resumed(run):
    state = run.load_checkpoint()
    module = net()
    module.load_state_dict(state["net"])
    optimizer = make_optimizer(module.parameters(), OPTIONS)
    optimizer.load_state_dict(state["optimizer"])
    return Trainer(module, split(), OPTIONS, optimizer, [recorder(run)], rows=run.metrics())


def without_time(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.mark.parametrize("epoch", [2, 4, 6])
@pytest.mark.parametrize("place", ["before the row", "torn row", "before the checkpoint", "in the checkpoint", "after"])
def test_a_kill_anywhere_resumes_to_the_same_numbers_bit_for_bit(tmp_path, epoch, place):
    whole = create_run(tmp_path / "whole", {"command": "test"})
    expected = Trainer(net(), split(), OPTIONS, callbacks=[recorder(whole)])
    expected.run()
    run = create_run(tmp_path / "killed", {"command": "test"})
    with pytest.raises(Killed):
        Trainer(net(), split(), OPTIONS, callbacks=[recorder(run, kill=(epoch, place))]).run()
    trainer = resumed(run)
    assert len(trainer.rows) == (epoch if place == "after" else epoch - 1)
    assert run.graph.read_text() == f"graph of epoch {len(trainer.rows)}"
    trainer.run()
    for one, other in zip(trainer.net.parameters(), expected.net.parameters(), strict=True):
        assert torch.equal(one, other)
    assert without_time(run.metrics()) == without_time(whole.metrics()) == without_time(expected.rows)
    assert run.journal() == whole.journal() == [{"epoch": n} for n in range(1, 7)]
    assert run.load_checkpoint()["net"].keys() == whole.load_checkpoint()["net"].keys()


def test_config_holds_options_versions_and_threads(tmp_path):
    run = create_run(tmp_path / "run", {"command": "metabolize", "options": {"epochs": 3}})
    run.update_config(lowerings=["dense", "sparse"])
    config = open_run(tmp_path / "run").config()
    assert config["options"] == {"epochs": 3}
    assert config["lowerings"] == ["dense", "sparse"]
    assert config["threads"] == torch.get_num_threads()
    assert config["versions"]["torch"] == torch.__version__


def test_differences_from_the_machine_of_a_run_are_told():
    same = {"format": 1, **environment()}
    assert differences(same) == []
    other = json.loads(json.dumps(same))
    other["threads"] += 3
    other["versions"]["torch"] = "1.0"
    assert len(differences(other)) == 2
    assert f"torch 1.0 then, {torch.__version__} now" in differences(other)


def test_another_run_is_only_overwritten_by_force(tmp_path):
    run = create_run(tmp_path, {"command": "one"})
    run.log_metrics({"epoch": 1})
    (run.pictures / "error.svg").write_text("<svg/>")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OptionError, match="holds another run .*metrics.jsonl.*force"):
        create_run(tmp_path, {"command": "two"})
    assert open_run(tmp_path).config()["command"] == "one"
    again = create_run(tmp_path, {"command": "two"}, force=True)
    assert again.metrics() == []
    assert sorted(os.listdir(tmp_path)) == ["config.json", "notes.txt"]


def test_a_directory_without_a_run_is_refused(tmp_path):
    with pytest.raises(FileError, match="not a run directory"):
        open_run(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="file cannot be made a run directory"):
        create_run(tmp_path / "file", {})


def test_a_run_without_a_checkpoint_says_so(tmp_path):
    with pytest.raises(FileError, match="no checkpoint"):
        create_run(tmp_path, {}).load_checkpoint()


def test_a_shortened_log_is_named_and_nothing_is_cut(tmp_path):
    run = create_run(tmp_path, {})
    for epoch in (1, 2, 3):
        run.log_metrics({"epoch": epoch})
        run.log_journal({"epoch": epoch})
    run.save_checkpoint({"epoch": 3})
    run.log_metrics({"epoch": 4})
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-2])
    with pytest.raises(
        FileError, match="journal.jsonl is damaged: it has 2 lines, and the checkpoint was made after 3"
    ):
        run.load_checkpoint()
    assert len(run.metrics()) == 4


def test_a_damaged_line_is_named_a_torn_last_one_is_not(tmp_path):
    run = create_run(tmp_path, {})
    run.log_metrics({"epoch": 1})
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"epoch": 2')
    assert run.metrics() == [{"epoch": 1}]
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write("\n")
    with pytest.raises(FileError, match="metrics.jsonl is damaged: line 2"):
        run.metrics()


def test_damage_is_listed_by_name(tmp_path):
    run = create_run(tmp_path, {})
    run.start.write_text("graph")
    run.save_checkpoint({"epoch": 0}, FakeGraph("graph"))
    assert run.damage() == []
    run.start.unlink()
    (tmp_path / "checkpoint.safetensors").write_bytes(b"no")
    (tmp_path / "config.json").write_text("{")
    found = run.damage()
    assert [next(name for name in ("config", "checkpoint", "start") if name in line) for line in found] == [
        "config",
        "checkpoint",
        "start",
    ]


def test_floats_and_rows_come_back_as_they_were(tmp_path):
    run = create_run(tmp_path, {})
    row = {"train_loss": 0.1 + 0.2, "validation_loss": 1e-308, "edit": None, "neurons": {"first": 3}}
    run.log_metrics(row)
    assert Run(tmp_path).metrics() == [row]


def test_new_directories_are_numbered(tmp_path):
    assert next_directory(tmp_path, "metabolize-digits").name == "metabolize-digits-1"
    (tmp_path / "metabolize-digits-1").mkdir()
    assert next_directory(tmp_path, "metabolize-digits").name == "metabolize-digits-2"


def test_a_checkpoint_is_refused_beside_the_configuration_of_another_run(tmp_path):
    for name, rate in (("one", 0.1), ("other", 0.2)):
        with started_run(tmp_path / name, {"command": "train", "options": {"rate": rate}}) as run:
            run.save_checkpoint({})
    shutil.copy(tmp_path / "other" / "config.json", tmp_path / "one" / "config.json")
    with pytest.raises(FileError, match="is of a run with another configuration than"):
        Run(tmp_path / "one").load_checkpoint()
    Run(tmp_path / "other").update_config(result={"error": 1.0})
    assert Run(tmp_path / "other").load_checkpoint() == {}
