"""A module as a list of operators, by `torch.export`."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from typing import Any

import torch
from torch import Tensor, nn

from neurograph.errors import LiftError

from .errors import place_of


def trace(module: nn.Module, inputs: tuple[Tensor, ...], training: bool = False) -> Any:
    """The module's operators in one mode, as a `torch.export.ExportedProgram`; the module is left as it was.

    Parameters
    ----------
    module, inputs
        What to trace, and what its forward takes.
    training
        Whether in train mode: as the module stands if it is in train mode, so with what was frozen in eval mode.

    Raises
    ------
    LiftError
        Where tracing fails: control flow that depends on the data, or whatever torch says.
    """
    with in_mode(module, training), _quiet():
        try:
            return torch.export.export(module, inputs, strict=False)
        except Exception as error:
            reason = str(error).strip().split("\n")[0] or type(error).__name__
            if "data-dependent" in str(error):
                raise LiftError(
                    f"cannot lift {type(module).__name__}: its forward depends on the data{place_of(error)}; a graph "
                    "always computes the same way, so lift the parts on either side of that line"
                ) from error
            raise LiftError(f"cannot trace {type(module).__name__}{place_of(error)}: {reason}") from error


@contextmanager
def in_mode(module: nn.Module, training: bool) -> Iterator[None]:
    """With the module in a mode, and in that it was in afterwards."""
    was = {part: part.training for part in module.modules()}
    if not training or not module.training:
        module.train(training)
    try:
        yield
    finally:
        for part, training in was.items():
            part.training = training


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what torch warns of, logs and prints when it cannot trace: the error says it."""
    log = logging.getLogger("torch.fx.experimental.symbolic_shapes")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        log.setLevel(level)
