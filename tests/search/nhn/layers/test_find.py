import io
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from rich.console import Console

import compiler
from neurograph import NeuronGraph
from neurograph.builders.enas import gene_rows
from neurograph.errors import DataError, FileError, OptionError
from search.datasets import hold_out, load
from search.nhn.layers import HierarchyOptions, Supernet, find_hierarchy, resume_hierarchy
from search.nhn.layers import find as module
from search.nhn.layers.oneshot import OneShot, SamplerSteps, rewards
from search.nhn.layers.progress import ShowHierarchySearch
from search.options import read_options
from search.runs import open_run
from search.training import Trainer, evaluate, generator

SMALL = {
    "epochs": 3, "layers": 4, "segments": 2, "channels": 4, "examples": 300, "validation": 0.2, "batch_size": 60,
    "crop": 1, "cutout": 2, "restart_after": 1, "steps": 2, "asked": 3, "rated_on": 30, "finalists": 4,
}  # fmt: skip
SAMPLERS = {"controller": {"rate": 0.01}, "evolution": {"population": 4, "tournament": 2}, "random": {}}


def without_time(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "search"
    return find_hierarchy("digits", run=path, sampler="evolution", sampler_options=SAMPLERS["evolution"], **SMALL)


def test_the_winner_is_a_macro_network_that_compiles(found):
    space = found.net.space
    assert (space.inputs, space.image, space.classes, space.layers) == (1, 8, 10, 4)
    assert space.genes(found.genes) == found.genes
    expected = space.graph(found.genes, 0, "he_smooth")
    assert found.graph.wiring_digest() == expected.wiring_digest()
    states = (compiler.compile(graph).state_dict() for graph in (found.graph, expected))
    assert all(torch.equal(a, b) for a, b in zip(*(state.values() for state in states), strict=True))
    assert [f"layer{i}" in found.graph.populations for i in range(5)] == [True] * 4 + [False]
    assert compiler.compile(found.graph)(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_finalists_are_ranked_on_all_held_out_examples(found):
    data = module._prepared(load("digits"), read_options(HierarchyOptions, settings=SMALL))
    split = hold_out(data, 0.2, 0)
    assert found.genes == found.ranking[0].genes
    assert 4 <= len(found.ranking) <= 6 and len({each.genes for each in found.ranking}) == len(found.ranking)
    errors = [each.error for each in found.ranking]
    assert errors == sorted(errors)
    with torch.no_grad():
        for each in found.ranking:
            wrong = found.net(split.validation_x, each.genes).argmax(1) != split.validation_y
            assert each.error == pytest.approx(100 * wrong.float().mean().item())
    best = found.rows[-1]["search"]["best_genes"]
    assert best in [gene_rows(each.genes) for each in found.ranking]


def test_rows_say_what_the_sampler_did(found):
    searched = [row["search"] for row in found.rows]
    assert len(searched) == 3
    for row, before, after in zip(found.rows, [None, *searched], searched, strict=False):
        assert 0 <= after["reward"] <= after["best_reward"] <= 1
        assert {"best", "mean"} <= set(after)
        assert after["best_error"] == min([row["validation_error"], *([before["best_error"]] if before else [])])
    # an epoch's best is validated after the next
    at = int(np.argmin([row["validation_error"] for row in found.rows]))
    if at:
        assert searched[-1]["best_genes"] == searched[at - 1]["genes"]


def test_a_run_directory_holds_the_winner(found):
    config = json.loads((found.run / "config.json").read_text())
    assert config["result"]["genes"] == gene_rows(found.genes)
    assert [each["error"] for each in config["result"]["ranking"]] == [each.error for each in found.ranking]
    assert NeuronGraph.load(found.run / "graph.safetensors").wiring_digest() == found.graph.wiring_digest()
    assert (found.run / "pictures" / "search.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(OptionError, match="holds another run"):
        find_hierarchy("digits", run=found.run, **SMALL)


class Stopped(Exception):
    pass


@pytest.mark.parametrize(("name", "stop"), [("controller", 1), ("controller", 2), ("evolution", 2), ("random", 1)])
def test_a_search_goes_on_with_the_same_numbers(tmp_path, monkeypatch, name, stop):
    settings = SMALL | {"sampler": name, "sampler_options": SAMPLERS[name]}
    whole = find_hierarchy("digits", **settings)

    def checkpoint(run, trainer):
        _checkpoint(run, trainer)
        if len(trainer.rows) == stop:
            raise Stopped

    _checkpoint = module._checkpoint
    monkeypatch.setattr(module, "_checkpoint", checkpoint)
    with pytest.raises(Stopped):
        find_hierarchy("digits", run=tmp_path / "run", **settings)
    monkeypatch.undo()
    rest = resume_hierarchy(tmp_path / "run")
    assert without_time(rest.rows) == without_time(whole.rows)
    assert rest.ranking[0].genes == whole.genes
    assert [(each.genes, each.loss) for each in rest.ranking] == [(each.genes, each.loss) for each in whole.ranking]
    for one, other in zip(rest.net.parameters(), whole.net.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_finished_search_gives_its_winner_again(found):
    again = resume_hierarchy(found.run)
    assert (again.genes, without_time(again.rows)) == (found.genes, without_time(found.rows))


def test_a_search_is_not_resumed_on_other_data(found):
    digits = load("digits")
    with pytest.raises(OptionError, match=r"begun on digits with training examples of shape \[1346, 1, 8, 8\]"):
        resume_hierarchy(found.run, replace(digits, train_x=digits.train_x[:500], train_y=digits.train_y[:500]))


def test_a_search_is_not_resumed_on_other_data_of_the_same_shape(found, tmp_path, monkeypatch):
    digits, checkpoint = load("digits"), (found.run / "checkpoint.safetensors").read_bytes()
    for part in ("train_x", "test_x"):
        other = replace(digits, **{part: getattr(digits, part).flip(0)})
        with pytest.raises(DataError, match="other data than those given"):
            resume_hierarchy(found.run, other)
    assert (found.run / "checkpoint.safetensors").read_bytes() == checkpoint
    run = open_run(shutil.copytree(found.run, tmp_path / "run"))
    origin = run._origin()
    monkeypatch.setattr(type(run), "_origin", lambda _: origin)  # which their checkpoints do not have either
    config = json.loads((run.path / "config.json").read_text())
    for name in ("fingerprint", "checksum"):  # which older runs do not have
        del config[name]
    (run.path / "config.json").write_text(json.dumps(config))
    assert resume_hierarchy(run.path, digits).genes == found.genes


def test_other_runs_are_not_resumed(tmp_path):
    with pytest.raises(FileError, match="not a run directory"):
        resume_hierarchy(tmp_path)
    (tmp_path / "config.json").write_text('{"format": 1, "command": "metabolize"}')
    with pytest.raises(FileError, match="a run of 'metabolize'"):
        resume_hierarchy(tmp_path)


def test_inheriting_keeps_what_was_learned():
    settings = SMALL | {"epochs": 12, "steps": 1, "operations": ("conv3",), "restart_after": 12}
    settings |= {"cutout": 0, "crop": 0, "flip": False}
    found = find_hierarchy("digits", **settings, inherit=True)
    data = module._prepared(load("digits"), read_options(HierarchyOptions, settings=settings))
    _, error = evaluate(compiler.compile(found.graph), data.test_x, data.test_y)
    _, unlearned = evaluate(compiler.compile(found.net.space.graph(found.genes)), data.test_x, data.test_y)
    assert error < 60 < 80 < unlearned


def test_the_winner_may_be_wider_than_what_was_searched():
    wide = {"epochs": 0, "trained_channels": 10, "trained_widen": 3}
    found = find_hierarchy("digits", **SMALL | wide)
    assert {len(found.graph.population(name)) for name in found.graph.populations if "layer" in name} == {10, 30}
    narrow = find_hierarchy("digits", **SMALL | {"epochs": 0})
    assert narrow.genes == found.genes and narrow.net.space == found.net.space
    with pytest.raises(OptionError, match="inherit=true keeps the shared weights, which fit no other width"):
        find_hierarchy("digits", **SMALL | wide | {"inherit": True})


def test_batches_go_through_networks_that_are_asked_for():
    options = read_options(HierarchyOptions, settings=SMALL)
    data = module._prepared(load("digits"), options)
    net = Supernet(options.space(data))
    shot, clone = (OneShot(net, options.make_sampler(net.space)) for _ in range(2))
    x = data.train_x[:8]
    expected = options.make_sampler(net.space).ask(1)[0]
    assert torch.equal(shot.eval()(x), net(x, expected))
    shot.train()
    asked = clone.sampler.ask(64)
    for genes in reversed(asked[-3:]):
        assert torch.equal(shot(x), net(x, genes))
    assert shot.ahead == asked[:-3]


def test_rewards_are_shares_of_right_answers_and_nothing_for_what_is_not_finite():
    options = read_options(HierarchyOptions, settings=SMALL)
    data = module._prepared(load("digits"), options)
    net = Supernet(options.space(data))
    x, y = data.train_x[:50], data.train_y[:50]
    genes = net.space.draw(np.random.default_rng(0))
    [found] = rewards(net, [genes], x, y)
    assert found == pytest.approx((net(x, genes).argmax(1) == y).float().mean().item())
    with torch.no_grad():
        net.output.bias[int(y[0])] = float("nan")
    assert rewards(net, [genes], x, y) == [0.0]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"layers": 2, "segments": 3}, "layers=2 cannot stand in segments=3"),
        ({"sampler": "bandit"}, "sampler must be one of controller, evolution, random"),
        ({"sampler": "evolution", "sampler_options": {"rate": 1}}, "no option 'rate'"),
        ({"validation": 0.0}, "validation must be a number, above 0"),
        ({"operations": ("conv9",)}, "operations must be different ones"),
        ({"steps": -1}, "steps must be"),
    ],
)
def test_impossible_options_are_refused(settings, why):
    with pytest.raises(OptionError, match=why):
        HierarchyOptions(**settings)


