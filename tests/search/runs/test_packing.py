import math

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from neurograph.errors import FileError
from search.runs.packing import pack_state, unpack_state

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
keys = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
nested = st.recursive(
    scalars | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(keys, inner),
    max_leaves=20,
)


def same(one, other):
    """Equal, types included (1, 1.0 and True are equal in Python)."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(map(repr, one)) == list(map(repr, other)) and all(map(same, one.values(), other.values()))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@given(nested)
def test_whatever_goes_in_comes_out(tmp_path_factory, state):
    path = tmp_path_factory.mktemp("packed") / "state.safetensors"
    pack_state(path, state)
    assert same(unpack_state(path), state)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.bool])
def test_tensors_keep_type_shape_and_bits(tmp_path, dtype):
    tensor = torch.arange(12).reshape(3, 4).to(dtype)
    state = {"whole": tensor, "view": tensor.t()[1:], "point": tensor[1, 1], "none": tensor[:0], "twice": [tensor] * 2}
    pack_state(tmp_path / "state", state)
    back = unpack_state(tmp_path / "state")
    for name in ("whole", "view", "point", "none"):
        assert back[name].dtype == dtype
        assert torch.equal(back[name], state[name])
    assert torch.equal(back["twice"][1], tensor)


def test_arrays_parameters_and_floats_outside_the_numbers(tmp_path):
    state = {
        "a": np.arange(3.0),
        "p": torch.nn.Parameter(torch.ones(2)),
        "f": [math.inf, -math.inf],
        "n": np.float64(2),
    }
    pack_state(tmp_path / "state", state)
    back = unpack_state(tmp_path / "state")
    assert isinstance(back["a"], np.ndarray) and back["a"].tolist() == [0.0, 1.0, 2.0]
    assert back["p"].tolist() == [1.0, 1.0]
    assert back["f"] == state["f"]
    assert back["n"] == 2.0


def test_adams_state_comes_back_bit_for_bit(tmp_path):
    net = torch.nn.Linear(4, 2)
    optimizer = torch.optim.Adam(net.parameters(), amsgrad=True)
    for _ in range(3):
        net(torch.rand(5, 4)).square().sum().backward()
        optimizer.step()
    pack_state(tmp_path / "state", {"net": net.state_dict(), "optimizer": optimizer.state_dict()})
    back = unpack_state(tmp_path / "state")
    other = torch.optim.Adam(torch.nn.Linear(4, 2).parameters(), amsgrad=True)
    other.load_state_dict(back["optimizer"])
    for one, two in zip(optimizer.state.values(), other.state.values(), strict=True):
        assert all(torch.equal(one[name], two[name]) for name in one)
    assert other.param_groups[0]["betas"] == (0.9, 0.999)


def test_what_cannot_be_kept_is_named_and_leaves_the_old_file(tmp_path):
    pack_state(tmp_path / "state", {"epoch": 1})
    with pytest.raises(TypeError, match=r"state\['loop'\]\[1\] is a set"):
        pack_state(tmp_path / "state", {"loop": [0, {1, 2}]})
    assert unpack_state(tmp_path / "state") == {"epoch": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_damaged_foreign_and_missing_files_are_named(tmp_path):
    path = tmp_path / "state.safetensors"
    with pytest.raises(FileError, match="state.safetensors is not there"):
        unpack_state(path)
    pack_state(path, {"tensor": torch.arange(100)})
    whole = path.read_bytes()
    for harmed in (whole[:-1], whole[:20], b"", b"\x80\x04K\x01.", whole[:8] + b"x" + whole[9:]):
        path.write_bytes(harmed)
        with pytest.raises(FileError, match="state.safetensors is damaged"):
            unpack_state(path)
    from safetensors.torch import save_file

    save_file({"weight": torch.ones(2)}, path)
    with pytest.raises(FileError, match="not a file of packed state"):
        unpack_state(path)


def test_one_number_of_an_odd_stride_is_kept(tmp_path):
    odd = torch.full((1,), 7, dtype=torch.int32).as_strided((1,), (0,))
    pack_state(tmp_path / "state", {"a": odd, "b": odd.numpy()})
    found = unpack_state(tmp_path / "state")
    assert found["a"].tolist() == [7] and found["b"].tolist() == [7]
