"""`run_field`: neurons of many levels, whatever their wiring, walked in topological order in one call.

What neurons bring stays in the cache until their readers come, so depth costs nothing: no product, no gather and no
Python a level. The kernel walks blocks of the batch, forwards and backwards; `walk.py` holds the same in PyTorch's own
operators, level by level, for where there is no kernel, for gradients of gradients and for `torch.func`'s transforms.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...activations import CODES
from ..transforms import transformed
from .field_calls import backward, backward_shapes, forward, has_kernel, shapes
from .walk import walk, walk_backward

HALVES = (torch.bfloat16, torch.float16)
_WIRING = ("start", "source", "activation", "outputs")
_DTYPES = (torch.int32, torch.int32, torch.uint8, torch.int32)


@dataclass(frozen=True)
class FieldWiring:
    """A field: places 0 to inputs - 1 are what it reads, the next are its neurons, each after all that it reads.

    The kernel trusts these integers; `check` is for where they are made.

    Parameters
    ----------
    inputs
        How many values it reads.
    start
        (neurons + 1,) int32, where each neuron's synapses begin.
    source
        (synapses,) int32 places they come from.
    activation
        (neurons,) uint8 of `CODES`.
    outputs
        (wanted,) int32 places whose values are wanted.
    """

    inputs: int
    start: Tensor
    source: Tensor
    activation: Tensor
    outputs: Tensor
    arrays: tuple[np.ndarray, ...] = field(init=False, repr=False, compare=False)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tensors)

    @property
    def tensors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Start, source, activation and outputs. Traced code unpacks these: not every torch can iterate over self."""
        return self.start, self.source, self.activation, self.outputs

    def __post_init__(self) -> None:
        # read now: within a transform of torch.func not even these would give their numbers away
        object.__setattr__(self, "arrays", tuple(tensor.numpy(force=True) for tensor in self))

    @property
    def neurons(self) -> int:
        """How many neurons it has."""
        return len(self.activation)

    def check(self) -> "FieldWiring":
        """Itself; raises `ValueError` where a neuron reads one that is not before it, or a number leads outside."""
        count, neurons, inputs = len(self.source), self.neurons, self.inputs
        for name, tensor, dtype in zip(_WIRING, self, _DTYPES, strict=True):
            if tensor.dtype != dtype or tensor.dim() != 1:
                raise ValueError(f"{name} must be a vector of {dtype}, not {tensor.dtype} of {tuple(tensor.shape)}")
        start = self.start
        if len(start) != neurons + 1 or start[0] != 0 or start[-1] != count or bool((start.diff() < 0).any()):
            raise ValueError(f"start must rise from 0 to {count}, the number of synapses, in {neurons + 1} numbers")
        reader = torch.repeat_interleave(torch.arange(neurons) + inputs, start.diff().long())
        wrong = torch.nonzero((self.source < 0) | (self.source >= reader)).view(-1)
        if len(wrong):
            synapse = int(wrong[0])
            raise ValueError(
                f"synapse {synapse} leads from place {int(self.source[synapse])} to {int(reader[synapse])}: "
                "a neuron reads only places before its own"
            )
        if neurons and int(self.activation.max()) >= len(CODES):
            raise ValueError(f"activation {int(self.activation.max())} is none of the {len(CODES)} there are")
        if len(self.outputs) and not 0 <= int(self.outputs.min()) <= int(self.outputs.max()) < inputs + neurons:
            raise ValueError(f"outputs must hold places from 0 to {inputs + neurons - 1}")
        return self


