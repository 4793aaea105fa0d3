import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from neurograph.builders.enas import Gene
from neurograph.errors import OptionError
from search.nhn.layers import MacroSpace, Supernet, estimated_bytes, find_hierarchy
from search.nhn.layers import estimate as module

SPACE = MacroSpace(layers=4, segments=2, channels=6, image=16, classes=10)


def kept(net, genes, count):
    """Bytes that autograd holds on to, counted on a real forward pass."""
    held = {}

    def keep(tensor):
        held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    own = {parameter.untyped_storage().data_ptr() for parameter in net.parameters()}
    with saved_tensors_hooks(keep, lambda tensor: tensor):
        output = net(torch.zeros(count, 3, 16, 16), genes)
    del output
    return sum(size for place, size in held.items() if place not in own)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_it_is_what_a_real_supernet_holds(optimizer):
    net = Supernet(SPACE)
    parameters = sum(parameter.nbytes for parameter in net.parameters())
    worst = max(kept(net, tuple(Gene(name, tuple(range(layer))) for layer in range(4)), 8) for name in SPACE.operations)
    expected = worst + {"sgd": 3, "adam": 4}[optimizer] * parameters
    assert estimated_bytes(SPACE, 8, optimizer) == pytest.approx(expected, rel=0.02)


def test_what_does_not_fit_is_refused_before_it_is_built(monkeypatch):
    monkeypatch.setattr(module, "_free_bytes", lambda device: 2**20)
    with pytest.raises(OptionError, match=r"takes about .* GiB, and cpu has 0.0 GiB free: .* batch_size than 64"):
        find_hierarchy("digits", layers=4, segments=2, channels=4, batch_size=64, crop=0)
    monkeypatch.setattr(module, "_free_bytes", lambda device: None)
    module.require_memory(SPACE, 64, "sgd", torch.device("cpu"))


def test_free_memory_is_known_here():
    free = module._free_bytes(torch.device("cpu"))
    assert free is None or 2**20 < free < 2**50
    assert module._free_bytes(torch.device("meta")) is None


@pytest.mark.gpu
def test_free_memory_of_a_gpu_is_known():
    free = module._free_bytes(torch.device("cuda"))
    assert free is not None and free > 2**20
