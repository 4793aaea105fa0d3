"""Problems for tests, importable in other processes; see conftest.py."""

import os
import signal
from pathlib import Path

import torch
import torch.nn.functional as F

from neurograph.builders import mlp
from search.evolution import Learning, Policy, Problem, Species, make_toolbox
from search.executors import builder

X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
POLICY = Policy(connect=0.5, split=0.5, cut=0.3, add=0.2, remove=0.2, perturb=0.5, activations=("tanh", "relu"))


@builder
def xor(learning=None, species=False, odd=None, notes=None, flops=None):
    """XOR by a few mutations; some individuals end the process that has them, always or once, or raise."""

    def fitness(one, net):
        if odd == "raise" and one.number % 3 == 1:
            raise ValueError("no   luck")
        if odd == "die" and one.number == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        if odd == "die once" and one.number == 5 and not (note := Path(notes) / "died").exists():
            note.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if odd == "shape":
            return 1.0, 2.0
        return (net(X) - Y).square().mean()

    toolbox = make_toolbox(POLICY)
    if species:
        toolbox.register("select", Species(threshold=0.8))
    learn = (
        None if learning is None else Learning((X, Y), F.mse_loss, steps=3, batch=3, inheritance=learning, flops=flops)
    )
    return Problem(mlp([2, 1], seed=0), fitness, learn, toolbox)


@builder
def other_ends():
    """Individuals that take different numbers of inputs."""
    return Problem([mlp([2, 1]), mlp([2, 1]), mlp([3, 1])], lambda one, net: 0.0)


@builder
def no_problem():
    return len


@builder
def from_file(path):
    """The target is a number that a file holds."""
    target = float(Path(path).read_text())
    return Problem(mlp([2, 1], seed=0), lambda one, net: (net(X) - target).square().mean())
