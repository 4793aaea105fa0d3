"""Options that training on data sets and on streams share, word for word: what moves the parameters, and how."""

from typing import Any, Protocol

from neurograph.errors import OptionError

from ..options import MOST_RATE, MOST_SEED, option
from .measures import MEASURES
from .objectives import OBJECTIVES

_TEXTS: dict[str, dict[str, Any]] = {
    "optimizer": {"help": "what moves the parameters", "choices": ("adam", "sgd")},
    "learning_rate": {"help": "of every step", "above": 0, "reach": MOST_RATE},
    "momentum": {"help": "of sgd", "least": 0, "below": 1},
    "nesterov": {"help": "whether sgd's momentum looks ahead"},
    "newborn_state": {
        "help": "what adam holds for newborns: step counts of their own, from nothing, or their heirs' second moments",
        "choices": ("own", "inherited"),
    },
    "weight_decay": {"help": "L2 penalty", "least": 0, "reach": MOST_RATE},
    "clip": {"help": "norm that all gradients together are scaled down to; 0 means never", "least": 0},
    "seed": {"help": "of everything random", "least": 0, "reach": MOST_SEED},
    "loss": {
        "help": "what is made small: auto is cross-entropy for classes and mean square error for numbers; bce is for "
        "labels",
        "choices": tuple(OBJECTIVES),
        "before": "auto",
    },
    "error": {
        "help": "what counts as the error: auto is the share of wrong answers, of labels, or of the variance",
        "choices": ("auto", *MEASURES),
        "before": "auto",
    },
    "keep_weights": {
        "help": "in what precision a run keeps the weights of each checkpoint and event, for its page; none keeps no "
        "past",
        "choices": ("float32", "float16", "none"),
    },
    "weights_limit": {
        "help": "MB that these may take on the disk; beyond them every second one goes, those of events last",
        "least": 1,
    },
    "device": {"help": "where to train, in torch's words: cpu, cuda, cuda:1"},
}


def shared(name: str, default: Any, **own: Any) -> Any:
    """The field of that name, with this default; `own` wins over what the others of that name have."""
    return option(default, **_TEXTS[name] | own)


class HasMomentum(Protocol):
    """Options with an optimizer that may have a momentum."""

    @property
    def optimizer(self) -> str: ...
    @property
    def momentum(self) -> float: ...
    @property
    def nesterov(self) -> bool: ...


def check_nesterov(options: HasMomentum) -> None:
    """`OptionError` where there is no momentum that could look ahead."""
    if options.nesterov and (options.optimizer != "sgd" or not options.momentum):
        raise OptionError("nesterov needs optimizer=sgd and a momentum above 0: choose these, or nesterov=false")
