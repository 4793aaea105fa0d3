"""The whole run: a parent trained on real data, a layer inserted, what is reported, and going on after a kill."""

import json

import pytest
import torch
from torch import nn

import compiler
import search
from neurograph import NeuronGraph
from neurograph.builders import mlp, vgg
from neurograph.core.journal import from_line
from neurograph.edits import InsertLayer
from neurograph.errors import EditError, MissingError, OptionError
from neurograph.insertion import find_pair
from search.datasets import hold_out, load
from search.growth.morphing import PRESETS, MorphOptions, morph, report
from search.options import read_options
from search.runs import Run, open_run
from search.training import evaluate

QUICK = {
    "epochs": 7,
    "insert_after": 4,
    "algorithm": 1,
    "width": 60,
    "target": 20,
    "batch_size": 128,
    "learning_rate": 0.01,
    "recorded": 600,
}


def parent() -> NeuronGraph:
    return mlp([64, 12, 10], seed=3)


def numbers(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return morph(parent(), "digits", run=tmp_path_factory.mktemp("runs") / "whole", **QUICK)


def test_it_inserts_and_learns_on(whole):
    events = [(row["epoch"], row["event"]["kind"]) for row in whole.rows if row["event"]]
    assert events == [(4, "insertion")]
    assert {name: len(names) for name, names in whole.graph.populations.items()} == {
        "input": 64, "hidden1": 12, "output": 10, "inserted": 20,
    }  # fmt: skip
    event = whole.rows[3]["event"]
    assert (event["drawn"], event["neurons_new"]) == (60, 20)
    assert event["held_out_before"] == whole.rows[3]["validation_error"]
    assert event["held_out_after"] < event["held_out_before"] + 5
    assert 0 < event["function_change"] < 0.3
    assert whole.rows[-1]["validation_error"] < whole.rows[0]["validation_error"] / 2
    assert whole.rows[3]["edit"] == "inserted +20 between hidden1 and output"


def test_what_is_said_of_the_moment_after_is_so():
    """Inserted after the last epoch: what was measured then is what the network says now."""
    result = morph(parent(), "digits", **QUICK | {"epochs": 4})
    split = hold_out(load("digits").flat(), 0.15, 0)
    error = evaluate(result.net, split.validation_x, split.validation_y)[1]
    assert result.rows[-1]["event"]["held_out_after"] == error


def test_the_report(whole):
    text = report(whole.graph)
    details = whole.graph.journal[0].details
    assert text.startswith(f"inserted: 20 of 60 neurons, algorithm 1, λ {details['penalty']:.3g}")
    assert f"error on held-out examples {whole.rows[3]['validation_error']:.2f}% before" in text
    assert report(parent()) == "nothing was inserted"


def test_the_run_directory_holds_all_of_it(whole):
    run = open_run(whole.run)
    assert not run.damage()
    assert run.config()["command"] == "morph"
    assert {"growth.png", "topology.png", "sparsity.png"} <= {p.name for p in run.pictures.iterdir()}
    graph = NeuronGraph.load(run.start)
    graph.replay(from_line(json.dumps(line)) for line in run.journal())
    assert graph.wiring_digest() == whole.graph.wiring_digest()
    assert graph.journal[0].details == whole.graph.journal[0].details


@pytest.mark.parametrize(("epoch", "insert_after"), [(2, 4), (5, 4), (1, 0)])
@pytest.mark.parametrize("moment", ["log_metrics", "save_checkpoint"])
def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path, monkeypatch, epoch, insert_after, moment):
    settings = QUICK | {"insert_after": insert_after}
    reference, kept = morph(parent(), "digits", **settings), getattr(Run, moment)

    def interrupt(self, *given):
        if len(self.metrics()) >= epoch:
            raise KeyboardInterrupt
        kept(self, *given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, moment, interrupt)
        morph(parent(), "digits", run=tmp_path / "run", **settings)
    again = search.resume(tmp_path / "run")
    assert numbers(again.rows) == numbers(reference.rows)
    for name, vector in reference.net.state_dict().items():
        assert torch.equal(vector, again.net.state_dict()[name]), name
    assert len(open_run(again.run).journal()) == 1


@pytest.mark.parametrize("algorithm", ["joint", 2, 3, "redundant", "random", "identity", "none"])
def test_every_comparison_is_an_option(algorithm):
    settings = QUICK | {"epochs": 3, "insert_after": 2, "algorithm": algorithm}
    result = morph(parent(), "digits", **settings | ({"width": 20} if algorithm == "redundant" else {}))
    sizes = {name: len(names) for name, names in result.graph.populations.items()}
    expected = {"none": None, "identity": 12}.get(algorithm, 20)
    assert sizes.get("inserted") == expected
    event = result.rows[1]["event"]
    if algorithm == "identity":
        assert event["function_change"] < 1e-6
    if algorithm == "none":
        assert event is None and not len(result.graph.journal)


