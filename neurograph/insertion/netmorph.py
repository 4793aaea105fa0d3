"""NetMorph (Wei, Wang, Rui and Chen 2016): the old weights taken apart into those of two layers.

What the targets read through G they read through F1 and then F2, and between the two stands an activation that begins
as the identity and is bent by training (the paper's P-activation; of ReLU it is PReLU with slope 1). F1 * F2 is to be
G, with zeros around its kernels, as wide as both together reach. Each of the two is the solution of least squares while
the other stays, in turn, from F1 at random (the paper's algorithm 1). Where that misses something, F1's kernels are
made smaller, with zeros around them, until it does not (algorithm 2), and if they all do the closest is taken. No data
are needed.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from neurograph.errors import EditError, OptionError
from neurograph.insertion.problem import Problem, Solution

ROUNDS = 200
_ENOUGH = 1e-24  # share of the squares of G that may be missed: rounding
_SLOWER = 1e-5  # by which share a round must better it
MORPHED = {"relu": "prelu", "prelu": "prelu", "identity": "identity"}


def check_morphed(activation: str) -> None:
    """Refuse an activation that has no form which begins as the identity."""
    if activation not in MORPHED:
        raise OptionError(
            f"algorithm 'netmorph' begins with the identity, which {activation!r} has no slope for: "
            "activation='relu' (a PReLU of slope 1, which is trained), 'prelu' or 'identity'"
        )


def netmorph(problem: Problem) -> Solution:
    """All neurons that were drawn, with both layers by alternating least squares on the old weights."""
    pair, drawn = problem.pair, problem.layer
    if pair.chain:
        raise EditError("algorithm 'netmorph' takes weights apart, and pools lie between: place='after' does without")
    check_morphed(drawn.activation)
    if tuple(pair.form.get("dilation", (1, 1))) != (1, 1):
        raise EditError(
            "algorithm 'netmorph' takes kernels apart whose numbers are next to each other, not dilated ones"
        )
    rounds = ROUNDS if problem.iterations is None else problem.iterations
    first, second, details = _closest(problem, rounds)
    bias = None if drawn.bias is None else np.zeros(drawn.neurons)
    layer = replace(drawn, weights=first, bias=bias, activation=MORPHED[drawn.activation])
    if layer.activation == "prelu":
        layer = replace(layer, slope=np.ones(drawn.neurons))
    details |= {"neurons": drawn.neurons, "kept": list(range(drawn.neurons))}
    return Solution(layer, second, np.zeros(len(pair.targets)), details=details)


def _closest(problem: Problem, rounds: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Both layers: with the largest kernels of the first that miss nothing, else with those that miss least."""
    pair, drawn = problem.pair, problem.layer
    (height, width), (top, left) = drawn.weights.shape[2:], drawn.padding
    best: tuple[np.ndarray, np.ndarray, dict[str, Any]] | None = None
    for edge in range(min(top, left) + 1):
        inner = drawn.weights[:, :, edge : height - edge, edge : width - edge]
        reach = [k + j - 1 for k, j in zip(inner.shape[2:], pair.window, strict=True)]
        wanted = np.zeros((len(pair.sources), len(pair.targets), *reach))
        row, column = top - edge, left - edge
        wanted[:, :, row : row + pair.window[0], column : column + pair.window[1]] = pair.dense()
        first, second, error, done = decomposed(wanted, inner, pair.window, rounds)
        if best is None or error < best[2]["decomposition_error"]:
            around = np.zeros_like(drawn.weights)
            around[:, :, edge : height - edge, edge : width - edge] = first
            best = around, second, {"decomposition_error": error, "rounds": done, "filled": list(inner.shape[2:])}
        if error <= _ENOUGH:
            break
    assert best is not None
    return best


def decomposed(
    wanted: np.ndarray, first: np.ndarray, window: tuple[int, int], rounds: int
) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Two layers of kernels that are one after the other.

    Parameters
    ----------
    wanted
        (sources, targets, height, width) what both together are to be.
    first
        (sources, neurons, ...) where the first one begins.
    window
        Height and width of the second one's kernels.
    rounds
        At most.

    Returns
    -------
    first : numpy.ndarray
        (sources, neurons, ...) float64.
    second : numpy.ndarray
        (neurons, targets, *window) float64.
    error : float
        Share of the squares of `wanted` that they miss.
    rounds : int
        How many it took.
    """
    size = float((wanted**2).sum()) or 1.0
    best, error, done = (first, np.zeros((first.shape[1], wanted.shape[1], *window))), np.inf, 0
    while done < rounds and error > _ENOUGH:
        second = _other(first, wanted, window)
        first = _turned(_other(_turned(second), _turned(wanted), (first.shape[2], first.shape[3])))
        missed = float(((composed(first, second) - wanted) ** 2).sum()) / size
        done += 1
        if not missed < error * (1 - _SLOWER):
            break
        best, error = (first, second), missed
    return best[0], best[1], error, done


def composed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(sources, targets, height, width) kernels of two layers, the second behind the first.

    Parameters
    ----------
    first
        (sources, neurons, ...).
    second
        (neurons, targets, ...).
    """
    (height, width), (tall, wide) = first.shape[2:], second.shape[2:]
    out = np.zeros((first.shape[0], second.shape[1], height + tall - 1, width + wide - 1))
    for row, column in np.ndindex(tall, wide):
        out[:, :, row : row + height, column : column + width] += np.einsum(
            "snhw,nt->sthw", first, second[:, :, row, column], optimize=True
        )
    return out


def _other(first: np.ndarray, wanted: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    """(neurons, targets, *window) the second layer by least squares, the smallest of several."""
    sources, neurons, height, width = first.shape
    rows = np.zeros((sources, *wanted.shape[2:], neurons, *window))
    for row, column in np.ndindex(*window):
        rows[:, row : row + height, column : column + width, :, row, column] = first.transpose(0, 2, 3, 1)
    matrix = rows.reshape(sources * wanted.shape[2] * wanted.shape[3], -1)
    response = wanted.transpose(0, 2, 3, 1).reshape(len(matrix), -1)
    found = np.linalg.lstsq(matrix, response, rcond=None)[0]
    return found.reshape(neurons, *window, -1).transpose(0, 3, 1, 2)


def _turned(kernels: np.ndarray) -> np.ndarray:
    """From (a, b, ...) to (b, a, ...): a composition read from its other end."""
    return kernels.transpose(1, 0, 2, 3)
