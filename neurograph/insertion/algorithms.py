"""The ways to a layer: the joint fit, CompNet's three algorithms, and what they are compared with.

Each is a function of `Problem` that returns a `Solution`; `ALGORITHMS` lists them.
"""

from collections.abc import Callable
from typing import cast

import numpy as np

from neurograph.errors import EditError, OptionError
from neurograph.insertion.alternating import alternating
from neurograph.insertion.joint import joint
from neurograph.insertion.layer import NewLayer
from neurograph.insertion.netmorph import netmorph
from neurograph.insertion.pair import Pair
from neurograph.insertion.problem import Problem, Solution, fitted
from neurograph.insertion.sparse import input_side, output_side


def redundant(problem: Problem) -> Solution:
    """Every neuron that was drawn stays, with W(new2) by eq. 11: "NetMorph-Redundant", and with few, "Oracle".

    The paper does not say how it ran NetMorph (Wei et al. 2016); what it compares is the width, and so does this.
    "netmorph" is that method as it was published.
    """
    _check("redundant", problem)
    everyone = list(range(problem.layer.neurons))
    return fitted(problem, problem.layer, kept=everyone)


def random(problem: Problem) -> Solution:
    """So many of the neurons that were drawn stay, whichever: what any selection must beat."""
    _check("random", problem)
    drawn = np.random.default_rng(problem.seed + 1).permutation(problem.layer.neurons)
    kept = np.sort(drawn[: cast("int", problem.target)])
    return fitted(problem, problem.layer.of(kept), kept=kept.tolist())


def identity(problem: Problem) -> Solution:
    """Net2Net's deeper net: a new neuron hands on one source each, and the old weights follow (Chen et al. 2015).

    Exact where the activation leaves what the sources say as it is: the identity, or a ReLU behind ReLUs.
    """
    _check("identity", problem)
    pair, drawn = problem.pair, problem.layer
    count = len(pair.sources)
    weights, (height, width) = np.zeros_like(drawn.weights), drawn.weights.shape[2:]
    weights[np.arange(count), np.arange(count), height // 2, width // 2] = 1.0
    bias = None if drawn.bias is None else np.zeros(count)
    layer = NewLayer(weights, bias, drawn.activation, drawn.padding)
    wired = np.zeros((count, len(pair.targets)), bool)
    wired[pair.origin[pair.at[:, 0]], pair.at[:, 1]] = True
    old = np.empty((count, len(pair.targets), *pair.window))
    old[pair.origin] = pair.dense()
    details = {"neurons": count, "kept": list(range(count))}
    return Solution(layer, old, np.zeros(len(pair.targets)), wired, details=details)


def residual(problem: Problem) -> Solution:
    """All neurons as they were drawn, beside what is there, with weights of nought to the targets: the function stays.

    As the branch of a residual block that begins at zero: the targets' gradients reach W(new2) at once, and the new
    neurons from the next step on.
    """
    layer, pair = problem.layer, problem.pair
    old = np.zeros((layer.neurons, len(pair.targets), *pair.window))
    details = {"neurons": layer.neurons, "kept": list(range(layer.neurons)), "reconstruction_error": 0.0}
    return Solution(layer, old, np.zeros(len(pair.targets)), beside=True, details=details)


def check_algorithm(name: int | str, pair: Pair, width: int, target: int | float | None) -> None:
    """Refuse what an algorithm could not do, before anything is drawn or recorded.

    Parameters
    ----------
    name
        One of `ALGORITHMS`.
    pair
        Between whom.
    width
        Neurons that are drawn.
    target
        As `InsertLayer` takes it.

    Raises
    ------
    OptionError, EditError
        A width or target that the algorithm has no use for, or a target that it needs; relays that are no one's own.
    """
    count = len(pair.sources)
    if name in ("redundant", "residual", "netmorph") and target is not None:
        raise OptionError(f"algorithm {name!r} keeps every neuron: give their number as width=, and no target=")
    if name == "random" and (not isinstance(target, int) or target > width):
        raise OptionError(f"algorithm 'random' needs target=, how many of the {width} neurons stay")
    if name == "identity" and width != count:
        raise OptionError(f"algorithm 'identity' makes a neuron for each of the {count} sources: leave width= out")
    if name == "identity" and len(pair.readers) != count:
        raise EditError("algorithm 'identity' needs one relay for each source; place='after' does without")


def _check(name: str, problem: Problem) -> None:
    check_algorithm(name, problem.pair, problem.layer.neurons, problem.target)


ALGORITHMS: dict[int | str, Callable[[Problem], Solution]] = {
    "joint": joint,
    1: input_side,
    2: alternating,
    3: output_side,
    "redundant": redundant,
    "random": random,
    "identity": identity,
    "residual": residual,
    "netmorph": netmorph,
}
