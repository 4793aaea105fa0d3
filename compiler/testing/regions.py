"""The contract of a way to make several blocks at once: whoever reads one of them finds what it would alone."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch.func import grad, jacrev, vmap

from neurograph import compiler
from neurograph.builders import mlp
from neurograph.edits import InsertLayer, Proliferate, SplitEdge
from neurograph.network import NeuronGraph

from .derivatives import function_of, gradients, inputs_of, numbers_of
from .lowerings import outputs_of
from .networks import Recipe, build
from .reference import assert_equals_reference, batch, loss_of

TANGLED = Recipe(4, (3, 6, 6, 2), density=0.7, mixed=True, tangled=True)
PLAIN = Recipe(9, (3, 6, 6, 2), density=0.7, mixed=True)


def loss_of_all(outputs: Any, _: Any = None) -> torch.Tensor:
    """The kit's loss of one output or several."""
    return loss_of(*(outputs if isinstance(outputs, tuple) else (outputs,)))


def trained(net: compiler.CompiledNetwork, optimizer: torch.optim.Optimizer, seed: int = 0) -> None:
    """Three steps, in which what leads to no output has a gradient of zero, whichever Parameter it is in."""
    for step in range(3):
        optimizer.zero_grad()
        loss_of_all(net(*batch(net.graph, seed=seed + step))).backward()
        for parameter in net.parameters():
            parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        optimizer.step()


def edited(graph: NeuronGraph) -> None:
    """A synapse split, two neurons more and a synapse less, the same in equal networks."""
    graph.apply(SplitEdge(*next((u, v) for u, v, weight in graph.edges(data="weight") if weight is not None)))
    grows = next(name for name in graph.populations if graph.nodes[graph.population(name)[0]]["role"] == "hidden")
    graph.apply(Proliferate(grows, 2, seed=1))
    graph.remove_edge(*next((u, v) for u, v in reversed(list(graph.edges)) if graph.in_degree(v) > 1))