def test_data_that_do_not_fit_are_refused():
    with pytest.raises(OptionError, match=r"square images of classes, and digits has examples of \(64,\)"):
        find_hierarchy(load("digits").flat(), **SMALL)
    with pytest.raises(OptionError, match="images of side 8 cannot be halved 4 times"):
        find_hierarchy("digits", **SMALL | {"segments": 5, "layers": 5})
    with pytest.raises(OptionError, match="examples=5000 is more than the 1346"):
        find_hierarchy("digits", **SMALL | {"examples": 5000})


def test_progress_shows_the_best_so_far(found):
    out = io.StringIO()
    show = ShowHierarchySearch(3, found.net.space, Console(file=out, width=100))
    with show:
        for row in found.rows:
            show(None, row)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert f"best so far {found.rows[-1]['search']['best_error']:.2f}%" in lines[-1]
    best = found.net.space.genes(found.rows[-1]["search"]["best_genes"])
    assert f"3 {best[3].operation}" in lines[-1]
    live = io.StringIO()
    with ShowHierarchySearch(3, found.net.space, Console(file=live, width=100, force_terminal=True)) as show:
        show(None, found.rows[-1])
    assert "maps of 8 x 8 become 4 x 4" in live.getvalue() and "3 of 3" in live.getvalue()


