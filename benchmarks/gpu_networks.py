"""Compiled networks on a CUDA device, for `benchmarks.gpu`: choices and their regret, fields, populations, an MLP."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import compiler
from benchmarks.evolution import INPUTS, genome
from benchmarks.gpu_timing import HERE, close, graphed, medians_ms
from benchmarks.sparse import passes, random_layer, shuffled_blocks
from benchmarks.training import OPTIMIZERS, sequential
from compiler.lowering import REGISTRY
from compiler.lowering.rates import Calibration
from compiler.planning.cost import default_calibration
from compiler.planning.measuring import measured
from neurograph import NeuronGraph
from neurograph.builders import mlp, random_field
from neurograph.errors import CompileError


def everything(small: bool) -> None:
    """All tables."""
    figures = calibration()
    for part in (perceptrons, populations, lambda small: fields(small, figures), lambda small: regret(small, figures)):
        begin = time.perf_counter()
        part(small)
        print(f"({time.perf_counter() - begin:.0f} s)", flush=True)


def calibration() -> dict[str, Calibration]:
    """The device measured, twice: the first time kernels are compiled for it as well."""
    seconds = []
    for _ in range(2):
        begin = time.perf_counter()
        found = measured("measured", HERE)
        seconds.append(time.perf_counter() - begin)
    print(f"\ncalibration: {seconds[0]:.2f} s, again {seconds[1]:.2f} s")
    shipped = default_calibration(HERE)
    rates, old = found.rates, shipped.rates
    changed = [name for name in rates if rates[name] != old.get(name)]
    print("  " + "\n  ".join(f"{name}={rates[name]:.3g},  # shipped {old[name]:.3g}" for name in changed))
    return {"measured": found, "shipped": shipped}


def step(net: Callable, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> Callable[[], None]:
    """A training step."""

    def run() -> None:
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()

    return run


def perceptrons(small: bool) -> None:
    """A dense MLP against `nn.Sequential`, as they are and by torch.compile."""
    sizes = [64, 32, 10] if small else [784, 1024, 1024, 10]
    print(f"\ntraining step, {'-'.join(map(str, sizes))}: nn.Sequential, compiled, ms; ratio")
    for batch in (32, 256, 1024):
        x, y = torch.randn(batch, sizes[0], device=HERE), torch.randint(sizes[-1], (batch,), device=HERE)
        for name, make in OPTIMIZERS.items():
            graph = mlp(sizes, seed=0)
            nets: dict[str, nn.Module] = {"torch": sequential(graph, sizes).to(HERE)}
            nets["ours"] = compiler.compile(graph, batch_size=batch, device=HERE)
            assert close(nets["ours"](x), nets["torch"].double()(x.double())) < 1e-5
            nets["torch"].float()
            ways = {k: step(net, make(net.parameters()), x, y) for k, net in nets.items()}
            ms = medians_ms(ways, 60)
            print(f"  {name}, batch {batch}: {ms['torch']:.3f}, {ms['ours']:.3f}; {ms['ours'] / ms['torch']:.3f}")
    fast = {}
    for name, net in nets.items():
        traced = torch.compile(net)
        assert close(traced(x), net(x)) < 1e-4
        fast[f"torch.compile({name})"] = step(traced, torch.optim.SGD(net.parameters(), lr=1e-3), x, y)
    ms = medians_ms(fast, 60)
    print("  " + ", ".join(f"{name} {found:.3f}" for name, found in ms.items()) + f" at batch {batch}", flush=True)


def populations(small: bool) -> None:
    """Genomes as one program, one by one, and on the processor."""
    many, synapses = (20, 30) if small else (1000, 100)
    graphs = [genome(seed, synapses // 6, synapses) for seed in range(many)]
    print(f"\n{many} genomes of {synapses} synapses, ms: population, one by one, population on the processor")
    for rows in (128, 4096):
        begin = time.perf_counter()
        whole = compiler.compile_population([g.copy() for g in graphs], batch_size=rows, device=HERE)
        seconds = time.perf_counter() - begin
        alone = [compiler.compile(g.copy(), batch_size=rows, device=HERE) for g in graphs[:20]]
        here = compiler.compile_population([g.copy() for g in graphs], batch_size=rows)
        x = torch.randn(rows, INPUTS)
        exact = compiler.compile_population([g.copy() for g in graphs], dtype=torch.float64)(x.double())
        off = close(whole(x.to(HERE)).cpu(), exact)
        print(f"  {rows} rows: compiled in {seconds:.2f} s, off by {off:.0e}; {_kinds(whole)}")
        for what, call in (("forward", _forward), ("forward and backward", _backward)):
            ways = {"population": partial(call, whole, x.to(HERE)), "alone": partial(_each, call, alone, x.to(HERE))}
            ms = medians_ms(ways) | medians_ms({"graph": graphed(ways["population"])})
            slow = medians_ms({"": partial(call, here, x)}, 3)[""]
            ms["alone"] *= many / len(alone)
            print(
                f"    {what}: {ms['population']:.3f} (in a CUDA graph {ms['graph']:.3f}), {ms['alone']:.0f}, {slow:.1f}"
            )


def _each(call: Callable, nets: list[compiler.CompiledNetwork], x: Tensor) -> None:
    for net in nets:
        call(net, x)


def _forward(net: Callable, x: Tensor) -> None:
    with torch.no_grad():
        net(x)


def _backward(net: nn.Module, x: Tensor) -> None:
    torch.autograd.grad(net(x).square().sum(), list(net.parameters()), allow_unused=True)


def _kinds(net: compiler.CompiledNetwork) -> str:
    stages = net.program.stages
    return f"{len(stages)} stages by " + ", ".join(sorted({p.lowering for stage in stages for p in stage.products}))


def fields(small: bool, figures: dict[str, Calibration]) -> None:
    """A random field, whole and level by level; what the figures choose and predict."""
    neurons = 300 if small else 10_000
    for levels in (3,) if small else (5, 20, 100):
        graph = random_field(neurons, 16, levels, seed=0)
        print(f"\nrandom field of {levels} levels, {graph.number_of_edges():,} synapses, forward and backward, ms")
        for batch in (64, 1024):
            nets = {
                name: compiler.compile(graph.copy(), batch_size=batch, device=HERE, lowering=name)
                for name in ("field", "blocks")
            }
            x = torch.randn(batch, len(graph.population("input")), device=HERE)
            exact = compiler.compile(graph.copy(), dtype=torch.float64)(x.double().cpu())
            off = max(close(net(x).cpu(), exact) for net in nets.values())
            ms = medians_ms({name: partial(_backward, net, x) for name, net in nets.items()})
            ms |= medians_ms({"field, CUDA graph": graphed(partial(_backward, nets["field"], x))})
            said = []
            for name, own in figures.items():
                made = compiler.compile(graph.copy(), batch_size=batch, device=HERE, calibration=own)
                said.append(f"{name}: {_kinds(made)[:60]}, {made.program.seconds * 1e3:.3f} predicted")
            found = ", ".join(f"{name} {value:.3f}" for name, value in ms.items())
            print(f"  batch {batch}: {found}; off by {off:.0e}; {'; '.join(said)}", flush=True)


def regret(small: bool, figures: dict[str, Calibration]) -> None:
    """Layers in every way that can run them, and how much longer the chosen way takes than the fastest."""
    sizes = (64,) if small else (256, 1024, 2048)
    rows: dict[str, list[float]] = {name: [] for name in figures}
    print("\nlayers, forward and backward, ms: every way; regret of the choice by measured and by shipped rates")
    for size in sizes:
        densities = (0.01, 0.1, 1.0) if size <= 1024 else (0.01, 0.1)
        layers: dict[str, NeuronGraph] = {f"density {d}": random_layer(size, d) for d in densities}
        layers["64 blocks"] = shuffled_blocks(size, 64)
        for words, graph in layers.items():
            for batch in (64, 2048):
                ms = medians_ms(_ways(graph, size, batch), 9)
                best, line = min(ms.values()), []
                for name, own in figures.items():
                    net = compiler.compile(graph.copy(), batch_size=batch, device=HERE, calibration=own)
                    pick = net.program.stages[-1].products[0].lowering
                    rows[name].append(ms[pick] / best - 1)
                    line.append(f"{pick} {rows[name][-1]:.0%}")
                found = ", ".join(f"{name} {value:.3f}" for name, value in ms.items())
                print(f"  {size}, {words}, batch {batch}: {found}; {'; '.join(line)}")
    for name, found in rows.items():
        print(f"  regret by {name} rates: mean {np.mean(found):.1%}, worst {max(found):.0%}", flush=True)


def _ways(graph: NeuronGraph, size: int, batch: int) -> dict[str, Callable[[], object]]:
    found: dict[str, Callable[[], object]] = {}
    for name in REGISTRY:
        try:
            net = compiler.compile(graph.copy(), batch_size=batch, device=HERE, lowering=name)
        except CompileError:
            continue
        x = torch.randn(batch, size, device=HERE).requires_grad_()
        found[name] = passes(net.train(), x, torch.randn(net(x).shape, device=HERE))
    return found
