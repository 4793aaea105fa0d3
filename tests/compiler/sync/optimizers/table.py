"""Every optimizer whose state follows its synapses, in the variants that keep something else or run other kernels."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import optim, tensor

ZERO, HEIRS, RATE, VALUE = "zero", "the heir's, else the median", "the heir's, else the learning rate", "its value"
ADAM = {"exp_avg": ZERO, "exp_avg_sq": HEIRS}
AMSGRAD = ADAM | {"max_exp_avg_sq": HEIRS}
MOMENTUM = {"momentum_buffer": ZERO}


@dataclass(frozen=True)
class Row:
    """How to make one; what it keeps per number, with what a newborn starts from; and once a Parameter."""

    make: Callable
    vectors: dict[str, str]
    scalars: tuple[str, ...] = ("step",)


TABLE = {
    "sgd": Row(lambda p: optim.SGD(p, lr=0.002), {}, ()),
    "momentum": Row(lambda p: optim.SGD(p, lr=0.002, momentum=0.9, weight_decay=0.01), MOMENTUM, ()),
    "nesterov": Row(lambda p: optim.SGD(p, lr=0.002, momentum=0.9, nesterov=True), MOMENTUM, ()),
    "damped": Row(lambda p: optim.SGD(p, lr=0.002, momentum=0.9, dampening=0.5, foreach=True), MOMENTUM, ()),
    "fused sgd": Row(lambda p: optim.SGD(p, lr=0.002, momentum=0.9, fused=True), MOMENTUM, ()),
    "adam": Row(lambda p: optim.Adam(p, lr=0.002), ADAM),
    "amsgrad": Row(lambda p: optim.Adam(p, lr=0.002, amsgrad=True, weight_decay=0.01), AMSGRAD),
    "fused adam": Row(lambda p: optim.Adam(p, lr=0.002, fused=True), ADAM),
    "adam upwards": Row(lambda p: optim.Adam(p, lr=0.002, maximize=True, foreach=True), ADAM),
    "adam, tensor lr": Row(lambda p: optim.Adam(p, lr=tensor(0.002), foreach=False), ADAM),
    "adamw": Row(lambda p: optim.AdamW(p, lr=0.002, amsgrad=True), AMSGRAD),
    "nadam": Row(lambda p: optim.NAdam(p, lr=0.002, weight_decay=0.01), ADAM, ("step", "mu_product")),
    "radam": Row(lambda p: optim.RAdam(p, lr=0.002), ADAM),
    "rmsprop": Row(lambda p: optim.RMSprop(p, lr=0.002), {"square_avg": HEIRS}),
    "centered": Row(
        lambda p: optim.RMSprop(p, lr=0.002, centered=True, momentum=0.9),
        {"square_avg": HEIRS, "grad_avg": ZERO} | MOMENTUM,
    ),
    "adagrad": Row(lambda p: optim.Adagrad(p, lr=0.002, lr_decay=0.01, initial_accumulator_value=1), {"sum": HEIRS}),
    "fused adagrad": Row(lambda p: optim.Adagrad(p, lr=0.002, fused=True), {"sum": HEIRS}),
    "adadelta": Row(lambda p: optim.Adadelta(p, lr=0.1), {"square_avg": HEIRS, "acc_delta": HEIRS}),
    "adamax": Row(lambda p: optim.Adamax(p, lr=0.002), {"exp_avg": ZERO, "exp_inf": HEIRS}),
    "rprop": Row(lambda p: optim.Rprop(p, lr=0.002), {"prev": ZERO, "step_size": RATE}),
    "asgd": Row(lambda p: optim.ASGD(p, lr=0.002, t0=2), {"ax": VALUE}, ("step", "eta", "mu")),
    "asgd, foreach": Row(
        lambda p: optim.ASGD(p, lr=0.002, lambd=0.1, t0=2, foreach=True), {"ax": VALUE}, ("step", "eta", "mu")
    ),
}

OPTIMIZERS = {name: row.make for name, row in TABLE.items()}
