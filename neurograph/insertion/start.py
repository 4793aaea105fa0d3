"""Where the joint fit begins: what is read of the sources, in as few directions as matter, by neurons that hand it on.

With C the covariance of the sources at a place and M = sum W W' over what the targets read, the rank-q encoding that
loses least of what a target takes in of a place reads V'M^(1/2), V the leading eigenvectors of M^(1/2) C M^(1/2). They
stand on the centre tap of the new kernels. Scale, sign and bias then put each neuron where its activation is as good as
a straight line over what it takes in: there it hands the direction on, and a linear layer behind it undoes the rest.
"""

import numpy as np

from neurograph.insertion.layer import NewLayer
from neurograph.insertion.pair import Pair
from neurograph.schema.derivatives import activated

_BENT = 1e-3  # share of a direction's variance that the activation may bend: larger scales are not worth more
_SCALES = (1.0, 0.5, 0.25, 0.1, 0.03)
_SHIFTS = np.concatenate([np.arange(-4.0, 4.5, 0.5), [0.25, -0.25, 0.75, -0.75]])
_SAMPLE = 500


def directions(pair: Pair, sources: np.ndarray) -> np.ndarray:
    """(sources, q) encoding directions, the one that matters most first, each of unit deviation; those without are not.

    Parameters
    ----------
    pair
        Whose weights say what is read.
    sources
        (rows, sources) values at places.
    """
    values = sources.astype(np.float64)
    read = np.zeros((len(pair.sources), len(pair.targets) * pair.window[0] * pair.window[1]))
    np.add.at(read, pair.origin, pair.dense().reshape(len(pair.readers), -1))
    sizes, turned = np.linalg.eigh(read @ read.T)
    root = (turned * np.sqrt(np.maximum(sizes, 0.0))) @ turned.T
    covariance = np.cov(values.T, bias=True).reshape(len(root), -1)
    spread, leading = np.linalg.eigh(root @ covariance @ root)
    order = np.argsort(-spread, kind="stable")[: int((spread > 1e-12 * spread.max(initial=0.0)).sum())]
    found = root @ leading[:, order]
    largest = np.take_along_axis(found, np.abs(found).argmax(0)[None], 0)
    found = found * np.where(largest < 0, -1.0, 1.0)  # an eigenvector's sign is rounding's whim
    deviation = np.sqrt(np.maximum(np.einsum("sq,st,tq->q", found, covariance, found), 0.0))
    return found[:, deviation > 0] / deviation[deviation > 0]


def axes(pair: Pair, sources: np.ndarray) -> np.ndarray:
    """(sources, q) the sources themselves as directions, of unit deviation, the one that is read most first."""
    read = np.zeros(len(pair.sources))
    np.add.at(read, pair.origin, (pair.dense() ** 2).reshape(len(pair.readers), -1).sum(1))
    deviation = sources.astype(np.float64).std(0)
    order = np.argsort(-read * deviation**2, kind="stable")
    order = order[deviation[order] > 0]
    return np.eye(len(read))[:, order] / deviation[order]


def started(pair: Pair, drawn: NewLayer, sources: np.ndarray, sparse: bool = False) -> NewLayer:
    """The layer as it was drawn, but for as many neurons as there are directions: those hand one on each.

    Parameters
    ----------
    pair
        Between whom.
    drawn
        The layer; a bias that it was given stays, and so does its having none.
    sources
        (rows, sources) values at places.
    sparse
        Whether a neuron reads one source; then there are no more neurons than sources that vary.
    """
    found = (axes if sparse else directions)(pair, sources)[:, : drawn.neurons]
    drawn = drawn.of(np.arange(found.shape[1])) if sparse else drawn
    rng = np.random.default_rng(0)
    some = sources[rng.choice(len(sources), min(_SAMPLE, len(sources)), replace=False)].astype(np.float64)
    weights, (row, column) = drawn.weights.copy(), drawn.padding
    bias = None if drawn.bias is None else drawn.bias.copy()
    for neuron, direction in enumerate(found.T):
        fixed = 0.0 if bias is None else None if np.isnan(bias[neuron]) else float(bias[neuron])
        scale, shift = straightest(drawn.activation, some @ direction, fixed)
        weights[:, neuron] = 0.0
        weights[:, neuron, row, column] = scale * direction
        if bias is not None:
            bias[neuron] = shift
    if bias is not None:
        bias[np.isnan(bias)] = 0.0
    return NewLayer(weights, bias, drawn.activation, drawn.padding)


def straightest(name: str, taken: np.ndarray, shift: float | None = None) -> tuple[float, float]:
    """Scale (negative where the sign turns) and bias at which an activation is straightest over what is taken in.

    Of those that bend less than a thousandth of the variance the largest scale, else whichever bends least.

    Parameters
    ----------
    name
        Of the activation.
    taken
        (rows,) float64 of deviation 1, about any mean.
    shift
        The bias, where it is given.
    """
    signed = np.stack([taken, -taken])
    scale = np.array(_SCALES)[:, None, None, None]
    low = np.quantile(signed, [0.0, 0.01, 0.05], axis=1).T  # so that all, or nearly all, of it lies above nought
    moved = np.concatenate([np.repeat(_SHIFTS[None], 2, 0) - signed.mean(1, keepdims=True), -low], 1)
    biases = moved[None, :, :, None] * scale if shift is None else np.full((1, 2, 1, 1), shift)
    if shift is None:  # and shifts of the activation's own, whatever the scale: the middle of a sigmoid, of a slope
        own = _SHIFTS[None, None, :, None] - scale * signed.mean(1)[None, :, None, None]
        biases = np.concatenate([biases, own], 2)
    inner = scale * signed[None, :, None, :] + biases
    bent = _bent(signed[None, :, None, :], activated(name, inner)[0]).round(6)  # rounding decides nothing
    good = np.where(bent <= _BENT, np.arange(len(_SCALES))[:, None, None], len(_SCALES))
    at = np.unravel_index(np.lexsort((bent.ravel(), good.ravel()))[0], bent.shape)
    sign = 1.0 if at[1] == 0 else -1.0
    return sign * _SCALES[at[0]], float(np.broadcast_to(biases, inner[..., :1].shape)[at][0])


def _bent(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Share of the variance of x that no line through y explains."""
    x, y = x - x.mean(-1, keepdims=True), y - y.mean(-1, keepdims=True)
    both, own = (x * y).sum(-1) ** 2, (x**2).sum(-1) * (y**2).sum(-1)
    return 1.0 - np.divide(both, own, out=np.zeros_like(own), where=own > 1e-24)