def test_from_scratch_nothing_is_left_of_the_parent():
    settings = QUICK | {"epochs": 2, "insert_after": 0, "learning_rate": 1e-9}
    start = parent()
    before = {(u, v): d["weight"] for u, v, d in start.edges(data=True)}
    result = morph(start, "digits", **settings | {"scratch": True, "algorithm": "random"})
    same = [pair for pair, weight in before.items() if result.graph.has_edge(*pair)]
    assert len(same) == 64 * 12
    assert not [1 for u, v in same if abs(result.graph[u][v]["weight"] - before[u, v]) < 1e-6]
    assert [entry.verb for entry in result.graph.journal] == ["InsertLayer", "Reinitialize"]
    assert result.graph.journal[0].details["event"]["function_change"] > 0.5


def test_a_trained_module_is_lifted_and_morphed():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    graph = compiler.lift(module.eval(), torch.zeros(1, 64))
    names = list(graph.populations)
    pair = next((a, b) for a in names for b in names if a != b and graph.nodes[graph.population(b)[0]]["is_output"]
                and any(graph.has_edge(u, graph.population(b)[0]) for u in graph.population(a)))  # fmt: skip
    result = morph(graph, "digits", **QUICK | {"between": pair, "insert_after": 0, "epochs": 1, "measured": 500})
    assert result.graph.journal[-1].details["event"]["function_change"] < 0.4
    assert len(result.graph.population("inserted")) == 20


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"between": ("input", "output")}, MissingError, "nothing between 'input' and 'output'"),
        ({"between": ("hidden1", "nowhere")}, MissingError, "no population 'nowhere'"),
        ({"between": ("hidden1",)}, OptionError, "between must be two"),
        ({"algorithm": 4}, OptionError, "algorithm"),
        ({"algorithm": "best"}, OptionError, "algorithm"),
        ({"target": 100}, OptionError, "cannot stay of width=60"),
        ({"kernel": 3}, EditError, "are scalars, which no kernel reads"),
        ({"penalty": 9.0, "target": None}, OptionError, "penalty must be a number or none, at least 0 and below 1"),
        ({"penalty": 0.0, "target": 4}, OptionError, "penalty=0 lets no neuron go, and target=4 of width=60"),
        ({"alpha": 0.0, "target": 4}, OptionError, "alpha=0 lets no neuron go"),
        ({"target": 1e-300}, OptionError, "target must be .* a share of at least 1e-09"),
        ({"target": 1e-8, "width": 5}, EditError, "neurons together miss a share"),  # which only data can say
    ],
)
def test_bad_options(settings, error, message, tmp_path):
    with pytest.raises(error, match=message):
        morph(parent(), "digits", run=tmp_path / "run", **QUICK | {"insert_after": 0} | settings)
    assert not (tmp_path / "run").exists()


def child():
    """The VGG16 that becomes of VGG15, an eighth as wide."""
    graph = vgg(15, width=1 / 8)
    graph.apply(InsertLayer(("pool3", "conv4_1"), width=64, kernel=3, algorithm="netmorph", iterations=1))
    return graph


def test_of_vgg15_becomes_vgg16_and_of_that_vgg17():
    graph = child()
    options = read_options(
        MorphOptions, settings=PRESETS["vgg16-17-cifar10-eighth"].settings | {"algorithm": "residual"}
    )
    edit = options.edit()
    assert edit is not None
    graph.apply(edit)
    wanted = vgg(17, width=1 / 8)
    maps = [
        sorted(len(members) for name, members in g.populations.items() if not name.startswith("pool"))
        for g in (graph, wanted)
    ]
    assert maps[0] == maps[1]
    third = [len(graph.population(name)) for name in ("conv3_1", "conv3_2", "conv3_3", "inserted2")]
    assert third == [32] * 4 and graph.nodes[graph.population("inserted2")[0]]["shape"] == (8, 8)


