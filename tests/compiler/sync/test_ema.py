import copy
import gc
import io
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import compiler
from compiler.slots import BIAS, WEIGHT
from neurograph.edits import Proliferate, RemoveNeurons, SplitEdge
from neurograph.errors import CompileError, StaleError, WiringError
from tests.compiler.graphs import assert_equals_reference, build, mlp, recipes
from tests.compiler.sync.optimizers.table import OPTIMIZERS
from tests.compiler.sync.test_refresh import edit, train


def trained(graph=None, decay=0.75, **options):
    """A network after some steps, its average, and the average by hand."""
    graph = graph or mlp()
    net = compiler.compile(graph, dtype=torch.float64, **options)
    optimizer = OPTIMIZERS["adam"](net.parameters())
    ema = compiler.EMA(net, decay)
    by_hand = {quantity: net.slots.gather(quantity) for quantity in net.slots.quantities}
    for step in range(5):
        train(net, graph, optimizer, steps=1, seed=step)
        ema.update()
        for quantity, held in by_hand.items():
            by_hand[quantity] = decay * held + (1 - decay) * net.slots.gather(quantity)
    return graph, net, optimizer, ema, by_hand


def numbers(network, quantity) -> dict[int, float]:
    return dict(zip(network.slots.numbers(quantity).tolist(), network.slots.gather(quantity).tolist(), strict=True))


@pytest.mark.parametrize("name", ["dense", "sparse"])
def test_it_is_the_average_over_the_steps(name):
    _, net, _, ema, by_hand = trained(lowering=name)
    averaged = ema.network()
    for quantity, wanted in by_hand.items():
        torch.testing.assert_close(averaged.slots.gather(quantity), wanted, rtol=1e-12, atol=1e-12)
        assert not torch.allclose(net.slots.gather(quantity), wanted)
    assert not averaged.training and not averaged.owns and net.owns and net.training


def test_frozen_numbers_are_copied():
    graph = mlp()
    u, v = next(iter(graph.edges))
    graph[u][v]["trainable"] = False
    net = compiler.compile(graph)
    ema = compiler.EMA(net, 0.9)
    graph[u][v]["weight"] = 9.0
    net.refresh()
    ema.update()
    assert 9.0 in ema.network().slots.gather(WEIGHT).tolist()


def test_survivors_keep_their_average_and_newborns_start_from_their_value():
    graph, net, optimizer, ema, by_hand = trained()
    old = {s: dict(zip(net.slots.numbers(s).tolist(), by_hand[s].tolist(), strict=True)) for s in by_hand}
    graph.apply(Proliferate("h1", 3, seed=0))
    graph.apply(SplitEdge(*next(iter(graph.edges))))
    net.refresh(optimizer)
    averaged = ema.network()
    for quantity in net.slots.quantities:
        values = numbers(net, quantity)
        for number, held in numbers(averaged, quantity).items():
            wanted = old.get(quantity, {}).get(number, values[number])
            assert held == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    assert len(numbers(net, BIAS)) == len(old[BIAS]) + 3
    before = numbers(averaged, WEIGHT)
    train(net, graph, optimizer)
    ema.update()
    assert numbers(ema.network(), WEIGHT) != before == numbers(averaged, WEIGHT)


@settings(max_examples=30, deadline=None)
@given(recipe=recipes(), seeds=st.lists(st.integers(0, 999), min_size=1, max_size=3))
def test_without_a_memory_it_is_the_network_whatever_the_edits(recipe, seeds):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64)
    ema = compiler.EMA(net, 0.0)
    optimizer = OPTIMIZERS["adam"](net.parameters()) if list(net.parameters()) else None
    for seed in seeds:
        if optimizer is not None:
            train(net, graph, optimizer, seed=seed)
        edit(graph, seed)
        net.refresh(optimizer)
        ema.update()
        for quantity in net.slots.quantities:
            assert numbers(ema.network(), quantity) == numbers(net, quantity)
        net.write_back()
        assert_equals_reference(ema.network().requires_grad_(True), graph)


def test_units_that_did_not_change_keep_their_tensors():
    graph, net, optimizer, ema, _ = trained()
    kept, gone = net.stages[2].units[0], net.stages[0].units[0]
    held = ema._held[kept, "weight"]
    graph.apply(Proliferate("h1", 1, seed=0))
    net.refresh(optimizer)
    assert ema._held[kept, "weight"] is held and (gone, "weight") not in ema._held


