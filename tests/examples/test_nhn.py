"""The examples of the neuron hierarchy, in small."""

from types import SimpleNamespace

import pytest

SMALL = (
    "hierarchy.epochs=1", "hierarchy.layers=3", "hierarchy.segments=1", "hierarchy.channels=4", "hierarchy.steps=1",
    "hierarchy.crop=1", "train.epochs=1", "prune.epochs=2", "prune.settle=1", "retrain.epochs=1", "final.epochs=1",
    "locations.cycles=1", "locations.train_batches=1", "directions.cycles=1", "directions.train_batches=1",
)  # fmt: skip


def settings():
    return [word for one in SMALL for word in ("--set", one)]


def test_nhn_quick(example, tmp_path, capsys):
    made = example("nhn_quick").main(["--data", "digits:200", "--out", str(tmp_path / "run"), *settings()])
    shown = capsys.readouterr().out
    assert "| trained with them |" in shown
    assert f"{made.test_error:.2f}" in shown
    assert (tmp_path / "run" / "pictures" / "add-ons.png").exists()


def test_nhn_cifar10_goes_on_where_it_was(example, tmp_path, capsys, monkeypatch):
    module = example("nhn_cifar10")
    begun = []
    run = tmp_path / "run"

    def begin(data, options, **how):
        begun.append((data, options.shared.device, options.hierarchy.layers, options.final.epochs, how["run"]))
        raise KeyboardInterrupt

    monkeypatch.setattr(module.search, "neuron_hierarchy", begin)
    with pytest.raises(KeyboardInterrupt):
        module.main(["--out", str(run)])
    assert begun == [("cifar10", "cpu", 12, 260, run)]
    run.mkdir()
    (run / "config.json").write_text("{}")
    gone_on = SimpleNamespace(report=lambda: "the table", run=run)
    monkeypatch.setattr(module.search, "resume", lambda path, progress: {run: gone_on}[path])
    assert module.main(["--out", str(run)]) is gone_on
    assert "the table" in capsys.readouterr().out
