"""Whether what a checkpoint holds of a search for a layer hierarchy is one: rows, and optimizers' moments."""

from collections.abc import Sequence
from typing import Any

import torch

from neurograph.errors import OptionError

from ...runs.shapes import NUMBER, Misfit, check, maybe, need
from .space import MacroSpace

_ERRORS = ("reward", "best_reward", "best_error")
_GENES = ("genes", "best_genes")


def check_rows(rows: Sequence[dict[str, Any]], space: MacroSpace) -> None:
    """Refuse rows whose account of the search is none, by `Misfit`: errors that are no numbers, genes of no network."""
    need([row["epoch"] for row in rows] == list(range(1, len(rows) + 1)), "rows", "are not one for each epoch")
    for row in rows:
        for name in _ERRORS:
            check(row["search"].get(name), maybe(NUMBER), f"{name} of epoch {row['epoch']}")
        for name in _GENES:
            check_genes(row["search"].get(name), space, f"{name} of epoch {row['epoch']}")


def check_genes(genes: Any, space: MacroSpace, where: str) -> None:
    """Refuse genes that are none of a space."""
    try:
        space.genes(genes)
    except (OptionError, TypeError, ValueError) as error:
        raise Misfit(f"{where}: {error}") from None


def load_optimizer(optimizer: torch.optim.Optimizer, state: Any, where: str) -> None:
    """Let an optimizer go on with the moments of another; rates and the like stay its own.

    Raises
    ------
    Misfit
        Moments of parameters that it has not; such as are no tensors of the parameter's shape, or are not finite.
    """
    own = optimizer.state_dict()
    need(isinstance(state, dict) and isinstance(state.get("state"), dict), where, "has no state")
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for number, held in state["state"].items():
        place = f"{where}.state[{number!r:.60}]"
        need(type(number) is int and 0 <= number < len(parameters), place, "is of no parameter")
        need(isinstance(held, dict), place, "is no table")
        for name, moment in held.items():
            _check_moment(moment, parameters[number], f"{place}.{name}")
    optimizer.load_state_dict({"state": state["state"], "param_groups": own["param_groups"]})


def _check_moment(moment: Any, parameter: torch.Tensor, where: str) -> None:
    if moment is None:  # the first momentum of SGD
        return
    need(isinstance(moment, torch.Tensor), where, "is no tensor")
    need(moment.shape in ((), parameter.shape), where, f"is of shape {tuple(moment.shape)}")
    need(moment.dtype == parameter.dtype and bool(moment.isfinite().all()), where, "is not of finite numbers")
