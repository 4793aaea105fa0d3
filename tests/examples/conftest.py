"""The examples as modules."""

import importlib.util
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def threads():
    """Examples set torch's thread count and seed, which are for the whole process."""
    before = torch.get_num_threads()
    with torch.random.fork_rng():
        yield
    torch.set_num_threads(before)


@pytest.fixture
def example():
    """From the name of an example to its module."""

    def load(name):
        spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
