"""The optimizers whose state can follow a synapse: those that treat every number on its own."""

from enum import Enum

from torch.optim import SGD, Adam, AdamW, Optimizer

from neurograph.errors import CompileError


class Moment(Enum):
    """What a vector of state is, which decides what a newborn starts with."""

    FIRST = "first"  # a running mean of gradients: zero
    SECOND = "second"  # a running mean of squares: its heir's, else the median of its group


KINDS: dict[type[Optimizer], dict[str, Moment]] = {
    SGD: {"momentum_buffer": Moment.FIRST},
    Adam: {"exp_avg": Moment.FIRST, "exp_avg_sq": Moment.SECOND, "max_exp_avg_sq": Moment.SECOND},
    AdamW: {"exp_avg": Moment.FIRST, "exp_avg_sq": Moment.SECOND, "max_exp_avg_sq": Moment.SECOND},
}

STEP = "step"


def moments(optimizer: Optimizer) -> dict[str, Moment]:
    """The vectors of state of an optimizer; refused where it is not one of those known to be elementwise."""
    found = KINDS.get(type(optimizer))
    if found is None:
        raise CompileError(
            f"the state of {type(optimizer).__name__} cannot follow single synapses; "
            f"{', '.join(kind.__name__ for kind in KINDS)} can. Take the edit back "
            "with graph.undo(), or refresh without it and make a new optimizer"
        )
    return found


def has_state(optimizer: Optimizer, parameter, names) -> bool:
    """Whether an optimizer keeps vectors for a Parameter yet."""
    held = optimizer.state.get(parameter, {})
    return any(held.get(name) is not None for name in (*names, STEP))
