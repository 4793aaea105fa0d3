"""The activations a neuron may have: their names and what an edit needs to know of them.

The functions themselves live in `compiler.activations`, which a test holds against this table.
"""

from dataclasses import dataclass
from difflib import get_close_matches

from neurograph.errors import NeuronError


@dataclass(frozen=True)
class Activation:
    """One activation.

    Parameters
    ----------
    name
        What `activation=` takes.
    slope
        The initial value of its trainable slope, or None where it has none.
    gain
        The factor sqrt(gain / fan_in) that keeps the variance of a layer (He et al. 2015: 2 for ReLU; 1 elsewhere).
    """

    name: str
    slope: float | None = None
    gain: float = 1.0


ACTIVATIONS: dict[str, Activation] = {
    a.name: a
    for a in (
        Activation("identity"),
        Activation("relu", gain=2.0),
        Activation("leaky_relu", gain=2.0),
        Activation("prelu", slope=0.25, gain=2.0),
        Activation("relu6", gain=2.0),
        Activation("elu"),
        Activation("selu"),
        Activation("celu"),
        Activation("gelu", gain=2.0),
        Activation("gelu_tanh", gain=2.0),
        Activation("silu", gain=2.0),
        Activation("mish", gain=2.0),
        Activation("softplus"),
        Activation("softsign"),
        Activation("tanh"),
        Activation("sigmoid"),
        Activation("log_sigmoid"),
        Activation("hard_tanh"),
        Activation("hard_sigmoid"),
        Activation("hard_swish", gain=2.0),
        Activation("hard_shrink"),
        Activation("soft_shrink"),
        Activation("abs"),
        Activation("square"),
        Activation("sin"),
        Activation("gauss"),
        Activation("exp"),
        Activation("log"),
        Activation("inverse"),
    )
}


def activation(name: object) -> Activation:
    """The activation of that name; raises `NeuronError` naming the nearest known ones."""
    if isinstance(name, str) and name in ACTIVATIONS:
        return ACTIVATIONS[name]
    near = get_close_matches(str(name), ACTIVATIONS, n=3) or sorted(ACTIVATIONS)
    raise NeuronError(f"unknown activation {name!r}; did you mean {', '.join(near)}?")
