"""The optimizers whose state can follow a synapse: those that treat every number on its own, and what each keeps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import ceil, log
from typing import Any

from torch import Tensor
from torch.optim import (
    ASGD,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    NAdam,
    Optimizer,
    RAdam,
    RMSprop,
    Rprop,
)

from neurograph.errors import CompileError

STEP = "step"
Options = Mapping[str, Any]


class Moment(Enum):
    """What a vector of state is, which decides what a newborn starts with."""

    FIRST = "first"  # a mean of gradients, or the last one: zero
    SECOND = "second"  # a mean, sum or maximum of squares: its heir's, else the median of its group
    RATE = "rate"  # a step size of its own: its heir's, else the learning rate
    AVERAGE = "average"  # a mean of the number's own values: its value

    @property
    def goes_on(self) -> bool:
        """Whether a newborn takes over its heir's."""
        return self in (Moment.SECOND, Moment.RATE)


def _always(_: Options) -> bool:
    return True


@dataclass(frozen=True)
class Vector:
    """One number of state per trained number.

    Parameters
    ----------
    moment
        What it is.
    needed
        Whether the optimizer keeps it, from the options of a parameter group.
    """

    moment: Moment
    needed: Callable[[Options], bool] = _always


@dataclass(frozen=True)
class StateSchema:
    """What an optimizer keeps for each Parameter.

    Parameters
    ----------
    vectors
        name -> what it is; tensors of the Parameter's shape.
    scalars
        Names of what it keeps once a Parameter. They count its steps or follow from that count, so they go together:
        all of them are taken from the ancestor with most steps.
    beside
        Whether scalars live on the Parameter's device whatever the options say.
    corrected
        name -> which of the betas a vector is the running mean by, where the optimizer corrects that mean for its start
        at zero by the Parameter's step count and uses the count for nothing else.
    youth
        From options and a unit of rounding to the steps after which a number's own step count no longer differs from a
        larger one by more than rounding; None where newborns are not given a count of their own.
    """

    vectors: Mapping[str, Vector]
    scalars: tuple[str, ...] = (STEP,)
    beside: bool = False
    corrected: Mapping[str, int] = field(default_factory=dict)
    youth: Callable[[Options, float], float] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Everything it may keep."""
        return (*self.vectors, *self.scalars)


def _vectors(**moments: Moment) -> dict[str, Vector]:
    return {name: Vector(moment) for name, moment in moments.items()}


def fading(rate: float, unit: float) -> float:
    """The steps t after which rate^t is below a unit of rounding."""
    rate = float(rate)
    return 0 if rate <= 0 else ceil(log(unit) / log(rate)) if rate < 1 else float("inf")


def _adam_youth(options: Options, unit: float) -> float:
    return max(fading(beta, unit) for beta in options["betas"])


def _nadam_youth(options: Options, unit: float) -> float:
    decay = float(options["momentum_decay"])  # mu_t = beta_1 (1 - 0.96^(t decay) / 2)
    return max(_adam_youth(options, unit), fading(0.96**decay, unit) if decay else 0)


def _radam_youth(options: Options, unit: float) -> float:
    beta, steps = float(options["betas"][1]), _adam_youth(options, unit)  # rho_t has 2 t beta_2^t in it
    while 0 < beta < 1 and steps * beta**steps >= unit:
        steps += 1 + steps // 64
    return steps


_ADAM = StateSchema(
    _vectors(exp_avg=Moment.FIRST, exp_avg_sq=Moment.SECOND)
    | {"max_exp_avg_sq": Vector(Moment.SECOND, lambda o: o["amsgrad"])},
    corrected={"exp_avg": 0, "exp_avg_sq": 1, "max_exp_avg_sq": 1},
    youth=_adam_youth,
)

SCHEMAS: dict[type[Optimizer], StateSchema] = {
    SGD: StateSchema({"momentum_buffer": Vector(Moment.FIRST, lambda o: o["momentum"] != 0)}, ()),
    Adam: _ADAM,
    AdamW: _ADAM,
    NAdam: StateSchema(
        _vectors(exp_avg=Moment.FIRST, exp_avg_sq=Moment.SECOND), (STEP, "mu_product"), youth=_nadam_youth
    ),
    RAdam: StateSchema(_vectors(exp_avg=Moment.FIRST, exp_avg_sq=Moment.SECOND), youth=_radam_youth),
    RMSprop: StateSchema(
        {
            "square_avg": Vector(Moment.SECOND),
            "momentum_buffer": Vector(Moment.FIRST, lambda o: o["momentum"] > 0),
            "grad_avg": Vector(Moment.FIRST, lambda o: o["centered"]),
        }
    ),
    Adagrad: StateSchema(_vectors(sum=Moment.SECOND)),
    Adadelta: StateSchema(_vectors(square_avg=Moment.SECOND, acc_delta=Moment.SECOND)),
    Adamax: StateSchema(
        _vectors(exp_avg=Moment.FIRST, exp_inf=Moment.SECOND), corrected={"exp_avg": 0}, youth=_adam_youth
    ),
    Rprop: StateSchema(_vectors(prev=Moment.FIRST, step_size=Moment.RATE)),
    ASGD: StateSchema(_vectors(ax=Moment.AVERAGE), (STEP, "eta", "mu"), beside=True),
}


def schema_of(optimizer: Optimizer) -> StateSchema:
    """What an optimizer keeps.

    Raises
    ------
    CompileError
        Where it is not one of those known to be elementwise (a subclass may keep anything, so it is not).
    """
    found = SCHEMAS.get(type(optimizer))
    if found is None:
        raise CompileError(
            f"the state of {type(optimizer).__name__} cannot follow single synapses; "
            f"{', '.join(schema.__name__ for schema in SCHEMAS)} can. Take the edit back "
            "with graph.undo(), or refresh without it and make a new optimizer"
        )
    return found


def has_state(optimizer: Optimizer, parameter: Tensor, schema: StateSchema) -> bool:
    """Whether an optimizer keeps anything for a Parameter yet."""
    held = optimizer.state.get(parameter, {})
    return any(held.get(name) is not None for name in schema.names)


def steps(optimizer: Optimizer, parameter: Tensor) -> float:
    """How many steps a Parameter has taken; 0 where its optimizer does not count."""
    return float(optimizer.state.get(parameter, {}).get(STEP, 0.0))
