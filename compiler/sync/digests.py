"""Digests of tensors: whether any byte has changed, whatever wrote it and without a copy to compare with.

A digest is a sum of 64-bit words, each mixed and multiplied by an odd key of its place, modulo 2^64. So a change of one
word always shows, a permutation or several changes but for one chance in some 2^60, and 4 MB take half a millisecond.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

_WORDS = 16384  # to a row: as many as stay in the cache beside their keys
_SMALL = 8192  # bytes
_NUMPY = (torch.float32, torch.float64)  # their bytes are had without a view of them
_MIX = 29  # a change of the highest bits alone would fall out of the product: they are mixed into lower ones


def digests(tensors: Sequence[Tensor]) -> list[int]:
    """A digest of the bytes of each tensor, made where the tensor is; one transfer for all that are on a device."""
    away = [_on_device(_bytes(tensor)) for tensor in tensors if tensor.device.type != "cpu"]
    contribution = iter(torch.stack([made.to(away[0].device) for made in away]).tolist() if away else ())
    return [_on_host(tensor) if tensor.device.type == "cpu" else next(contribution) for tensor in tensors]


def _bytes(tensor: Tensor) -> Tensor:
    """(n,) uint8, in the order of the elements."""
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8)


def _on_host(tensor: Tensor) -> int:
    if tensor.numel() * tensor.itemsize < _SMALL:  # Python's own is quicker to call, and keyed too
        plain = tensor.detach()
        return hash((plain if plain.dtype in _NUMPY else _bytes(plain)).numpy().tobytes())
    found = _bytes(tensor)
    whole = found.numel() // 8 * 8
    words, rest = found[:whole].numpy().view(np.int64), found[whole:].numpy()
    keys, mixed, total = _keys(_WORDS), np.empty(min(len(words), _WORDS), np.int64), 0
    for row, start in enumerate(range(0, len(words), _WORDS)):
        chunk = words[start : start + _WORDS]
        into = mixed[: len(chunk)]
        np.right_shift(chunk, _MIX, out=into)
        np.bitwise_xor(chunk, into, out=into)
        total += int(np.einsum("i,i->", into, keys[: len(chunk)])) * _row_key(row)
    return (total + int.from_bytes(rest.tobytes(), "little") * _row_key(-1)) % 2**64


def _on_device(found: Tensor) -> Tensor:
    """The digest, () int64, on the tensor's device."""
    padded = torch.nn.functional.pad(found, (0, -found.numel() % (8 * _WORDS)))
    words = padded.view(torch.int64).view(-1, _WORDS)
    mixed = (words ^ (words >> _MIX)).mul_(_device_keys(found.device))
    rows = torch.from_numpy(_keys(max(1, len(words)), 1)[: len(words)]).to(found.device)
    return (mixed.sum(1) * rows).sum()


@cache
def _keys(count: int, stream: int = 0) -> np.ndarray:
    """(count,) int64, odd."""
    return np.random.default_rng(stream).integers(-(2**63), 2**63 - 1, count) | 1


@cache
def _row_key(row: int) -> int:
    return int(np.random.default_rng([2, row + 1]).integers(0, 2**63)) | 1


@cache
def _device_keys(device: torch.device) -> Tensor:
    return torch.from_numpy(_keys(_WORDS)).to(device)
