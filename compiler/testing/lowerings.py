"""The contract of a lowering: whatever it accepts it computes, derives and learns as the reference does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.func import grad, jacrev, jvp, vmap

from neurograph import compiler
from neurograph.network import NeuronGraph

from ..lowering import REGISTRY
from ..planning.cost import CPU
from ..planning.pins import NamedBundle
from .derivatives import function_of, gradients, inputs_of, numbers_of
from .maps import MapRecipe, build_maps
from .networks import Recipe, build
from .reference import assert_equals_reference, batch, loss_of

SMALL: tuple[Callable[[], NeuronGraph], ...] = (
    lambda: build(Recipe(1, (4, 20, 20, 2), density=1.0)),
    lambda: build(Recipe(3, (4, 6, 6, 3), density=0.5, aggregations=True)),
    lambda: block_graph(),
    lambda: build_maps(MapRecipe(1, (2, 3, 2), side=4, wiring="sparse", mixed=True)),
    lambda: build_maps(MapRecipe(1, (4, 4, 4), side=4, wiring="grouped")),
    lambda: build_maps(MapRecipe(2, (2, 4, 2), side=4, wiring="depthwise")),
    lambda: build_maps(MapRecipe(3, (5, 5), side=3, wiring="uneven")),
)


def block_graph() -> NeuronGraph:
    """Two equal disjoint blocks of scalars, their neurons interleaved."""
    rng, graph = np.random.default_rng(0), NeuronGraph()
    x, y = graph.add_population("x", 4, role="input"), graph.add_population("y", 4, activation="tanh", is_output=True)
    for block in (0, 1):
        graph.connect(x[block::2], y[block::2], weight=rng.normal(size=(2, 2)))
    return graph


def where_legal(name: str) -> Callable[[NamedBundle], str | None]:
    """A pin that takes a lowering wherever it accepts the bundle."""
    return lambda bundle: name if REGISTRY[name].refuses(bundle) is None else None


def lowerings_of(net: compiler.CompiledNetwork) -> set[str]:
    """The names of the lowerings that a network runs by."""
    return {product.lowering for stage in net.program.stages for product in stage.products}


def outputs_of(net: Any, xs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """What a network returns, a tuple always."""
    found = net(*xs)
    return found if isinstance(found, tuple) else (found,)


class LoweringContract:
    """What every lowering keeps; a subclass says its name.

    Attributes
    ----------
    name
        In the registry.
    dtype
        The one that it is compared in; what knows no float64 says float32, and a tolerance.
    tolerance
        Relative and absolute.
    """

    name: str
    dtype: torch.dtype = torch.float64
    tolerance: float = 1e-8

    def graphs(self) -> list[NeuronGraph]:
        """Networks in which the lowering accepts something: two of the kit's, unless a subclass has better ones."""
        made = (make() for make in SMALL)
        found = [graph for graph in made if self.name in lowerings_of(self.net(graph))]
        assert found, f"none of the kit's networks has synapses for {self.name!r}: say graphs()"
        return found[:2]

    def net(self, graph: NeuronGraph) -> compiler.CompiledNetwork:
        """The network, run by this lowering wherever it can."""
        return compiler.compile(graph, dtype=self.dtype, lowering=where_legal(self.name))

    def equals_reference(self, net: compiler.CompiledNetwork, graph: NeuronGraph, training: bool = False) -> None:
        """Outputs, running statistics and every gradient are the reference's."""
        assert_equals_reference(net, graph, training, self.tolerance)

    def near(self, found: Any, wanted: Any) -> None:
        """Both are the same, as far as the dtype goes."""
        torch.testing.assert_close(found, wanted, rtol=self.tolerance, atol=self.tolerance)

    def test_it_runs_where_it_is_pinned_and_the_report_says_so(self) -> None:
        for graph in self.graphs():
            assert self.name in lowerings_of(self.net(graph)) and self.name in self.net(graph).report()

    @pytest.mark.parametrize("training", [False, True])
    @pytest.mark.parametrize("seed", range(4))
    def test_whatever_it_accepts_it_computes_as_the_reference_does(self, seed: int, training: bool) -> None:
        wiring = ("full", "sparse", "grouped", "depthwise")[seed]
        for graph in (
            build(Recipe(seed, (3, 5, 5, 2), 1 + seed % 2, (0.4, 1.0)[seed % 2], seed > 1, seed > 2, seed > 1)),
            build_maps(MapRecipe(seed, (4, 4, 4), wiring=wiring, frozen=True, mixed=seed > 1)),
        ):
            self.equals_reference(self.net(graph), graph, training)

    def test_it_learns_and_survives_an_edit(self) -> None:
        for graph in self.graphs():
            net = self.net(graph)
            optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
            for step in range(2):
                optimizer.zero_grad()
                loss_of(*outputs_of(net, batch(graph, seed=step, dtype=self.dtype))).backward()
                optimizer.step()
            net.write_back()
            self.equals_reference(net, graph)
            graph.remove_edge(*next(edge for edge in graph.edges if graph.in_degree(edge[1]) > 1))
            net.refresh(optimizer)
            self.equals_reference(net, graph)

    def test_its_portable_form_is_the_same_function(self) -> None:
        for graph in self.graphs():
            net, xs = self.net(graph).eval(), batch(graph, dtype=self.dtype)
            self.near(outputs_of(net.portable(), xs), outputs_of(net, xs))

    def test_it_has_forward_batched_and_second_derivatives(self) -> None:
        for graph in self.graphs():
            net = self.net(graph).eval()
            loss, numbers, xs = function_of(net), numbers_of(net), inputs_of(net, 2)

            def flat(*given: torch.Tensor, loss=loss, names=tuple(numbers)) -> torch.Tensor:
                return loss(dict(zip(names, given, strict=False)), *given[len(names) :])

            given = tuple(value.requires_grad_() for value in (*numbers.values(), *xs))
            fast: Any = {"fast_mode": True, "atol": 1e-4}
            assert torch.autograd.gradcheck(flat, given, check_forward_ad=True, check_batched_grad=True, **fast)
            assert torch.autograd.gradgradcheck(flat, given, **fast)

    def test_it_runs_under_the_transforms_of_torch_func(self) -> None:
        for graph in self.graphs():
            net = self.net(graph).eval()
            loss, numbers, xs = function_of(net), numbers_of(net), inputs_of(net, 16)
            one = [gradients(loss, numbers, *(x[at : at + 1] for x in xs)) for at in range(16)]
            by_row = grad(lambda n, *x, loss=loss: loss(n, *(y[None] for y in x)))
            each = vmap(by_row, (None, *[0] * len(xs)))(numbers, *xs)
            self.near(each, {key: torch.stack([found[key] for found in one]) for key in numbers})
            slopes = gradients(loss, numbers, *xs)
            self.near(jacrev(loss)(numbers, *xs), slopes)
            moved: Any = jvp(lambda n, loss=loss, xs=xs: loss(n, *xs), (numbers,), (numbers,))
            value, slope = moved
            self.near(value, loss(numbers, *xs))
            self.near(slope, sum((g * numbers[key]).sum() for key, g in slopes.items()))
            pair = {key: torch.stack([held, 2 * held]) for key, held in numbers.items()}
            twice = vmap(loss, (0, *[None] * len(xs)))(pair, *xs)
            self.near(twice, torch.stack([loss({key: held[at] for key, held in pair.items()}, *xs) for at in (0, 1)]))

    def test_its_cost_works_on_arrays_and_its_refusal_is_a_sentence(self) -> None:
        asked: list[NamedBundle] = []
        compiler.compile(self.graphs()[0], dtype=self.dtype, lowering=asked.append)
        lowering, reasons = REGISTRY[self.name], [REGISTRY[self.name].refuses(bundle) for bundle in asked]
        assert all(reason is None or (isinstance(reason, str) and reason) for reason in reasons)
        one = asked[reasons.index(None)]
        sizes = [np.array([size, size]) for size in (one.inputs, one.outputs, one.synapses, one.groups, one.padded)]
        small, large = (replace(one, batch=rows).sized(*sizes) for rows in (1, 1000))
        assert np.shape(lowering.cost(small, CPU)) == (2,)
        assert (lowering.cost(large, CPU) > lowering.cost(small, CPU)).all()