def run_field(x: Tensor, weight: Tensor, bias: Tensor, slope: Tensor | None, wiring: FieldWiring) -> Tensor:
    """The values wanted of a field; half precisions, and what autocast has halved, are computed in float32.

    Parameters
    ----------
    x
        (batch, inputs).
    weight
        (synapses,) of the same dtype, in the order of the wiring.
    bias
        (neurons,).
    slope
        (neurons,) where some neuron is a prelu, else None.
    wiring
        A field that was checked.

    Returns
    -------
    Tensor
        (batch, wanted), laid out in memory as x is.

    Raises
    ------
    ValueError
        Where the tensors do not fit the wiring.
    """
    if x.dim() != 2 or x.shape[1] != wiring.inputs:
        raise ValueError(f"this field reads (batch, {wiring.inputs}), and got {tuple(x.shape)}")
    tensors = [t for t in (x, weight, bias, slope) if t is not None]
    if any(t.dtype in HALVES for t in tensors):
        with torch.autocast(x.device.type, enabled=False):
            x, weight, bias = x.float(), weight.float(), bias.float()
            return run_field(x, weight, bias, None if slope is None else slope.float(), wiring).to(tensors[1].dtype)
    if torch.compiler.is_compiling() or torch._C._len_torch_dispatch_stack():
        keep = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
        return torch.ops.neurograph.field(x, weight, bias, slope, *wiring.tensors, keep)[0]
    if transformed(*tensors) or not has_kernel(x):
        return walk(x, weight, bias, slope, *wiring.arrays)
    return _Field.apply(x, weight, bias, slope, wiring)  # pyright: ignore[reportReturnType]


class _Field(torch.autograd.Function):
    """The walk in eager mode, and nothing around it."""

    @staticmethod
    def forward(ctx, x, weight, bias, slope, wiring):  # pyright: ignore[reportIncompatibleMethodOverride]
        keep = any(ctx.needs_input_grad)
        start, source, activation, outputs = wiring
        y, state, kept = forward(x, weight, bias, slope, start, source, activation, outputs, keep)
        if keep:
            ctx.save_for_backward(x, weight, bias, slope, state, kept)
            ctx.wiring = wiring
        return y

    @staticmethod
    def backward(ctx, gradient: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        x, weight, bias, slope, state, kept = ctx.saved_tensors
        if torch.is_grad_enabled() or transformed(gradient):
            needed = ctx.needs_input_grad[:4]
            return *walk_backward(gradient, (x, weight, bias, slope), ctx.wiring.arrays, needed, True), None
        found = backward(gradient, state, kept, x, weight, bias, slope, *ctx.wiring, need_x=ctx.needs_input_grad[0])
        needed = [g if need else None for g, need in zip(found, ctx.needs_input_grad, strict=False)]
        return *needed[:3], needed[3] if slope is not None else None, None


# --- the operators as PyTorch sees them: for tracing; eager mode does without them ------------------------------------


def _save(ctx, inputs, output) -> None:
    ctx.wiring, ctx.sloped = inputs[4:8], inputs[3] is not None
    ctx.save_for_backward(*inputs[:4], *output[1:])


def _backward(ctx, gradient: Tensor, *_):
    x, weight, bias, slope, state, kept = ctx.saved_tensors
    found = torch.ops.neurograph.field_backward(gradient, state, kept, x, weight, bias, slope, *ctx.wiring)
    return *found[:3], found[3] if ctx.sloped else None, *(None,) * 5


def _shapes(x, weight, bias, slope, start, source, activation, outputs, keep):
    return shapes(x, activation, outputs, keep)


def _backward_shapes(gradient, state, kept, x, weight, bias, slope, *_):
    return backward_shapes(x, weight, bias, slope)


_LIBRARY = torch.library.Library("neurograph", "FRAGMENT")
_FIELD = "Tensor x, Tensor weight, Tensor bias, Tensor? slope, " + ", ".join(f"Tensor {name}" for name in _WIRING)
_LIBRARY.define(f"field({_FIELD}, bool keep) -> (Tensor, Tensor, Tensor)", tags=(torch.Tag.pt2_compliant_tag,))
_LIBRARY.define(
    f"field_backward(Tensor gradient, Tensor state, Tensor kept, {_FIELD}) -> (Tensor, Tensor, Tensor, Tensor)",
    tags=(torch.Tag.pt2_compliant_tag,),
)
for _device in ("CPU", "CUDA"):
    _LIBRARY.impl("field", forward, _device)
    _LIBRARY.impl("field_backward", backward, _device)
torch.library.register_fake("neurograph::field", _shapes, lib=_LIBRARY)
torch.library.register_fake("neurograph::field_backward", _backward_shapes, lib=_LIBRARY)
torch.library.register_autograd("neurograph::field", _backward, setup_context=_save, lib=_LIBRARY)