def test_papers_settings_are_the_papers():
    for name in ("lenet4-mnist-paper", "vgg15-cifar10-paper", "vgg16-17-cifar10-paper", "vgg18-cifar10-paper"):
        options = read_options(MorphOptions, settings=PRESETS[name].settings)
        assert (options.optimizer, options.momentum, options.weight_decay) == ("sgd", 0.9, 1e-6)
        assert options.learning_rate == (5e-3 if name.startswith("lenet") else 3e-4)
        assert (options.penalty, options.alpha, options.target) == (0.1, 0.1, None)
        assert options.width == {"lenet4-mnist-paper": 100, "vgg16-17-cifar10-paper": 256}.get(name, 512)


@pytest.mark.parametrize("algorithm", ["netmorph", "residual"])
def test_what_keeps_the_function_keeps_it(algorithm, tmp_path):
    result = morph(
        parent(),
        "digits",
        **QUICK | {"algorithm": algorithm, "width": 16, "target": None, "epochs": 3, "insert_after": 2},
    )
    event = next(entry.details["event"] for entry in result.graph.journal if entry.verb == "InsertLayer")
    assert event["function_change"] < 1e-5 and event["held_out_before"] == event["held_out_after"]
    assert len(result.graph.population("inserted")) == 16


def test_a_place_is_chosen_by_its_bottleneck_among_those_that_take_a_layer(monkeypatch):
    places = [
        compiler.Bottleneck("output", ("nowhere",), 3.0, 3.0),
        compiler.Bottleneck("hidden1", ("input",), 2.0, 2.0),
        compiler.Bottleneck("output", ("hidden1",), 1.0, 1.0),
    ]
    monkeypatch.setattr("neurograph.search.growth.morphing.events.compiler.bottlenecks", lambda *given: places)
    how = QUICK | {
        "between": "auto",
        "algorithm": "residual",
        "width": 5,
        "target": None,
        "epochs": 2,
        "insert_after": 1,
    }
    graph = morph(parent(), "digits", **how).graph
    new = graph.population("inserted")[0]
    assert set(graph.predecessors(new)) == set(graph.population("input"))
    assert set(graph.successors(new)) == set(graph.population("hidden1"))
    monkeypatch.setattr("neurograph.search.growth.morphing.events.compiler.bottlenecks", lambda *given: places[:1])
    with pytest.raises(EditError, match="no two populations"):
        morph(parent(), "digits", **how)


def test_the_place_is_that_of_the_largest_bottleneck(tmp_path, capsys):
    from search.cli import main

    mlp([64, 12, 1, 12, 10], seed=3).save(tmp_path / "g.safetensors")
    flags = ["--between=auto", "--algorithm=residual", "--width=5", "--epochs=1", "--insert-after=0", "--recorded=300"]
    assert main(["morph", "--graph", str(tmp_path / "g.safetensors"), "--run", str(tmp_path / "run"), *flags]) == 0
    run = open_run(tmp_path / "run")
    net = compiler.compile(NeuronGraph.load(run.start))
    data = load("digits").flat()
    places = compiler.bottlenecks(net, [(data.train_x, data.train_y)], torch.nn.functional.cross_entropy)
    graph = NeuronGraph.load(run.graph)
    readers = {graph.nodes[n]["population"] for n in graph.successors(graph.population("inserted")[0])}
    assert readers == {places[0].population}


@pytest.mark.parametrize("flags", [[], ["--hidden", "3"]])
def test_a_preset_for_a_trained_network_asks_for_it(flags, tmp_path, capsys):
    from search.cli import main

    assert main(["morph", "--preset", "vgg16-17-cifar10-eighth", "--run", str(tmp_path / "run"), *flags]) == 2
    assert "goes on with a trained network: name its run with --graph RUN" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_fit_their_networks(name):
    preset = PRESETS[name]
    options = read_options(MorphOptions, settings=preset.settings)
    if name.startswith("vgg") and not name.endswith("eighth"):
        assert options.between in {("pool3", "conv4_1"), ("conv3_3", "conv4_1"), ("conv3_3", "inserted")}
        return  # millions of weights: their smaller sister stands for them
    graph = child() if preset.graph is None else preset.graph(0)
    pair = find_pair(graph, options.between, options.place)
    assert len(pair.sources) and options.edit() is not None


def test_the_command_line(tmp_path, capsys):
    from search.cli import main

    flags = [f"--{name.replace('_', '-')}={value}" for name, value in QUICK.items()]
    assert main(["morph", "--hidden", "12", "--run", str(tmp_path / "run"), *flags]) == 0
    printed = capsys.readouterr().out
    assert "inserted: 20 of 60 neurons, algorithm 1" in printed and "test error" in printed
    assert main(["morph", "--preset", "mlp-digits", "--hidden", "3", "--run", str(tmp_path / "other")]) == 2
    assert "--preset brings a network of its own" in capsys.readouterr().err
