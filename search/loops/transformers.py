"""A callback for Hugging Face's `Trainer`: a model whose network grows while it is trained."""

from functools import cache
from operator import attrgetter
from typing import Any

from .grower import Grower


class InTransformers:
    """What `GrowthCallback` does beside being transformers': it calls a `Grower` whenever the trainer logs its loss.

    That is every `logging_steps` steps, which are an epoch for the rules.

    Parameters
    ----------
    data
        As `Grower` takes them.
    net
        The attribute of the model that holds the compiled network: "net", or "encoder.net".
    how
        More for `Grower`: the method and its options.

    Attributes
    ----------
    grower
        The `Grower`, once training has begun.
    """

    def __init__(self, data: Any, net: str = "net", **how: Any) -> None:
        self.data, self.net, self.how = data, net, how
        self.grower: Grower | None = None

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
        """Count an epoch, with the mean loss since the last."""
        if not logs or "loss" not in logs:
            return
        if self.grower is None:
            found, optimizer = attrgetter(self.net)(more["model"]), more["optimizer"]
            self.grower = Grower(found, getattr(optimizer, "optimizer", optimizer), self.data, **self.how)
        self.grower.end_epoch(float(logs["loss"]))


@cache
def _callback() -> type:
    from transformers import TrainerCallback  # pyright: ignore[reportMissingImports]

    return type("GrowthCallback", (InTransformers, TrainerCallback), {"__doc__": InTransformers.__doc__})


def __getattr__(name: str) -> Any:
    """`GrowthCallback`, whose base class transformers has."""
    if name == "GrowthCallback":
        return _callback()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
