"""A callback for Lightning: a `LightningModule` whose network grows while `Trainer.fit` trains it."""

from functools import cache
from operator import attrgetter
from typing import Any

from neurograph.errors import OptionError

from .grower import Grower


class InLightning:
    """What `GrowthCallback` does beside being Lightning's: it calls a `Grower` after each training batch.

    Parameters
    ----------
    data
        As `Grower` takes them.
    net
        The attribute of the module that holds the compiled network: "net", or "encoder.net".
    every
        Batches that count as an epoch for the rules; None: an epoch of Lightning's.
    how
        More for `Grower`: the method and its options. Newborns share their Parameter's count of steps, since Lightning
        steps by closures, in which they can have none of their own.

    Attributes
    ----------
    grower
        The `Grower`, once training has begun.
    """

    def __init__(self, data: Any, net: str = "net", every: int | None = None, **how: Any) -> None:
        self.data, self.net, self.every = data, net, every
        self.how = {"newborn_state": "inherited"} | how
        self.grower: Grower | None = None
        self._state: dict[str, Any] | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Find network and optimizer."""
        if len(trainer.optimizers) != 1:
            raise OptionError(f"growth follows one optimizer, and the module has {len(trainer.optimizers)}")
        found = attrgetter(self.net)(pl_module)
        self.grower = Grower(found, trainer.optimizers[0], self.data, every=self.every, **self.how)
        if self._state is not None:
            self.grower.load_state_dict(self._state)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Count a step; what is born is logged."""
        assert self.grower is not None
        self._log(pl_module, self.grower.step(outputs["loss"] if isinstance(outputs, dict) else outputs))

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Count an epoch, where Lightning's are meant."""
        if self.every is None and self.grower is not None:
            self._log(pl_module, self.grower.end_epoch())

    def state_dict(self) -> dict[str, Any]:
        """The grower's, in Lightning's checkpoints."""
        return {} if self.grower is None else self.grower.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Kept until training begins."""
        self._state = state_dict or None

    def _log(self, module: Any, event: dict[str, Any] | None) -> None:
        if event is not None:
            module.log("parameters", float(event["parameters_after"]))


@cache
def _callback() -> type:
    try:
        from lightning.pytorch import Callback  # pyright: ignore[reportMissingImports]
    except ImportError:  # the package by its older name
        from pytorch_lightning import Callback  # pyright: ignore[reportMissingImports]
    return type("GrowthCallback", (InLightning, Callback), {"__doc__": InLightning.__doc__})


def __getattr__(name: str) -> Any:
    """`GrowthCallback`, whose base class Lightning has."""
    if name == "GrowthCallback":
        return _callback()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
