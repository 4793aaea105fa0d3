"""The kernels under the sanitizers: a harness in C draws cases in memory of the exact size (`harness/harness.c`).

One small build here; `make soak` builds every instruction set that the processor has, and looks for races as well.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from compiler.lowering.kernels import library

HERE = Path(__file__).resolve().parent / "harness"
SOURCES = library.HERE / "csrc"
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
WIDTHS = {"portable": "16", "avx2": "32", "avx512": "64"}
FLAGS = {
    "portable": [],
    "avx2": ["-mavx2", "-mfma"],
    "avx512": ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mfma"],
}
SANITIZERS = {"memory": "address,undefined", "races": "thread"}
compiler_here = shutil.which("cc") or shutil.which("gcc")


def run(*words: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ | env, timeout=3000)


@pytest.mark.skipif(compiler_here is None, reason="no C compiler is installed")
@pytest.mark.parametrize("sanitizer", SANITIZERS)
@pytest.mark.parametrize("build", library.BUILDS)
def test_random_cases_under_the_sanitizers(build, sanitizer, tmp_path):
    if not SOAK and (build, sanitizer) != ("portable", "memory"):
        pytest.skip("`make soak` runs the others")
    best = library.instruction_set()
    if build not in library.BUILDS[: library.BUILDS.index(best or "portable") + 1]:
        pytest.skip(f"this processor does not run {build}, or its kernels are not built")
    program, level = str(tmp_path / "harness"), "-O2" if SOAK else "-O0"
    how = ["-std=gnu11", "-fopenmp-simd", level, "-g", f"-DVECTOR_BYTES={WIDTHS[build]}"]
    how.append(f"-fsanitize={SANITIZERS[sanitizer]}")
    if sanitizer == "memory":
        how.append("-fno-sanitize-recover=all")
    files = [str(HERE / "harness.c"), *(str(SOURCES / name) for name in ("team.c", "scratch.c"))]
    made = run(str(compiler_here), *how, *FLAGS[build], "-I", str(SOURCES), *files, "-lm", "-lpthread", "-o", program)
    if "cannot find" in made.stderr and "san" in made.stderr:
        pytest.skip("this compiler has no sanitizers")
    assert made.returncode == 0, made.stderr
    for seed in range(20 if SOAK else 1):
        done = run(program, str(seed), "50" if SOAK else "3")
        assert done.returncode == 0 and "cases of each" in done.stdout, done.stdout + done.stderr
