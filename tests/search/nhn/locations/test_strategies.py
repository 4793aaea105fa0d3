import json

import numpy as np
import pytest
from deap import base, tools
from toy import paper

from neurograph.errors import OptionError
from search.nhn.locations import Evolution, RandomSearch, Score, Seeds, Table, make_toolbox
from search.nhn.locations.individual import Individual
from search.nhn.locations.operators import mutate, recombine

SPACE = Table((("a", "b", "c", "d"),) * 24)
OPTIONS = paper()


def scored(strategy):
    """Errors that rank individuals by their sum of genes, so that who is best is known."""
    return [Score(float(-sum(one)), 0.5) for one in strategy.ask()]


def test_a_cycle_is_the_papers():
    strategy = Evolution(SPACE, OPTIONS)
    first = sorted((one.genome for one in strategy.ask()), key=sum, reverse=True)
    strategy.tell(scored(strategy))
    now = strategy.ask()
    assert [one.born for one in now] == ["survived"] * 10 + ["recombined"] * 5 + ["drawn"] * 5
    assert [one.genome for one in now[:10]] == first[:10]
    assert strategy.cycle == 2
    for child, (one, other) in zip(now[10:15], [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)], strict=True):
        assert all(gene in (a, b) for gene, a, b in zip(child, first[one], first[other], strict=True))
        assert child.genome not in (first[one], first[other])
    assert [one.fitness.valid for one in now] == [True] * 10 + [False] * 10


def test_mutated_ones_resemble_the_best():
    strategy = Evolution(SPACE, paper(renewal="mutate", mutation=0.2))
    first = sorted((one.genome for one in strategy.ask()), key=sum, reverse=True)
    strategy.tell(scored(strategy))
    born = strategy.ask()[15:]
    assert [one.born for one in born] == ["mutated"] * 5
    for child, parent in zip(born, first[:5], strict=True):
        assert 0 < sum(a != b for a, b in zip(child, parent, strict=True)) < 12


def test_operators_change_genes_by_their_chances():
    generator = np.random.default_rng(0)
    first, second = recombine(Individual([0] * 4000), Individual([1] * 4000), generator)
    assert abs(sum(first) / 4000 - 0.5) < 0.05
    assert all(a + b == 1 for a, b in zip(first, second, strict=True))
    (one,) = mutate(Individual([9] * 4000), Table((("a", "b", "c", "d"),) * 4000), 0.25, 0.5, generator)
    counts = {value: one.count(value) for value in (9, -1, 0, 1, 2, 3)}
    assert abs(counts[9] / 4000 - 0.75) < 0.03
    assert abs(counts[-1] / 4000 - 0.125) < 0.03
    assert min(counts[value] for value in range(4)) > 60


def test_newcomers_differ_from_everyone_alive():
    small = Table((("a", "b"),) * 3)  # 27 genomes
    for distinct in (True, False):
        strategy = Evolution(small, paper(distinct=distinct, absent=0.9))
        for _ in range(5):
            strategy.tell(scored(strategy))
        assert (len({one.genome for one in strategy.ask()}) == 20) is distinct
    full = Evolution(Table((("a",),)), paper())  # two genomes for twenty individuals: it goes on all the same
    full.tell(scored(full))
    assert len(full.ask()) == 20


def test_failed_ones_are_worst_and_in_no_hall():
    strategy = Evolution(SPACE, OPTIONS)
    scores = scored(strategy)
    lost, nan = strategy.ask()[3].genome, strategy.ask()[4].genome
    scores[3] = Score(-1e9, 0.0, "its worker was lost")
    scores[4] = Score(float("nan"), 0.0)
    strategy.score(scores)
    assert strategy.population[3].fitness.values == (float("inf"), float("inf"))
    assert strategy.population[4].failure == "the evaluation gave nan, 0.0"
    assert not {lost, nan} & {one.genome for one in strategy.hall}
    strategy.renew()
    assert not {lost, nan} & {one.genome for one in strategy.population[:10]}


