"""A compiled network that grows while it trains, stopped and resumed from its run directory: the same numbers."""

import pytest

import compiler
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits.proliferate import Proliferate
from search.datasets import hold_out, load
from search.runs import create_run
from search.training import Trainer, TrainingOptions, make_optimizer


class Stopped(Exception):
    pass


@pytest.fixture(scope="module")
def split():
    return hold_out(load("digits").flat(), 0.15)


def grow(trainer, row):
    if row["epoch"] in (2, 4):
        trainer.net.graph.apply(Proliferate("hidden1", 4, seed=row["epoch"]))
        trainer.net.refresh(trainer.optimizer)
        row["edit"] = "+4 hidden1"


def recorder(run, stop=None):
    def record(trainer, row):
        run.log_metrics(row)
        state = {"net": trainer.net.state_dict(), "optimizer": trainer.net.optimizer_state(trainer.optimizer)}
        run.save_checkpoint(state, trainer.net.graph)
        if row["epoch"] == stop:
            raise Stopped

    return record


def begun(run, split, options, stop=None):
    net = compiler.compile(mlp([64, 16, 16, 10], activation="relu", seed=0), batch_size=64)
    return Trainer(net, split, options, callbacks=[grow, recorder(run, stop)])


def resumed(run, split, options):
    state = run.load_checkpoint()
    net = compiler.compile(NeuronGraph.load(run.graph), batch_size=64)
    net.load_state_dict(state["net"])
    optimizer = make_optimizer(net.parameters(), options)
    net.load_optimizer_state(optimizer, state["optimizer"])
    return Trainer(net, split, options, optimizer, [grow, recorder(run)], rows=run.metrics())


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("stop", [1, 2, 3, 5])
def test_growth_goes_on_with_the_same_numbers(tmp_path, split, optimizer, stop):
    options = TrainingOptions(epochs=6, learning_rate=0.01, optimizer=optimizer, schedule="cosine")
    expected = begun(create_run(tmp_path / "whole", {}), split, options).run()
    run = create_run(tmp_path / "stopped", {})
    with pytest.raises(Stopped):
        begun(run, split, options, stop).run()
    rows = resumed(run, split, options).run()
    for row, other in zip(rows, expected, strict=True):
        assert row | {"seconds": 0} == other | {"seconds": 0}
    # 4 more neurons: 64 weights in, a bias and 16 weights out each
    assert [row["parameters"] for row in rows] == [1482, 1482, 1806, 1806, 2130, 2130]
    assert [row["neurons"]["hidden1"] for row in rows] == [16, 16, 20, 20, 24, 24]