class RegionLoweringContract:
    """What every lowering of regions keeps; a subclass says its name.

    Each network is compiled as one region as far as that goes, and once more block by block: values, statistics,
    gradients, state and what edits leave are the same.
    """

    name: str
    tolerance: float = 1e-9

    def whole(self, graph: NeuronGraph, **options: Any) -> compiler.CompiledNetwork:
        """The network, made by this lowering in as few calls as can be."""
        return compiler.compile(graph, **({"dtype": torch.float64, "lowering": self.name} | options))

    def apart(self, graph: NeuronGraph) -> compiler.CompiledNetwork:
        """A copy of the network, made block by block."""
        return compiler.compile(graph.copy(), dtype=torch.float64, lowering="blocks")

    def both(self, recipe: Recipe) -> tuple[compiler.CompiledNetwork, compiler.CompiledNetwork]:
        """A random network in both ways."""
        graph = build(recipe)
        return self.whole(graph), self.apart(graph)

    def near(self, found: Any, wanted: Any) -> None:
        """Both are the same, but for rounding."""
        torch.testing.assert_close(found, wanted, rtol=self.tolerance, atol=self.tolerance)

    def test_it_makes_several_blocks_in_one_stage_and_the_report_says_so(self) -> None:
        net, _ = self.both(TANGLED)
        assert max(len(stage.makes) for stage in net.program.stages) > 1
        assert {product.lowering for stage in net.program.stages for product in stage.products} == {self.name}
        assert self.name in net.report()

    @pytest.mark.parametrize("seed", range(6))
    def test_it_computes_and_derives_as_the_reference_does(self, seed: int) -> None:
        graph = build(Recipe(seed, (3, 5, 5, 2), 1 + seed % 2, (0.4, 1.0)[seed % 2], seed > 1, False, seed > 2))
        assert_equals_reference(self.whole(graph), graph)

    def test_means_are_means(self) -> None:
        graph = build(Recipe(7, (4, 6, 6, 3), density=0.8, tangled=True))
        for name in list(graph)[5:12]:
            graph.nodes[name]["aggregation"] = "mean"
        assert_equals_reference(self.whole(graph), graph)

    def test_every_block_can_be_read(self) -> None:
        net, other = self.both(TANGLED)
        values = [
            {
                key: column
                for keys, block in zip(made.program.blocks, made.run(batch(made.graph)), strict=True)
                for key, column in zip(keys.tolist(), block.unbind(1), strict=True)
            }
            for made in (net, other)
        ]
        assert sorted(values[0]) == sorted(values[1])
        self.near(*values)

    def test_what_is_observed_is_what_blocks_show(self) -> None:
        both = self.both(TANGLED)
        batches = [(*batch(both[0].graph, 7, seed), torch.ones(1)) for seed in range(3)]
        mine, theirs = (net.observe(batches, loss=loss_of_all, activations=True) for net in both)
        for field in ("keys", "activation_mean", "activation_variance", "recorded", "ids", "gradient_mean_absolute"):
            np.testing.assert_allclose(getattr(mine, field), getattr(theirs, field), rtol=1e-9, atol=1e-12)

    def test_a_layer_that_is_inserted_by_what_was_recorded_is_the_same(self) -> None:
        x = torch.randn(60, 4, generator=torch.Generator().manual_seed(0)).double()
        grown = []
        for make in (self.whole, self.apart):
            net = make(mlp([4, 8, 6, 3], seed=1))
            seen = compiler.record(net, [x])
            net.graph.apply(InsertLayer(("hidden1", "hidden2"), width=12, target=5, observations=seen, seed=0))
            grown.append(net.graph.arrays().weight)
        np.testing.assert_allclose(*grown, rtol=1e-7, atol=1e-9)

    def test_its_portable_form_is_the_same_function(self) -> None:
        for recipe in (TANGLED, PLAIN):
            net, _ = self.both(recipe)
            xs = batch(net.graph)
            self.near(outputs_of(net.portable(), xs), outputs_of(net, xs))

    @pytest.mark.parametrize("recipe", [TANGLED, PLAIN])
    def test_a_refresh_gives_what_a_fresh_compile_gives_and_keeps_momenta(self, recipe: Recipe) -> None:
        both = self.both(recipe)
        optimizers = [torch.optim.SGD(net.parameters(), 1e-3, momentum=0.9) for net in both]
        for net, optimizer in zip(both, optimizers, strict=True):
            trained(net, optimizer)
            edited(net.graph)
            net.refresh(optimizer)
        net = both[0]
        fresh = self.whole(net.graph.copy())
        assert fresh.program == net.program and fresh.report() == net.report()
        self.near(dict(net.named_parameters()), dict(fresh.named_parameters()))
        assert_equals_reference(net, net.graph)
        for quantity in net.slots.quantities:
            mine, theirs = (
                made.slots.gather(quantity, lambda p, o=o: o.state.get(p, {}).get("momentum_buffer"), trained=True)
                for made, o in zip(both, optimizers, strict=True)
            )
            self.near(mine.double(), theirs.double())

    def test_parameters_and_optimizer_state_go_from_one_program_to_the_other(self) -> None:
        net, other = self.both(PLAIN)
        mine, theirs = (torch.optim.Adam(made.parameters(), 0.01) for made in (net, other))
        trained(net, mine)
        trained(other, theirs, seed=50)
        other.load_state_dict(net.state_dict())
        other.load_optimizer_state(theirs, net.optimizer_state(mine))
        for made, optimizer in ((net, mine), (other, theirs)):
            trained(made, optimizer, seed=9)
        for key, value in net.state_dict().items():
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                self.near(value, other.state_dict()[key])

    def test_copies_learn_on_their_own(self) -> None:
        net, _ = self.both(TANGLED)
        xs = batch(net.graph)
        clone, before = copy.deepcopy(net), outputs_of(net, xs)
        trained(clone, torch.optim.SGD(clone.parameters(), 0.1))
        self.near(outputs_of(net, xs), before)
        assert_equals_reference(clone, clone.graph)

    def test_it_has_second_derivatives_and_transforms(self) -> None:
        net = self.whole(build(Recipe(3, (3, 4, 4, 2), density=0.8, tangled=True, mixed=True))).eval()
        loss, numbers, xs = function_of(net), numbers_of(net), inputs_of(net, 2)

        def flat(*given: torch.Tensor) -> torch.Tensor:
            return loss(dict(zip(numbers, given, strict=False)), *given[len(numbers) :])

        given = tuple(value.requires_grad_() for value in (*numbers.values(), *xs))
        assert torch.autograd.gradcheck(flat, given, check_forward_ad=True, fast_mode=True, atol=1e-4)
        assert torch.autograd.gradgradcheck(flat, given, fast_mode=True, atol=1e-4)
        each: Any = vmap(grad(lambda n, x: loss(n, x[None])), (None, 0))(numbers, xs[0])
        rows = [gradients(loss, numbers, x[None]) for x in xs[0]]
        self.near(each, {key: torch.stack([row[key] for row in rows]) for key in numbers})
        self.near(jacrev(loss)(numbers, *xs), gradients(loss, numbers, *xs))
