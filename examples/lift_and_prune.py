"""A PyTorch network becomes a neuron graph, loses a third of its channels, and trains on.

A small convolutional net is trained as PyTorch trains it. Lifted, it is a graph of channels and kernels with the same
weights; autophagy eats, in every convolution, the channels whose values vary least over the training images; the
compiled network follows, batch norm statistics and all, and trains on. Pooled copies of what is gone, and every kernel
and every read-out weight that read it, go with it.

    python examples/lift_and_prune.py [--data digits|cifar10] [--share 0.33] [--out runs/lift_and_prune]

Digits ship with scikit-learn and take well under a minute; CIFAR-10 is read from files (see `search.datasets.load`).
"""

import argparse
import time
from pathlib import Path
from statistics import median

import torch
from neurograph.search.datasets import Dataset, Split, hold_out, load
from neurograph.search.training import Trainer, TrainingOptions, evaluate, parameter_count
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu

from neurograph import compiler
from neurograph.draw import before_and_after
from neurograph.edits import Autophagy
from neurograph.edits.selectors import LowRepresentationalPower


class Net(nn.Module):
    """Three convolutions, two pools, one linear layer: nothing here knows of graphs."""

    def __init__(self, inputs: int, size: int, classes: int, width: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(inputs, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.norm2 = nn.Conv2d(width, 2 * width, 3, padding=1, bias=False), nn.BatchNorm2d(2 * width)
        self.conv3, self.norm3 = nn.Conv2d(2 * width, 2 * width, 3, padding=1, bias=False), nn.BatchNorm2d(2 * width)
        self.pool1, self.pool2 = nn.MaxPool2d(2), nn.MaxPool2d(2)
        self.scores = nn.Linear(2 * width * (size // 4) ** 2, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Class scores, (batch, classes)."""
        x = relu(self.norm1(self.conv1(x)))
        x = self.pool1(relu(self.norm2(self.conv2(x))))
        x = self.pool2(relu(self.norm3(self.conv3(x))))
        return self.scores(torch.flatten(x, 1))


def main(words: list[str] | None = None) -> None:
    """Train, lift, prune, train on; a table and a picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", choices=("digits", "cifar10"))
    parser.add_argument("--share", type=float, default=1 / 3, help="of the channels of each convolution to eat")
    parser.add_argument("--epochs", type=int, default=8, help="before the edit, and as many after it")
    parser.add_argument("--width", type=int, default=32, help="channels of the first convolution")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/lift_and_prune"), help="where graph and picture go")
    given = parser.parse_args(words)
    torch.set_num_threads(1)  # maps this small are slower on two
    torch.manual_seed(given.seed)
    data, console = load(given.data), Console(highlight=False)
    split = hold_out(data, 0.0, given.seed)
    options = TrainingOptions(epochs=given.epochs, learning_rate=3e-3, schedule="cosine", seed=given.seed)

    console.print(f"A convolutional net learns {data.name} in plain PyTorch, {given.epochs} epochs ...")
    module = Net(data.input_shape[0], data.input_shape[1], data.classes, given.width)
    Trainer(module, split, options).run()
    sizes = {"nn.Module": (error(module, data), parameter_count(module))}

    started = time.perf_counter()
    graph = compiler.lift(module, data.train_x[:1])
    net = compiler.compile(graph, batch_size=options.batch_size)
    console.print(
        f"Lifted and compiled in {time.perf_counter() - started:.2f} s: {graph.number_of_nodes():,} neurons, "
        f"{graph.number_of_edges():,} synapses."
    )
    sizes["lifted"] = error(net, data), parameter_count(net)
    before = graph.copy()

    optimizer = torch.optim.Adam(net.parameters())
    for layer in ("conv1", "conv2", "conv3"):
        seen = net.observe(split.train_x.split(256))
        least = LowRepresentationalPower(given.share, "share")
        eaten = graph.apply(Autophagy(layer, least, stranded="remove", observations=seen))
        net.refresh(optimizer)
        console.print(f"  {layer} ate {eaten.details['eaten']} channels, {eaten.details['left']} are left")
    sizes["pruned"] = error(net, data), parameter_count(net)

    console.print(f"It trains on for {given.epochs} epochs ...\n")
    Trainer(net, split, options, optimizer).run()
    sizes["trained on"] = error(net, data), parameter_count(net)
    given.out.mkdir(parents=True, exist_ok=True)
    graph.save(given.out / "graph.safetensors")
    whole = compiler.compile(before, batch_size=options.batch_size)
    show(console, data, sizes, steps({"nn.Module": module, "lifted": whole, "trained on": net}, split))

    titles = (f"Lifted: {sizes['lifted'][0]:.2f}% test error", f"Pruned: {sizes['trained on'][0]:.2f}%")
    picture = before_and_after(before, graph, given.out / "before_and_after.svg", titles=titles)
    console.print(f"\n  graph    {given.out / 'graph.safetensors'}\n  picture  {picture}", soft_wrap=True)


def error(net: nn.Module, data: Dataset) -> float:
    """Test error in percent."""
    return evaluate(net, data.test_x, data.test_y)[1]


def steps(nets: dict[str, nn.Module], split: Split, batch: int = 64, rounds: int = 40) -> dict[str, float]:
    """Median seconds of forward and backward over one batch, all networks in turn, so that they meet the same machine.

    CPU time of this thread, the only one at work: other programs disturb it little.
    """
    x, y = split.train_x[:batch], split.train_y[:batch]
    seconds: dict[str, list[float]] = {name: [] for name in nets}
    for _ in range(rounds):
        for name, net in nets.items():
            net.train()
            started = time.thread_time()
            cross_entropy(net(x), y).backward()
            seconds[name].append(time.thread_time() - started)
    return {name: median(times[rounds // 4 :]) for name, times in seconds.items()}


def show(console: Console, data: Dataset, sizes: dict[str, tuple[float, int]], seconds: dict[str, float]) -> None:
    """The table."""
    table = Table(title=f"{data.name}, {len(data.test_y)} test images", title_justify="left", padding=(0, 1))
    for column in ("network", "test error", "parameters", "training step"):
        table.add_column(column, justify="left" if column == "network" else "right", no_wrap=True)
    for name, (wrong, parameters) in sizes.items():
        step = f"{seconds[name] * 1e3:.2f} ms" if name in seconds else ""
        table.add_row(name, f"{wrong:.2f}%", f"{parameters:,}", step)
    console.print(table)


if __name__ == "__main__":
    main()
