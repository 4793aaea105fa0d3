"""Compiled convolutional networks against the `nn.Module` they were lifted from: a training step, time and memory.

Both hold the same weights, see the same batch in channels_last and run in turn; the table gives medians and the median
of the rounds' ratios. Memory is the high-water mark of a step, each in a process of its own.

    python -m benchmarks.conv [--rounds 7] [--threads 1] [--only lenet5]
"""

import argparse
import copy
import ctypes
import statistics
import subprocess
import sys

import torch
from torch import nn
from torch.nn import functional as F

import compiler
from benchmarks.measure import clock_for, format_seconds, interleaved, median_ratio, show, timed
from benchmarks.models import VGG16, LeNet5, ResNet20
from neurograph.edits import RemoveNeurons

NETWORKS = {
    "lenet5": (LeNet5, (1, 28, 28), 64),
    "vgg16": (VGG16, (3, 32, 32), 64),
    "resnet20": (ResNet20, (3, 32, 32), 64),
}


def batch(shape: tuple[int, ...], rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch in channels_last and its classes."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(rows, *shape, generator=generator).contiguous(memory_format=torch.channels_last)
    return x, torch.randint(10, (rows,), generator=generator)


def stepper(net: nn.Module, x: torch.Tensor, y: torch.Tensor):
    """A function that trains one step with SGD and momentum."""
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()

    return step


def measure(name: str, rounds: int, clock) -> tuple[list[str], list[str]]:
    """A row of the table of steps and one of the table of costs."""
    make, shape, rows = NETWORKS[name]
    torch.manual_seed(0)
    module = make().train()
    x, y = batch(shape, rows)
    lifting, graph = timed(lambda: compiler.lift(copy.deepcopy(module).eval(), x[:2]), clock)
    compiling, net = timed(
        lambda: compiler.compile(graph, batch_size=rows).to(memory_format=torch.channels_last), clock
    )
    module = module.to(memory_format=torch.channels_last)
    assert torch.allclose(net.eval()(x), module.eval()(x), atol=1e-4)
    runs = {"module": stepper(module.train(), x, y), "ours": stepper(net.train(), x, y)}
    for run in runs.values():
        run()
    spent = interleaved(runs, rounds, clock=clock)
    names = [n for n in graph.populations if graph.nodes[graph.population(n)[0]]["shape"] and "input" not in n]
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9)
    graph.apply(RemoveNeurons(graph.population(names[0])[:2], stranded="remove"))
    refreshing, _ = timed(lambda: net.refresh(optimizer), clock)
    medians = [format_seconds(statistics.median(spent[k])) for k in ("module", "ours")]
    memory = [f"{peak(name, which):.0f}" for which in ("module", "ours")]
    step = [f"{name}, batch {rows}", *medians, f"{median_ratio(spent, 'ours', 'module'):.3f}", *memory]
    return step, [
        name,
        f"{graph.number_of_edges():,}",
        format_seconds(lifting),
        format_seconds(compiling),
        format_seconds(refreshing),
    ]


def peak(name: str, which: str) -> float:
    """MiB that a training step adds to the high-water mark of a process that has only just built the network."""
    command = [sys.executable, "-m", "benchmarks.conv", "--peak", name, which]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def print_peak(name: str, which: str) -> None:
    """What `peak` asks its process for."""
    make, shape, rows = NETWORKS[name]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    module = make()
    x, y = batch(shape, rows)
    net: nn.Module = module.to(memory_format=torch.channels_last)
    if which == "ours":
        net = compiler.compile(compiler.lift(module.eval(), x[:2]), batch_size=rows)
        net = net.to(memory_format=torch.channels_last)
    step = stepper(net.train(), x, y)
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as reset:
        reset.write("5")  # the high-water mark begins anew
    before = status("VmRSS")
    step()
    step()
    print((status("VmHWM") - before) / 1024)


def status(name: str) -> int:
    """A figure of this process in KiB (Linux)."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=NETWORKS, help="one network")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        print_peak(*options.peak)
        return
    torch.set_num_threads(options.threads)
    clock = clock_for(options.threads)
    rows = [measure(name, options.rounds, clock) for name in ([options.only] if options.only else NETWORKS)]
    title = f"training step, channels_last, {options.threads} thread(s)"
    columns = ["", "nn.Module", "compiled", "ratio", "MiB a step: module", "compiled"]
    show(title, columns, [step for step, _ in rows])
    show("once", ["", "synapses", "lift", "compile", "refresh after 2 channels"], [cost for _, cost in rows])


if __name__ == "__main__":
    main()
