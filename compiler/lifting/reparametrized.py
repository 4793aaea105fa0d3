"""Weights that a module computes from others before it runs: masks of pruning, norms and other parametrizations."""

from typing import Any

import numpy as np
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.prune import BasePruningMethod

from neurograph.errors import LiftError

from .drafts import Bundle, Draft
from .errors import operator

KEEP, ABSENT = ZEROS = ("keep", "absent")

# Hooks of the older functions, and what takes them off.
_REMOVERS = {"WeightNorm": "remove_weight_norm", "SpectralNorm": "remove_spectral_norm"}


def refuse_reparametrized(module: nn.Module, zeros: str) -> None:
    """Refuse a module with weights that are computed, naming them and what bakes them in.

    Raises
    ------
    LiftError
        For parametrizations, weight and spectral norm; for masks of pruning unless zeros are to be absent.
    """
    for path, part in module.named_modules():
        where = f"module.get_submodule({path!r})" if path else "module"
        if parametrize.is_parametrized(part):
            name = next(iter(part.parametrizations))  # pyright: ignore[reportArgumentType, reportCallIssue]
            raise LiftError(
                f"cannot lift {_parameter(path, name)}: it is parametrized, and a synapse holds its own weight; bake "
                f"it in: torch.nn.utils.parametrize.remove_parametrizations({where}, {name!r})"
            )
        for hook in part._forward_pre_hooks.values():
            _refuse_hook(hook, path, where, zeros)


def _refuse_hook(hook: Any, path: str, where: str, zeros: str) -> None:
    kind = type(hook).__name__
    if isinstance(hook, BasePruningMethod) and zeros != ABSENT:
        name = hook._tensor_name
        raise LiftError(
            f"cannot lift {_parameter(path, name)}: it carries a pruning mask. lift(..., zeros='absent') makes no "
            f"synapse where a weight is zero; torch.nn.utils.prune.remove({where}, {name!r}) bakes the mask in, and "
            "training would move the zeros"
        )
    if kind in _REMOVERS:
        name = getattr(hook, "name", "weight")
        raise LiftError(
            f"cannot lift {_parameter(path, name)}: {kind} computes it anew before each forward, and a synapse "
            f"holds its own weight; bake it in: torch.nn.utils.{_REMOVERS[kind]}({where}, {name!r})"
        )


def _parameter(path: str, name: str) -> str:
    return repr(f"{path}.{name}" if path else name)


def masked(node: Any, names: dict[str, str]) -> tuple[Any, Any] | None:
    """The Parameter and the mask of which a traced product is what pruning computes, or None.

    Parameters
    ----------
    node
        A traced argument.
    names
        Placeholder -> name in the module, of Parameters and buffers.
    """
    if getattr(node, "op", "") != "call_function" or operator(node) != "mul":
        return None
    ends = [_uncast(arg) for arg in node.args]
    whole = {names.get(getattr(end, "name", ""), ""): end for end in ends}
    for name, end in whole.items():
        mask = whole.get(f"{name.removesuffix('_orig')}_mask") if name.endswith("_orig") else None
        if mask is not None:
            return end, mask
    return None


def _uncast(node: Any) -> Any:
    cast = getattr(node, "op", "") == "call_function" and operator(node) in ("to", "_to_copy")
    return node.args[0] if cast else node


def leave_out_zeros(drafts: list[Draft]) -> int:
    """Take synapses without a weight out of drafts; returns how many zeros are left in trained kernels."""
    left = 0
    for draft in drafts:
        found = []
        for bundle in draft.bundles:
            if bundle.weight is None or not bundle.form.get("trainable"):
                found.append(bundle)
                continue
            numbers = bundle.weight.reshape(*bundle.weight.shape[: 1 if bundle.paired else 2], -1)
            there = (numbers != 0).any(-1)
            left += int((numbers[there] == 0).sum())
            found.append(bundle if there.all() else _thinned(bundle, there))
        draft.bundles = [bundle for bundle in found if len(bundle.targets)]
    return left


def _thinned(bundle: Bundle, there: np.ndarray) -> Bundle:
    """The synapses of a bundle that are there, one by one."""
    assert bundle.weight is not None
    ends = np.nonzero(there)
    sources = [bundle.sources[at] for at in ends[0].tolist()]
    return Bundle(sources, bundle.targets[ends[-1]], bundle.weight[there], bundle.form)
