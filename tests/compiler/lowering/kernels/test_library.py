"""The native library: its threads are PyTorch's, and doing without it is one warning."""

import os
import subprocess
import sys
import warnings

import pytest
import torch

from compiler.lowering.kernels import library

built = pytest.mark.skipif(library.instruction_set() is None, reason="no native kernels are built here")


def python(source: str, **env: str) -> str:
    """What a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", source], env=os.environ | env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


NET = """
import os, torch, compiler
from neurograph import builders
graph = builders.mlp([300, 300, 4], seed=0)
net = compiler.compile(graph, lowering="sparse")
x = torch.randn(64, 300, generator=torch.Generator().manual_seed(0))
"""


@built
def test_a_library_of_older_sources_is_not_used(monkeypatch):
    monkeypatch.setattr(library, "VERSION", library.VERSION + 1)
    library.forget()
    assert library.instruction_set() is None
    with pytest.warns(RuntimeWarning, match="build_ext"):
        assert library.kernel("sparse_product", torch.float32) is None
    monkeypatch.undo()
    library.forget()
    assert library.instruction_set() is not None


@built
def test_the_threads_are_those_of_pytorch():
    source = """
import torch
torch.set_num_threads(3)
from compiler.lowering.kernels import library
print(library._loaded()[1].neurograph_team_size(3), library.thread_count())
"""
    assert python(source) == "3 3"


@built
@pytest.mark.skipif(sys.platform != "linux", reason="reads the list of loaded libraries where Linux has it")
def test_no_second_openmp_runtime_is_loaded():
    source = """
import torch
def runtimes():
    lines = open("/proc/self/maps").read().splitlines()
    return {line.split()[-1] for line in lines if "omp" in line.split("/")[-1]}
before = runtimes()
from compiler.lowering.kernels import library
library.instruction_set()
print(runtimes() == before)
"""
    assert python(source) == "True"


@built
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_computes_too():
    found = python(
        NET
        + """
torch.set_num_threads(2)
wanted = net(x)  # the runtime's threads are there now, and a child would not have them
child = os.fork()
if child == 0:
    torch.set_num_threads(1)
    os._exit(0 if torch.equal(net(x), wanted) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""",
        OMP_NUM_THREADS="2",
    )
    assert found == "0"


@built
def test_a_forked_child_asks_for_no_threads():
    found = python(
        NET
        + """
from compiler.lowering.kernels.library import thread_count
torch.set_num_threads(2)
child = os.fork()
if child == 0:
    os._exit(thread_count())
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), thread_count())
"""
    )
    assert found == "1 2"


def test_without_kernels_there_is_one_warning_and_the_same_answer():
    source = (
        NET.replace("import os, torch, compiler", "import os, torch, compiler, warnings")
        + """
from pathlib import Path
from compiler.lowering.kernels import library
library.HERE = Path("nowhere")
library.forget()
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    first, second = net(x), net(x)
print(len(seen), str(seen[0].message).count("build_ext"), library.instruction_set())
dense = compiler.compile(builders.mlp([300, 300, 4], seed=0), lowering="dense")
torch.testing.assert_close(first, dense(x))
"""
    )
    assert python(source, **{library.SWITCH: ""}) == "1 1 None"


def test_a_network_without_sparse_layers_is_not_warned():
    source = """
import warnings
from pathlib import Path
warnings.simplefilter("error", RuntimeWarning)
from compiler.lowering.kernels import library
library.HERE = Path("nowhere")
import compiler
from neurograph import builders
compiler.compile(builders.mlp([3, 4, 2], seed=0), lowering="dense")
"""
    python(source, **{library.SWITCH: ""})


def test_the_switch_is_silent_and_refuses_other_words(monkeypatch):
    monkeypatch.setenv(library.SWITCH, "none")
    library.forget()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert library.kernel("sparse_product", torch.float32) is None
    monkeypatch.setenv(library.SWITCH, "avx1024")
    library.forget()
    with pytest.raises(ValueError, match=r"avx1024.*portable, avx2, avx512"):
        library.instruction_set()
    monkeypatch.undo()
    library.forget()