def test_copied_into_its_source_it_is_what_trains_on_and_reaches_the_graph():
    graph, net, optimizer, ema, by_hand = trained()
    parameters = list(net.parameters())
    ema.copy_to(net)
    assert all(a is b for a, b in zip(parameters, net.parameters(), strict=True))
    torch.testing.assert_close(net.slots.gather(WEIGHT), by_hand[WEIGHT], rtol=1e-12, atol=1e-12)
    net.synchronise()
    np.testing.assert_allclose(graph.read_weights(net.slots.numbers(WEIGHT)), by_hand[WEIGHT].numpy(), rtol=1e-12)
    train(net, graph, optimizer)


def test_a_state_goes_over_files_lowerings_and_dtypes():
    _, net, _, ema, by_hand = trained(lowering="dense")
    file = io.BytesIO()
    torch.save(ema.state_dict(), file)
    file.seek(0)
    other = compiler.compile(mlp(seed=3), lowering="sparse")
    again = compiler.EMA(other, 0.1)
    again.load_state_dict(torch.load(file, weights_only=True))
    assert (again.decay, again.updates) == (0.75, 5)
    for quantity, wanted in by_hand.items():
        assert torch.equal(again.network().slots.gather(quantity), wanted.float())
    again.copy_to(net)
    torch.testing.assert_close(net.slots.gather(WEIGHT), by_hand[WEIGHT], rtol=1e-6, atol=1e-6)


def test_a_state_of_another_wiring_is_refused():
    _, _, _, ema, by_hand = trained()
    small = compiler.compile(mlp((4, 3)))
    with pytest.raises(WiringError, match="another wiring"):
        compiler.EMA(small).load_state_dict(ema.state_dict())
    with pytest.raises(WiringError, match="another wiring"):
        ema.copy_to(small)
    state = ema.state_dict()
    state["spaces"] = {"weight": state["spaces"]["weight"][:3], "bias": state["spaces"]["bias"] + 1}
    with pytest.raises(WiringError, match="69 weight values"):
        ema.load_state_dict(state)
    torch.testing.assert_close(ema.state_dict()["spaces"]["bias"], by_hand[BIAS], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("options", [{"decay": 1.0}, {"decay": -0.1}, {"decay": "0.9"}, {"statistics": "keep"}])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(CompileError, match=next(iter(options))):
        compiler.EMA(compiler.compile(mlp()), **options)


def test_a_stale_source_has_no_network_to_give():
    graph, _, _, ema, _ = trained()
    graph.apply(SplitEdge(*next(iter(graph.edges))))
    with pytest.raises(StaleError, match="refresh"):
        ema.network()


@pytest.mark.parametrize("name", ["dense", "sparse"])
def test_what_torch_mixes_after_an_edit_is_kept_apart(name):
    """One neuron goes and another comes: every Parameter has the shape that it had, and other synapses in it."""
    graph, net, optimizer, ema, _ = trained(lowering=name)
    torchs = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.75))
    torchs.update_parameters(net)
    ema.copy_to(torchs.module)  # the two averages are the same so far
    shapes = [p.shape for p in net.parameters()]
    graph.apply(RemoveNeurons([graph.population("h1")[0]]))
    graph.apply(Proliferate("h1", 1, seed=0))
    net.refresh(optimizer)
    assert [p.shape for p in net.parameters()] == shapes
    before = {quantity: numbers(ema.network(), quantity) for quantity in net.slots.quantities}
    train(net, graph, optimizer, steps=1, seed=9)
    ema.update()
    torchs.update_parameters(net)
    differs = False
    for quantity in net.slots.quantities:
        now, mine, theirs = numbers(net, quantity), numbers(ema.network(), quantity), numbers(torchs.module, quantity)
        for number, average in mine.items():
            assert average == pytest.approx(0.75 * before[quantity][number] + 0.25 * now[number], rel=1e-9, abs=1e-12)
        differs |= not np.allclose(list(mine.values()), list(theirs.values()))
    assert differs


def test_half_precision_is_averaged_in_single():
    net = compiler.compile(mlp(), dtype=torch.bfloat16)
    ema = compiler.EMA(net, 0.999)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(1.0)
    before = ema.state_dict()["spaces"]["weight"]
    for _ in range(3):
        ema.update()
    wanted = before * 0.999**3 + (1 - 0.999**3)
    torch.testing.assert_close(ema.state_dict()["spaces"]["weight"], wanted, rtol=1e-5, atol=1e-6)


def test_a_network_forgets_averages_that_nobody_holds_and_copies_have_none():
    graph, net, optimizer, ema, _ = trained()
    clone, gone = copy.deepcopy(net), weakref.ref(ema)
    graph.apply(Proliferate("h1", 1, seed=0))
    clone.refresh()
    assert ema.source is net and net.stale
    del ema
    gc.collect()
    assert gone() is None
    net.refresh(optimizer)
