from itertools import product

import numpy as np
import pytest
import torch

from neurograph.builders.enas import Gene
from neurograph.errors import OptionError
from search.nhn.layers import SAMPLERS, Evolution, MacroSpace, make_sampler
from search.nhn.layers.samplers.policy import Policy
from search.runs.packing import pack_state, unpack_state
from search.training import generator

SPACE = MacroSpace(layers=4, segments=1)
TINY = MacroSpace(layers=3, segments=1, operations=("conv3", "average"))
SETTINGS = {
    "controller": {"rate": 0.02, "skip_penalty": 0.0, "bound": 6.0},
    "evolution": {"population": 20, "tournament": 5},
}


def toy(genes):
    """The share of layers that are a 5 x 5 convolution, and of those that read layer 0, each for a half."""
    operations = sum(gene.operation == "conv5" for gene in genes) / len(genes)
    return (operations + sum(0 in gene.skips for gene in genes[1:]) / (len(genes) - 1)) / 2


def played(sampler, rounds, count=10):
    """Mean rewards of the rounds."""
    means = []
    for _ in range(rounds):
        genes = sampler.ask(count)
        found = [toy(each) for each in genes]
        sampler.tell(genes, found)
        means.append(np.mean(found))
    return means


@pytest.mark.parametrize("name", ["controller", "evolution"])
@pytest.mark.parametrize("seed", [0, 1])
def test_it_learns_what_random_search_does_not(name, seed):
    learned = played(make_sampler(name, SPACE, seed, SETTINGS[name]), 40)
    chance = played(make_sampler("random", SPACE, seed, {}), 40)
    expected = (1 / 6 + 1 / 2) / 2
    assert np.mean(chance[-10:]) == pytest.approx(expected, abs=0.08)
    assert np.mean(learned[:2]) < 0.5
    assert np.mean(learned[-10:]) > 0.7


@pytest.mark.parametrize("name", ["controller", "evolution"])
def test_finalists_are_better_than_what_is_asked_for_and_differ(name):
    sampler = make_sampler(name, SPACE, 2, SETTINGS[name])
    played(sampler, 15)
    finalists = sampler.finalists(8)
    assert len(set(finalists)) == len(finalists) <= 8
    assert toy(finalists[0]) >= np.mean([toy(each) for each in sampler.ask(50)])


def test_there_are_no_more_finalists_than_networks():
    for name in SAMPLERS:
        space = MacroSpace(layers=1, segments=1, operations=("conv3", "conv5"))
        assert 1 <= len(make_sampler(name, space, 0, {}).finalists(5)) <= 2


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_seed_decides_and_a_saved_state_goes_on(name, tmp_path):
    def run(sampler):
        means = played(sampler, 3, 4)
        return means, sampler.ask(5), sampler.finalists(3)

    settings = SETTINGS.get(name, {}) | ({"population": 6} if name == "evolution" else {})
    first, same, other = (make_sampler(name, SPACE, seed, settings) for seed in (3, 3, 4))
    before = torch.get_rng_state()
    started = played(first, 3, 4)
    assert started == played(same, 3, 4) != played(other, 3, 4)
    assert torch.equal(torch.get_rng_state(), before)
    pack_state(tmp_path / "state", first.state_dict())
    other.load_state_dict(unpack_state(tmp_path / "state"))
    expected = run(first)
    assert run(other) == expected == run(same)


@pytest.mark.parametrize("name", SAMPLERS)
def test_what_is_asked_for_is_of_the_space(name):
    sampler = make_sampler(name, SPACE, 0, {})
    assert all(SPACE.genes(genes) == genes for genes in sampler.ask(20))


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("rewards", [[float("nan"), 0.5], [float("inf"), 0.5], [0.5], []])
def test_rewards_must_be_finite_and_one_each(name, rewards):
    sampler = make_sampler(name, SPACE, 0, {})
    with pytest.raises(OptionError, match="reward"):
        sampler.tell(sampler.ask(2), rewards)


def test_samplers_and_their_options_are_refused_by_name():
    with pytest.raises(OptionError, match="no sampler 'bandit'; there are controller, evolution, random"):
        make_sampler("bandit", SPACE, 0, {})
    with pytest.raises(OptionError, match="no option 'tournement' .*there are population, tournament"):
        make_sampler("evolution", SPACE, 0, {"tournement": 3})
    with pytest.raises(OptionError, match="population must be a whole number, at least 2"):
        make_sampler("evolution", SPACE, 0, {"population": 1})
    with pytest.raises(OptionError, match="skip_prior must be a number, above 0 and below 1"):
        make_sampler("controller", SPACE, 0, {"skip_prior": 1.0})
    with pytest.raises(OptionError, match="random search has no options, and rate was set"):
        make_sampler("random", SPACE, 0, {"rate": 1})


def test_the_oldest_die_however_good_they_were():
    sampler = Evolution(TINY, population=3, tournament=3)
    best = TINY.genes([["conv3"], ["conv3", 0], ["conv3", 0, 0]])
    others = [TINY.genes([["average"], ["conv3", 0], ["conv3", 0, bit]]) for bit in (0, 1)]
    sampler.tell([best, *others], [1.0, 0.1, 0.2])
    assert sampler.finalists(1) == [best]
    for child in sampler.ask(20):  # of the best of all three
        assert sum(a != b for a, b in zip(child, best, strict=True)) == 1
    sampler.tell(others[:1], [0.3])
    assert best not in [genes for genes, _ in sampler.members] and len(sampler.members) == 3


