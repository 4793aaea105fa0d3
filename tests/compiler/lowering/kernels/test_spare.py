"""Memory that one call of a kernel lets go and the next takes: never while anybody may still read it."""

import torch

from compiler.lowering.kernels.field import CODES, FieldWiring, run_field
from compiler.lowering.kernels.spare import LEAST, spare_memory

NUMBERS = LEAST // 4


def test_memory_is_taken_again_once_no_tensor_is_left_in_it():
    owner = torch.zeros(1)
    first = spare_memory(owner, (2, NUMBERS), torch.float32)
    place, part = first.data_ptr(), first[1:]
    del first
    assert spare_memory(owner, (NUMBERS,), torch.float64).data_ptr() != place  # a part of it is read still
    del part
    again = spare_memory(owner, (3, NUMBERS), torch.float32)
    place = again.data_ptr()
    del again
    smaller = spare_memory(owner, (2, NUMBERS), torch.float64 if NUMBERS % 2 else torch.float32)
    assert smaller.data_ptr() == place and smaller.shape == (2, NUMBERS)
    assert spare_memory(torch.zeros(1), (NUMBERS,), torch.float32).data_ptr() != place


def test_passes_whose_gradients_are_still_to_come_do_not_share_values():
    """Two forward passes of a field, and only then their backward passes."""
    neurons, batch = 300, 1024
    rng = torch.Generator().manual_seed(0)
    source = torch.randint(0, 3, (4 * neurons,), generator=rng, dtype=torch.int32)
    wiring = FieldWiring(
        3,
        torch.arange(0, 4 * neurons + 1, 4, dtype=torch.int32),
        source,
        torch.full((neurons,), CODES["tanh"], dtype=torch.uint8),
        torch.arange(3, 3 + neurons, dtype=torch.int32),
    ).check()
    weight, bias = torch.randn(4 * neurons, generator=rng).requires_grad_(), torch.zeros(neurons)
    batches = [torch.randn(batch, 3, generator=rng) for _ in range(2)]

    def loss(x):
        return run_field(x, weight, bias, None, wiring).square().sum()

    alone = [torch.autograd.grad(loss(x), weight)[0] for x in batches]
    losses = [loss(x) for x in batches]
    for one, wanted in zip(losses, alone, strict=True):
        kept = torch.autograd.grad(one, weight, retain_graph=True)[0]
        loss(batches[0])  # another pass, while the graph of this one is retained
        assert torch.equal(kept, wanted) and torch.equal(torch.autograd.grad(one, weight)[0], wanted)