def test_a_search_without_steps_trains_only():
    found = find_hierarchy("digits", **SMALL | {"epochs": 1, "steps": 0})
    assert found.rows[0]["search"]["reward"] is None
    out = io.StringIO()
    ShowHierarchySearch(1, found.net.space, Console(file=out))(None, found.rows[0])
    assert "best so far" in out.getvalue()


def test_each_step_is_rated_on_examples_of_its_own():
    options = read_options(HierarchyOptions, settings=SMALL | {"steps": 4, "rated_on": 25})
    data = module._prepared(load("digits"), options)
    split = hold_out(data, 0.2, 0)
    net = Supernet(options.space(data))
    trainer = Trainer(OneShot(net, options.make_sampler(net.space)), split, options)
    batches = list(SamplerSteps(options)._examples(trainer, 1))
    assert [len(y) for _, y in batches] == [25] * 4
    rows = [{tuple(row) for row in x.flatten(1).tolist()} for x, _ in batches]
    assert not rows[0] & rows[1] and len(split.validation_y) == 60  # two of 25, then all anew
    order = torch.randperm(60, generator=generator(0, "held-out batches", 1, 0))
    assert torch.equal(batches[1][0], split.validation_x[order[25:50]])


@pytest.mark.gpu
def test_it_searches_on_cuda():
    found = find_hierarchy("digits", device="cuda", inherit=True, **SMALL)
    assert next(found.net.parameters()).is_cuda and len(found.rows) == 3
