import numpy as np
import pytest
from toy import Toy, paper

from search.executors import Failed, Serial
from search.nhn.locations import Result, Turn
from search.nhn.locations.options import learning_rate
from search.nhn.locations.sharing import merge, train_and_evaluate
from search.nhn.locations.turns import as_result

GENOMES = [(0, 1, -1, -1, -1, -1), (0, 0, -1, -1, -1, -1), (-1, 1, 2, -1, -1, -1)]


def run(evaluator, genomes=GENOMES, cycle=1, **options):
    weights = evaluator.weights()
    chosen = paper(**({"train_batches": 2, "cycles": 1} | options))
    return train_and_evaluate(genomes, weights, cycle, chosen, evaluator.used, evaluator, Serial().map), weights


def moved(start, numbers, rate=0.05):
    for number in numbers:
        start = start + rate * (1.0 + 0.1 * np.random.default_rng(number).standard_normal(2) - start)
    return start


def test_sequential_is_one_after_the_other():
    _, weights = run(Toy())
    np.testing.assert_allclose(weights["0.0"], moved(0.0, [0, 1, 2, 3]), rtol=1e-12)
    np.testing.assert_allclose(weights["1.1"], moved(0.0, [0, 1, 4, 5]), rtol=1e-12)
    assert not weights["5.2"].any()


def test_synchronous_is_the_mean_over_those_who_learned():
    _, weights = run(Toy(), sharing="synchronous")
    np.testing.assert_allclose(weights["0.0"], (moved(0.0, [0, 1]) + moved(0.0, [2, 3])) / 2, rtol=1e-12)
    np.testing.assert_allclose(weights["2.2"], moved(0.0, [4, 5]), rtol=1e-12)
    assert not weights["5.2"].any()


def test_merge_counts_number_by_number():
    weights, before = {"a": np.array([1.0, 1.0, 1.0]), "b": np.ones(1)}, {"a": np.array([1.0, 1.0, 1.0])}
    merge(weights, [(before, {"a": np.array([3.0, 2.0, 1.0])}), (before, {"a": np.array([7.0, 1.0, 1.0])})])
    assert weights["a"].tolist() == [5.0, 2.0, 1.0]
    assert weights["b"].tolist() == [1.0]
    merge(weights, [])
    assert weights["a"].tolist() == [5.0, 2.0, 1.0]


def test_batches_are_walked_through():
    """Individual k of cycle t trains on its own M batches and is evaluated on its own N, or all on the same."""
    own, shared = Toy(), Toy()
    run(own, cycle=2, evaluation_batches=3)
    assert [turn.training[0] for turn in own.turns] == [range(6, 8), range(8, 10), range(10, 12)]
    assert [turn.evaluation[0] for turn in own.turns] == [range(9, 12), range(12, 15), range(15, 18)]
    run(shared, cycle=2, evaluation_batches=3, evaluation="shared", together=2)
    assert [turn.genomes for turn in shared.turns] == [tuple(GENOMES[:2]), tuple(GENOMES[2:])]
    assert {batches for turn in shared.turns for batches in turn.evaluation} == {range(3, 6)}


def test_groups_get_scores_in_order():
    alone, together = run(Toy(), train_batches=0)[0], run(Toy(), train_batches=0, together=2)[0]
    assert [score.error for score in alone] == [score.error for score in together]
    assert len({score.error for score in alone}) > 1


@pytest.mark.parametrize("sharing", ["sequential", "synchronous"])
@pytest.mark.parametrize(
    ("factor", "loss", "message"),
    [
        (np.nan, 0.0, "training left weights that are not finite, in 0.0"),
        (1e30, np.nan, "the evaluation gave 0.0, nan"),
    ],
)
def test_failed_ones_leave_the_weights_alone(sharing, factor, loss, message):
    class Spoilt(Toy):
        def __call__(self, turn):
            if turn.genome == GENOMES[1]:
                return Result((0.0,), (loss,), {name: (value + 1) * factor for name, value in turn.weights.items()})
            return super().__call__(turn)

    genomes = [*GENOMES, (-1, -1, -1, 0, -1, -1)]
    scores, weights = run(Spoilt(), genomes, sharing=sharing)
    assert scores[1].failure == message
    assert scores[1].error == float("inf")
    _, without = run(Toy(), [GENOMES[0], genomes[3], GENOMES[2], genomes[3]], sharing=sharing)
    for name in ("0.0", "1.1", "2.2"):
        np.testing.assert_array_equal(weights[name], without[name])
    scores, _ = run(Toy(spoil=[0]), sharing=sharing)
    assert [score.failure for score in scores] == ["ValueError: gene 0 may not be 0"] * 2 + [None]


def test_short_answers():
    one, two = Turn(((0,),), (range(0),), (range(1),)), Turn(((0,), (1,)), (range(0),) * 2, (range(1),) * 2)
    assert as_result(one, 3).errors == (3.0,)
    assert as_result(one, (3.0, 0.5)).losses == (0.5,)
    assert as_result(one, [4.0]).losses == (4.0,)
    with pytest.raises(TypeError, match=r"an error, or \(error, loss\)"):
        as_result(two, 3.0)
    with pytest.raises(TypeError):
        as_result(one, (1.0, 2.0, 3.0))
    answer = Result((1.0, 2.0), (0.0, 0.0))
    assert as_result(two, answer) is answer


def test_the_learning_rate_is_a_cosine():
    options = paper(cycles=5, learning_rate=0.05, last_learning_rate=0.001)
    rates = [learning_rate(options, cycle) for cycle in range(1, 6)]
    assert rates[0] == 0.05
    assert rates[2] == pytest.approx(0.0255)
    assert rates[4] == pytest.approx(0.001)
    assert rates == sorted(rates, reverse=True)
    assert learning_rate(paper(cycles=1), 1) == 0.05


def test_a_failed_answer_is_a_score_for_each():
    scores, _ = (
        train_and_evaluate(GENOMES, {}, 1, paper(together=3), lambda g: (), None, lambda f, t: [Failed("lost")]),
        0,
    )
    assert [score.failure for score in scores] == ["lost"] * 3
