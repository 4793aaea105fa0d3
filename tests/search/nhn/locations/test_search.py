import io
import json

import numpy as np
import pytest
from rich.console import Console
from toy import GOAL, HELD_OUT, Toy, paper

from neurograph.errors import DivergenceError, FileError, OptionError
from search.executors import ProcessPool, Task
from search.nhn.locations import EvolutionOptions, Result, Searching, make_toolbox, resume, search
from search.nhn.locations.progress import ShowLocationSearch
from search.runs import create_run

OPTIONS = paper(cycles=12, train_batches=2, absent=0.5, seed=1)


class Killed(BaseException):
    pass


def same(one, other):
    """Bit for bit, but for the time it took."""
    assert one.weights.keys() == other.weights.keys()
    for name, value in one.weights.items():
        np.testing.assert_array_equal(value, other.weights[name])
    strip = [[{k: v for k, v in row.items() if k != "seconds"} for row in found.rows] for found in (one, other)]
    assert strip[0] == strip[1]
    assert [vars(ranked) for ranked in one.ranking] == [vars(ranked) for ranked in other.ranking]


def test_it_finds_the_best_and_beats_random_search():
    found = search(Toy(noise=1.0), OPTIONS)
    assert found.best.genome == GOAL
    assert found.best.error == pytest.approx(0.0, abs=2.0)
    errors = {"evolution": [], "random": []}
    for strategy, seen in errors.items():
        for seed in range(5):
            options = paper(cycles=5, train_batches=0, seed=seed, strategy=strategy)
            seen.append(search(Toy(), options).best.error)
    assert np.mean(errors["evolution"]) < np.mean(errors["random"])


def test_the_ranking_is_over_everything_held_out():
    evaluator = Toy(noise=5.0)
    found = search(evaluator, OPTIONS)
    last = [turn for turn in evaluator.turns if len(turn.evaluation[0]) == HELD_OUT and not turn.training[0]]
    assert len(last) == len(found.ranking) >= 10
    assert [one.error for one in found.ranking] == sorted(one.error for one in found.ranking)


@pytest.mark.parametrize("sharing", ["sequential", "synchronous"])
@pytest.mark.parametrize("cycle", [1, 5])
def test_a_killed_search_goes_on_bit_for_bit(tmp_path, sharing, cycle):
    task = Task("toy:toy", {"noise": 2.0})
    options = paper(cycles=7, train_batches=2, sharing=sharing, checkpoint=2)
    whole = search(task, options)

    def kill(searching, row):
        if row["cycle"] == cycle:
            raise Killed

    with pytest.raises(Killed):
        search(task, options, run=tmp_path / "run", callbacks=[kill])
    same(resume(tmp_path / "run", trust="toy"), whole)
    same(resume(tmp_path / "run", trust="toy"), whole)  # a finished one gives its result again
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [row["cycle"] for row in rows] == list(range(1, 8))
    assert json.loads((tmp_path / "run" / "config.json").read_text())["result"][0]["genome"] == list(whole.best.genome)


def test_who_cannot_be_ranked_is_left_out():
    class Odd(Toy):
        def __call__(self, turn):
            answer = super().__call__(turn)
            return Result((float("nan"),), answer.losses) if turn.genome == (-1,) * 6 else answer

    searching = Searching(Odd(), OPTIONS)
    assert [one.genome for one in searching.rank([(-1,) * 6, GOAL])] == [GOAL]
    with pytest.raises(DivergenceError, match="the evaluation of all 1 failed: the evaluation gave nan"):
        searching.rank([(-1,) * 6])


def test_other_seeds_search_otherwise():
    one, other = (search(Toy(), paper(cycles=1, seed=seed)).rows for seed in (0, 1))
    assert one[0]["individuals"][0]["genome"] != other[0]["individuals"][0]["genome"]


def test_survivors_whose_score_cannot_change_are_not_evaluated_again():
    evaluator = Toy()
    found = search(evaluator, paper(cycles=4, train_batches=0, evaluation_batches=HELD_OUT))
    assert [row["evaluated"] for row in found.rows] == [20, 10, 10, 10]
    assert search(Toy(), paper(cycles=2, train_batches=0)).rows[1]["evaluated"] == 20


def test_failures_are_recorded_and_the_search_goes_on():
    found = search(Toy(spoil=[0]), paper(cycles=3, absent=0.5))
    first = found.rows[0]
    failed = [one for one in first["individuals"] if one["failure"]]
    assert first["failed"] == len(failed) > 0
    assert {(one["genome"][0], one["error"], one["failure"]) for one in failed} == {
        (0, None, "ValueError: gene 0 may not be 0")
    }
    assert found.best.genome[0] == -1
    json.dumps(found.rows, allow_nan=False)


def test_when_everyone_fails_it_says_why():
    with pytest.raises(
        DivergenceError, match="in cycle 1 the evaluation of all 20 failed: ValueError: gene 0 may not be"
    ):
        search(Toy(spoil=[-1, 0]), OPTIONS)
    with pytest.raises(DivergenceError, match="the evaluation gave nan"):
        search(Toy(noise=float("nan")), OPTIONS)


