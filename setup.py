"""The native kernels, one library an instruction set. All else about the package stands in pyproject.toml.

They are optional: where no compiler is found, or it fails, the package installs without them and computes by PyTorch.
"""

import platform
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SOURCES = Path("compiler/lowering/kernels/csrc")
BUILDS = {  # name -> bytes of a vector, flags; the names are those of `compiler.lowering.kernels.library`
    "avx512": (64, "-mavx512f -mavx512vl -mavx512dq -mavx512bw -mavx2 -mfma -mprefer-vector-width=512"),
    "avx2": (32, "-mavx2 -mfma"),
    "portable": (16, ""),
}


def extension(name: str) -> Extension:
    """A build of all sources."""
    width, flags = BUILDS[name]
    return Extension(
        f"compiler.lowering.kernels._{name}",
        [str(SOURCES / name) for name in ("kernels.c", "team.c", "scratch.c")],
        depends=[str(path) for path in sorted(SOURCES.glob("*.h"))],
        define_macros=[("VECTOR_BYTES", str(width))],
        extra_compile_args=["-std=gnu11", "-O3", "-g0", "-fno-math-errno", "-fopenmp-simd", *flags.split()],
        libraries=["m"],
        optional=True,
        py_limited_api=True,  # nothing of Python's is used: one file serves every version
    )


class OneFolderEach(build_ext):
    """The same sources are built several times with other flags: their objects must not be shared."""

    def build_extension(self, ext: Extension) -> None:
        base = self.build_temp
        self.build_temp = str(Path(base) / ext.name)
        try:
            super().build_extension(ext)
        finally:
            self.build_temp = base


X86 = platform.machine().lower() in ("x86_64", "amd64")
NAMES = [] if sys.platform == "win32" else [name for name in BUILDS if X86 or name == "portable"]
setup(
    ext_modules=[extension(name) for name in NAMES],
    cmdclass={"build_ext": OneFolderEach},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