def test_loss_tells_equal_errors_apart():
    strategy = Evolution(SPACE, OPTIONS)
    losses = [float(n) for n in range(20)]
    order = [one.genome for one in strategy.ask()]
    strategy.tell([Score(5.0, loss) for loss in reversed(losses)])
    assert [one.genome for one in strategy.ask()[:10]] == order[:9:-1]


@pytest.mark.parametrize("kind", [Evolution, RandomSearch])
def test_state_is_plain_and_goes_on_bit_for_bit(kind):
    whole, early = kind(SPACE, OPTIONS), kind(SPACE, OPTIONS)
    for strategy in (whole, early):
        for _ in range(3):
            strategy.tell(scored(strategy))
    late = kind(SPACE, paper(seed=99))
    late.load(json.loads(json.dumps(early.state())))
    assert late.state() == early.state()
    for strategy in (whole, late):
        for _ in range(3):
            strategy.tell(scored(strategy))
    assert late.state() == whole.state()
    assert [one.genome for one in late.hall] == [one.genome for one in whole.hall]


def test_the_hall_holds_the_best_ever():
    strategy = RandomSearch(SPACE, paper(hall=3, absent=0.5))
    seen = {}
    for _ in range(4):
        seen |= {one.genome: -sum(one) for one in strategy.ask()}
        strategy.tell(scored(strategy))
    assert [-sum(one) for one in strategy.hall] == sorted(seen.values())[:3]
    assert [one.genome for one in strategy.best()] == [one.genome for one in strategy.hall]


def test_random_search_draws_everyone_anew():
    strategy = RandomSearch(Seeds(), OPTIONS)
    before = {one.genome for one in strategy.ask()}
    strategy.tell(scored(strategy))
    assert not before & {one.genome for one in strategy.ask()}


def test_operators_can_be_registered():
    toolbox = make_toolbox(SPACE, paper(renewal="mutate"))

    def zero(one):
        one[:] = [0] * 24
        return (one,)

    toolbox.register("mutate", zero)
    toolbox.register("mate", lambda first, second: (second, first))
    toolbox.register("select", tools.selWorst)
    strategy = Evolution(SPACE, paper(renewal="mutate", distinct=False), toolbox)
    first = sorted((one.genome for one in strategy.ask()), key=sum)
    strategy.tell(scored(strategy))
    now = [one.genome for one in strategy.ask()]
    assert now[:10] == first[:10]
    assert now[10:15] == [first[1], first[2], first[3], first[2], first[3]]
    assert now[15:] == [(0,) * 24] * 5


def test_the_same_toolbox_gives_the_same_search_again():
    toolbox = make_toolbox(SPACE, OPTIONS)
    first, second = ([one.genome for one in Evolution(SPACE, OPTIONS, toolbox).ask()] for _ in range(2))
    assert first == second


def test_wrong_genes_of_a_users_operator_are_refused():
    toolbox = make_toolbox(SPACE, OPTIONS)
    toolbox.register("mate", lambda first, second: (Individual([7] * 24), second))
    strategy = Evolution(SPACE, OPTIONS, toolbox)
    with pytest.raises(OptionError, match="gene 0 is 7"):
        strategy.tell(scored(strategy))
    with pytest.raises(OptionError, match="begin with make_toolbox"):
        Evolution(SPACE, OPTIONS, base.Toolbox())


def test_what_is_refused():
    with pytest.raises(OptionError, match="population must be a whole number, at least 10, not 9"):
        paper(population=9, survivors=4, recombined=2)
    with pytest.raises(OptionError, match=r"survivors=10 and recombined=5"):
        paper(population=12)
    strategy = Evolution(SPACE, OPTIONS)
    with pytest.raises(OptionError, match="20 individuals were asked about, and 1 scores told"):
        strategy.tell([Score(0.0, 0.0)])
