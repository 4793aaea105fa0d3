"""Evaluators answer with whatever numbers they have: understood, or refused in words."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy import paper

from neurograph.errors import EvaluationError, OptionError
from search.nhn.layers.samplers.base import checked_rewards
from search.nhn.locations import Result, Score, Table, search
from search.nhn.locations.strategies import Evolution
from search.nhn.locations.turns import Turn, as_result

SPACE = Table((("stem",), ("stem", "layer0")))
ONE = Turn(((0,),), (range(0),), (range(1),), weights={"a": np.zeros(2)})
TWO = Turn(((0,), (1,)), (range(0),) * 2, (range(1),) * 2)
FORMS = {
    "python": lambda x: x,
    "numpy": np.float64,
    "float32": np.float32,
    "0-d array": np.array,
    "array of one": lambda x: np.array([x]),
    "tensor": torch.tensor,
    "tensor of one": lambda x: torch.tensor([[x]], dtype=torch.float64, requires_grad=True),
    "bfloat16": lambda x: torch.tensor(x, dtype=torch.bfloat16),
}
forms = st.sampled_from(sorted(FORMS))
numbers = st.integers(-64, 64).map(lambda n: n / 4)  # exact in every form


@given(error=numbers, loss=numbers, a=forms, b=forms, pack=st.sampled_from([tuple, list]))
def test_numbers_of_any_form_are_understood(error, loss, a, b, pack):
    error_, loss_ = FORMS[a](error), FORMS[b](loss)
    assert as_result(ONE, error_).errors == (error,)
    assert as_result(ONE, pack([error_])).losses == (error,)
    both = as_result(ONE, pack([error_, loss_]))
    assert (both.errors, both.losses) == ((error,), (loss,))
    whole = as_result(TWO, Result(pack([error_, loss_]), pack([loss_, error_])))
    assert (whole.errors, whole.losses) == ((error, loss), (loss, error))
    assert all(type(each) is float for each in (*both.errors, *whole.losses))
    assert checked_rewards([(), ()], [error_, loss_]).tolist() == [error, loss]


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_arrays_of_errors_and_tensors_of_weights(make):
    result = as_result(ONE, Result(make([1.5]), make([0.5]), {"a": torch.ones(2, requires_grad=True)}))
    assert (result.errors, result.losses) == ((1.5,), (0.5,))
    assert result.weights["a"].tolist() == [1.0, 1.0] and isinstance(result.weights["a"], np.ndarray)
    assert as_result(ONE, make([1.5, 0.5])).losses == (0.5,)


BAD = [
    None, "3", b"3", True, np.bool(True), 1j, {}, {"error": 1.0}, (), (1.0, 2.0, 3.0), ("1", 2.0), [None], [[1.0]],
    np.zeros(3), np.zeros((2, 2)), np.array("3"), np.array([None]), torch.zeros(0), torch.tensor(1j), object(),
    Result((), ()), Result((1.0, 2.0), (1.0,)), Result(1.0, 1.0), Result((1.0,), ("x",)),
    Result((1.0,), (1.0,), {"b": np.zeros(2)}), Result((1.0,), (1.0,), {"a": np.zeros(3)}),
    Result((1.0,), (1.0,), {"a": "zeros"}), Result((1.0,), (1.0,), [np.zeros(2)]), Result((1.0,), (1.0,), None),
]  # fmt: skip


@pytest.mark.parametrize("answer", BAD)
def test_anything_else_is_refused_in_words(answer):
    with pytest.raises(EvaluationError, match="Result|evaluation must return") as raised:
        as_result(ONE, answer)
    assert isinstance(raised.value, TypeError)


class Answering:
    space, held_out = SPACE, 1

    def __init__(self, answer, shared=None):
        self.answer, self.shared = answer, {} if shared is None else shared

    def weights(self):
        return self.shared

    def used(self, genome):
        return list(self.shared) if isinstance(self.shared, dict) else ["a"]

    def __call__(self, turn):
        return self.answer(turn)


OPTIONS = paper(population=10, survivors=4, recombined=2, cycles=2)


@pytest.mark.parametrize("sharing", ["sequential", "synchronous"])
@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_search_over_evaluators_of_every_form(form, sharing):
    def wrong(genome):
        return float(sum(gene != 0 for gene in genome))

    options = paper(**vars(OPTIONS) | {"sharing": sharing})
    plain = search(Answering(lambda turn: wrong(turn.genome)), options)
    found = search(Answering(lambda turn: FORMS[form](wrong(turn.genome))), options)
    assert found.best.genome == plain.best.genome
    assert [row["best"] for row in found.rows] == [row["best"] for row in plain.rows]


@pytest.mark.parametrize("shared", [[np.zeros(2)], {"a": "zeros"}, {"a": None}], ids=repr)
def test_weights_that_are_no_table_of_arrays_are_refused(shared):
    with pytest.raises(EvaluationError, match="evaluator's weights"):
        search(Answering(lambda turn: 1.0, shared), OPTIONS)


def test_tensors_are_weights_too():
    found = search(Answering(lambda turn: Result((1.0,), (1.0,), turn.weights), {"a": torch.zeros(2)}), OPTIONS)
    assert found.weights["a"].tolist() == [0.0, 0.0]


def test_used_weights_that_are_not_there_are_refused():
    evaluator = Answering(lambda turn: 1.0)
    evaluator.used = lambda genome: ["b"]
    with pytest.raises(EvaluationError, match="used names weights 'b'"):
        search(evaluator, OPTIONS)


@pytest.mark.parametrize("lose", [0, 2])
def test_a_map_that_loses_answers_is_refused(lose):
    class Losing:
        def map(self, function, items):
            return [function(item) for item in items] * lose

    from search.nhn.locations import make_toolbox

    evaluator = Answering(lambda turn: 1.0)
    toolbox = make_toolbox(SPACE, OPTIONS)
    toolbox.register("map", Losing().map)
    with pytest.raises(EvaluationError, match=f"the executor's map gave {lose} answers to 1 turns"):
        search(evaluator, OPTIONS, toolbox=toolbox)


def test_scores_and_rewards():
    strategy = Evolution(SPACE, OPTIONS)
    strategy.tell([Score(torch.tensor(1.0), np.float32(2.0)) for _ in strategy.ask()])
    assert strategy.hall[0].fitness.values == (1.0, 2.0)
    with pytest.raises(EvaluationError, match="a score is an error and a loss"):
        strategy.tell([Score("1", 2.0) for _ in strategy.ask()])
    with pytest.raises(OptionError, match="reward 1 is 'x': a reward is one number"):
        checked_rewards([(), ()], [1.0, "x"])
