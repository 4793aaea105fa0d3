"""What the handlers of operators work with: traced arguments in, values out, drafts in between."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .drafts import BIAS, SUM, Bundle, Draft, Ref, Value
from .errors import module_of, operator, place, refuse
from .reparametrized import masked


class Context:
    """A lift that is going on.

    Parameters
    ----------
    program
        From `trace`.
    module
        What was traced.
    """

    def __init__(self, program: Any, module: nn.Module) -> None:
        signature = program.graph_signature
        self.program, self.module = program, module
        self.parameters: dict[str, str] = dict(signature.inputs_to_parameters)
        self.buffers: dict[str, str] = dict(signature.inputs_to_buffers)
        self.constants: dict[str, str] = dict(signature.inputs_to_lifted_tensor_constants)
        self.drafts: list[Draft] = []
        self.values: dict[Any, Any] = {}

    # ------------------------------------------------------------------------------------- what an operator is given
    def argument(self, node: Any, place: int, name: str, default: Any = None) -> Any:
        """One argument of a traced call, as it stands in the trace."""
        return node.args[place] if len(node.args) > place else node.kwargs.get(name, default)

    def value(self, node: Any, source: Any) -> Value:
        """The neurons behind an argument; refused where it is no tensor that comes from an input."""
        found = self.values.get(source)
        if isinstance(found, Value):
            return found
        if self.name_of(source):
            refuse(node, f"it works on {self.name_of(source)!r} as if it were data")
        return refuse(node, f"its argument {source} is not the value of neurons")

    def name_of(self, source: Any) -> str:
        """The name in the module of a parameter, buffer or constant; empty where it is none."""
        name = getattr(self._written(source), "name", "")
        return self.parameters.get(name) or self.buffers.get(name) or self.constants.get(name) or ""

    def _written(self, source: Any) -> Any:
        """The constant behind the copies that `torch.tensor(...)` makes in a forward pass, or what was given."""
        root = source
        while getattr(root, "op", "") == "call_function" and operator(root) in ("lift_fresh_copy", "detach"):
            root = root.args[0]
        return root if getattr(root, "name", "") in self.constants else source

    def is_mask(self, node: Any) -> bool:
        """Whether an operator puts a pruning mask over a Parameter, or casts one for that."""
        names = self.parameters | self.buffers
        casts = operator(node) in ("to", "_to_copy") and bool(node.users)
        return bool(masked(node, names)) or (casts and all(masked(user, names) for user in node.users))

    def tensor(self, node: Any, source: Any) -> tuple[np.ndarray, bool]:
        """A parameter or buffer as float64, and whether it is trained; refused where another operator has it too.

        Where a pruning mask lies over it, what the mask leaves.
        """
        if parts := masked(source, self.parameters | self.buffers):
            (whole, trained), (mask, _) = (self.tensor(node, part) for part in parts)
            return whole * mask, trained
        name, source = self.name_of(source), self._written(source)
        if not name:
            refuse(node, f"{source} is computed in the forward pass, and a weight must be a Parameter or a buffer")
        if len(source.users) > 1 and (source.name in self.parameters or "running_" in name):
            lines = " and".join(place(user) for user in source.users)
            refuse(
                node,
                f"weight sharing: {name!r} is used {len(source.users)} times,{lines}, and a synapse has a weight of "
                "its own; give each use its own Parameter",
            )
        held: Tensor = (
            self.program.state_dict[name] if name in self.program.state_dict else self.program.constants[name]
        )
        if held.is_complex() or not held.is_floating_point():
            refuse(node, f"{name!r} holds {held.dtype}, and weights are real numbers")
        numbers = held.detach().to("cpu", torch.float64).numpy()
        if not np.isfinite(numbers).all():
            refuse(node, f"{name!r} holds NaN or infinity")
        return numbers, source.name in self.parameters and held.requires_grad

    def owner(self, node: Any) -> nn.Module | None:
        """The module that called an operator."""
        path, _ = module_of(node)
        return dict(self.module.named_modules()).get(path)

    # ------------------------------------------------------------------------------------- drafts
    def draft(self, node: Any, count: int, shape: tuple[int, ...], name: str = "") -> Draft:
        """A new draft, named by the module that computes it; names may yet be alike."""
        made = Draft(name or self._path(node), count, shape)
        self.drafts.append(made)
        return made

    def _path(self, node: Any) -> str:
        path, kind = module_of(node)
        if path and "torch.nn.modules" in str(kind):
            return path
        return f"{path}.{operator(node)}" if path else operator(node)

    def relay(self, node: Any, value: Value) -> Value:
        """New drafts that hold what a value holds; one for each run of equal shapes."""
        refs: list[Ref] = []
        for run in value.runs():
            made = self.draft(node, len(run), run[0].draft.shape)
            made.bundles.append(Bundle(run, np.arange(len(run)), form={"op": "identity"}))
            refs += made.refs()
        return Value(refs, value.shape)

    def distinct(self, node: Any, value: Value) -> Value:
        """A value without repeats, for what reads all of it into every neuron: a pair has one synapse."""
        ends = {(id(draft), place) for draft, place in value.refs}
        return value if len(ends) == len(value.refs) else self.relay(node, value)

    def opened(self, node: Any, value: Value, stage: int, trainable: bool | None = None) -> tuple[Value, list[Draft]]:
        """A value whose drafts can take on a stage: its own where nobody else reads them, or new relays.

        Parameters
        ----------
        node
            Who asks.
        value
            What it works on.
        stage
            What is to be taken on.
        trainable
            Whether that is trained; one draft cannot hold what is and what is not.
        """
        drafts = value.drafts() if value.sole else None
        if drafts is None or not all(_can_take(draft, stage, trainable) for draft in drafts):
            value = self.relay(node, value)
            drafts = value.drafts()
        assert drafts is not None
        return value, drafts

    def summing(self, value: Value) -> Draft | None:
        """The one draft behind a value that is a plain sum nobody else reads, or None."""
        drafts = value.drafts() if value.sole else None
        return drafts[0] if drafts and len(drafts) == 1 and drafts[0].adds_up() else None


def _can_take(draft: Draft, stage: int, trainable: bool | None) -> bool:
    agrees = trainable is None or draft.trainable is None or draft.trainable == trainable
    return draft.stage < stage and agrees


def with_bias(draft: Draft, bias: np.ndarray, trainable: bool) -> None:
    """Give a draft that is still a sum its bias."""
    assert draft.stage == SUM
    draft.take(BIAS, trainable, bias=bias)