def policy():
    """One that is far from even."""
    net = Policy(TINY, generator(1, "test"), hidden=8, bound=3.0)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(10.0)
    return net


def all_genes(space):
    """Every network of a space, as a policy takes them."""
    operations, bits = product(range(len(space.operations)), repeat=space.layers), len(space.reads)
    rows, reads = [], []
    for chosen, read in product(operations, product([False, True], repeat=bits)):
        rows.append(chosen)
        table = torch.zeros(space.layers, space.layers, dtype=torch.bool)
        for (layer, earlier), bit in zip(space.reads.tolist(), read, strict=True):
            table[layer, earlier] = bit
        reads.append(table)
    return torch.tensor(rows), torch.stack(reads)


def test_likelihoods_are_a_distribution_that_is_drawn_from():
    written = policy().read(*all_genes(TINY))
    likelihood = written.log_likelihood.detach().exp()
    assert len(likelihood) == TINY.size == 64
    assert likelihood.sum().item() == pytest.approx(1.0, abs=1e-5)
    drawn = policy().write(20_000, generator(2, "test"))
    order = {
        (tuple(o.tolist()), tuple(r.flatten().tolist())): at
        for at, (o, r) in enumerate(zip(*all_genes(TINY), strict=True))
    }
    found = torch.zeros(64)
    for o, r in zip(drawn.operations, drawn.reads, strict=True):
        found[order[tuple(o.tolist()), tuple(r.flatten().tolist())]] += 1 / 20_000
    assert (found - likelihood).abs().max() < 0.012
    assert likelihood.max() > 3 / 64  # or any sampler would pass
    own = policy().read(drawn.operations, drawn.reads)
    assert torch.allclose(own.log_likelihood, drawn.log_likelihood, atol=1e-6)
    # what was drawn is as surprising on average as the choices' entropies say
    assert -own.log_likelihood.mean().item() == pytest.approx(own.entropy.mean().item(), abs=0.03)


def test_the_likeliest_choice_of_each():
    net = policy()
    best, drawn = net.write(1, None), net.write(2000, generator(2, "test"))
    assert best.log_likelihood.item() == pytest.approx(net.read(best.operations, best.reads).log_likelihood.item())
    left = torch.ones(2000, dtype=torch.bool)
    for layer in range(3):
        for chosen, mine in ((drawn.operations, best.operations), (drawn.reads, best.reads)):
            agree = (chosen[:, layer] == mine[:, layer]).reshape(2000, -1)
            assert (agree[left].float().mean(0) > 0.5).all()  # of those that chose alike so far
            left &= agree.all(1)


@pytest.mark.parametrize("prior", [0.1, 0.5, 0.9])
def test_divergence_is_from_the_prior(prior):
    """With one bit, by hand."""
    space = MacroSpace(layers=2, segments=1, operations=("conv3",))
    net = Policy(space, generator(1, "test"), hidden=8, bound=4.0, prior=prior)
    read = torch.zeros(2, 2, 2, dtype=torch.bool)
    read[1, 1, 0] = True
    found = net.read(torch.zeros(2, 2, dtype=torch.int64), read)
    p = np.exp(found.log_likelihood.detach().numpy().astype(float))[::-1]  # of reading, of not reading
    expected = (p * np.log(p / [prior, 1 - prior])).sum()
    assert found.divergence.tolist() == pytest.approx([expected] * 2, abs=1e-5)


def test_the_penalty_draws_reads_to_the_prior():
    shares = []
    for prior in (0.1, 0.9):
        sampler = make_sampler("controller", SPACE, 0, {"rate": 0.02, "skip_penalty": 3.0, "skip_prior": prior})
        for _ in range(50):
            sampler.tell(sampler.ask(2), [0.5] * 2)
        shares.append(np.mean([len(gene.skips) for genes in sampler.ask(100) for gene in genes]) / 1.5)
    assert shares == pytest.approx([0.1, 0.9], abs=0.08)


def test_the_entropy_bonus_keeps_choices_open():
    def end(entropy):
        sampler = make_sampler("controller", SPACE, 0, SETTINGS["controller"] | {"entropy": entropy})
        for _ in range(30):
            genes = sampler.ask(10)
            learned = sampler.tell(genes, [toy(each) for each in genes])
        return learned["entropy"]

    assert end(1.0) > 2 * end(0.0)


def test_the_baseline_is_a_moving_average():
    sampler = make_sampler("controller", SPACE, 0, {"baseline_decay": 0.9})
    assert sampler.tell(sampler.ask(2), [0.2, 0.4])["baseline"] == pytest.approx(0.3)
    assert sampler.tell(sampler.ask(2), [1.0, 1.0])["baseline"] == pytest.approx(0.9 * 0.3 + 0.1)


def test_a_policy_of_one_layer_reads_nothing():
    space = MacroSpace(layers=1, segments=1)
    sampler = make_sampler("controller", space, 0, {})
    [genes] = sampler.ask(1)
    assert genes == (Gene(genes[0].operation),)
    assert sampler.tell([genes], [0.5])["divergence"] == 0.0