def test_shared_weights_can_be_handed_on():
    first = search(Toy(), OPTIONS)
    more = search(Toy(), paper(cycles=1, train_batches=0), weights=first.weights)
    for name, value in first.weights.items():
        np.testing.assert_array_equal(more.weights[name], value)
    with pytest.raises(OptionError, match="another evaluator: x does not fit"):
        search(Toy(), OPTIONS, weights=first.weights | {"x": np.zeros(2)})


def test_evaluate_and_map_can_be_registered():
    toolbox, mapped = make_toolbox(Toy().space, OPTIONS), []

    def by_hand(function, turns):
        mapped.append(len(turns))
        return map(function, turns)

    toolbox.register("evaluate", lambda turn: sum(gene >= 0 for gene in turn.genome))
    toolbox.register("map", by_hand)
    options = paper(cycles=3, sharing="synchronous")
    found = search(Toy(), options, toolbox=toolbox)
    assert mapped[:3] == [20, 20, 20]
    assert found.best.error == 0.0
    assert found.best.genome == (-1,) * 6


def test_what_is_refused(tmp_path):
    with pytest.raises(OptionError, match="a run directory needs a Task"):
        search(Toy(), OPTIONS, run=tmp_path / "run")
    pool = ProcessPool(1)  # starts nothing until it is used
    with pytest.raises(OptionError, match="sharing=sequential trains one individual after the other"):
        search(Task("toy:toy"), OPTIONS, executor=pool)
    with pytest.raises(OptionError, match="an evaluator cannot travel"):
        search(Toy(), paper(sharing="synchronous"), executor=pool)
    with pytest.raises(FileError, match="not a run directory"):
        resume(tmp_path)
    create_run(tmp_path / "other", {"command": "expand"})
    with pytest.raises(FileError, match="is a run of 'expand', not a search for genomes"):
        resume(tmp_path / "other")
    search(Task("toy:toy"), paper(cycles=1), run=tmp_path / "run")
    with pytest.raises(OptionError, match="holds another run"):
        search(Task("toy:toy"), paper(cycles=1), run=tmp_path / "run")


@pytest.mark.parametrize("terminal", [True, False])
def test_progress(terminal):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    with ShowLocationSearch(12, Toy().space, console=console) as show:
        search(Toy(spoil=[0]), OPTIONS, callbacks=[show])
    message = console.file.getvalue()
    assert "12 of 12" in message if terminal else "cycle   12 | error " in message
    assert "layer0" in message
    assert "individuals/s" in message
    assert "failed" in message


def test_by_default_everything_held_out_is_seen_and_the_loss_ranks():
    evaluator = Toy(noise=5.0)
    found = search(evaluator, EvolutionOptions(cycles=3, train_batches=2, absent=0.5, mutation=0.7, racing=0))
    assert {turn.evaluation[0] for turn in evaluator.turns} == {range(HELD_OUT)}
    for row in found.rows:
        assert row["loss"] == min(one["loss"] for one in row["individuals"])
    assert [one.loss for one in found.ranking] == sorted(one.loss for one in found.ranking)
    assert "mutated" in {one["born"] for one in found.rows[-1]["individuals"]}


def test_the_race_orders_the_best_and_leaves_the_weights():
    """Weights run to 1, where the loss is nought: who has the fewest to train wins in the end, whoever led before."""
    options = EvolutionOptions(cycles=2, train_batches=1, absent=0.5, learning_rate=0.05)
    evaluator = Toy()
    raced = search(evaluator, options)
    plain = search(Toy(), EvolutionOptions(**vars(options) | {"racing": 0}))
    assert {one.genome: one.loss for one in raced.ranking} == {one.genome: one.loss for one in plain.ranking}
    for name, value in raced.weights.items():
        np.testing.assert_array_equal(value, plain.weights[name])
    batches = [len(turn.training[0]) for turn in evaluator.turns[-2 * len(raced.ranking) :]]
    rounds = [10, 20, 40, 80]
    assert [size for size in batches if size >= 10] == sorted(size for size in batches if size >= 10)
    assert set(batches) & set(rounds) and batches[-1] == max(batches) and batches[-2] == batches[-1]
    assert len({turn.training[0] for turn in evaluator.turns[-2:]}) == 1  # the last two met on the same batches


def test_runs_of_before_there_was_a_race_go_on_as_they_began(tmp_path):
    options = paper(cycles=2, train_batches=1)
    whole = search(Toy(), options)
    found = search(Task("toy:toy"), options, run=tmp_path / "run")
    assert [vars(one) for one in found.ranking] == [vars(one) for one in whole.ranking]
    assert all(one.error <= other.error for one, other in zip(found.ranking, found.ranking[1:], strict=False))


def test_an_evaluation_in_deaps_manner_takes_the_genes():
    """The same search, whether a turn is asked for its genome or read as one."""

    def by(evaluate):
        toolbox = make_toolbox(Toy().space, OPTIONS)
        toolbox.register("evaluate", evaluate)
        found = search(Toy(), paper(cycles=2, sharing="synchronous"), toolbox=toolbox)
        return [(one.genome, one.error) for one in found.ranking]

    assert by(lambda one: (float(sum(one) + len(one)),)) == by(lambda turn: float(sum(turn.genome) + len(turn.genome)))
