"""A built wheel holds every file of the packages, and runs outside the checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("neurograph", "compiler", "search")
BUILD = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"


def run(*words, cwd, **env):
    result = subprocess.run(
        [sys.executable, *words], cwd=cwd, env=os.environ | env, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree, since a build leaves folders behind, and stale ones would hide what is missing."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "README.md", "LICENSE", *filter(lambda n: (ROOT / n).exists(), ("setup.py",))):
        shutil.copy(ROOT / name, copy)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    return copy


@pytest.fixture(scope="module")
def wheel(tree):
    (tree / "dist").mkdir()
    return tree / "dist" / run("-c", BUILD, cwd=tree).split()[-1]


def test_the_wheel_holds_every_file(tree, wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    files = [path for package in PACKAGES for path in (tree / package).rglob("*") if path.is_file()]
    wanted = {str(path.relative_to(tree)) for path in files}
    assert wanted <= held, sorted(wanted - held)
    assert {f"{package}/py.typed" for package in PACKAGES} <= held


def test_the_wheel_holds_the_kernels_where_there_is_a_compiler(wheel):
    built = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".so")]
    if shutil.which("cc") or shutil.which("gcc"):
        assert "compiler/lowering/kernels/_portable.abi3.so" in built
    else:
        assert not built


def test_a_wheel_can_be_built_without_a_compiler(tree, tmp_path):
    copy = shutil.copytree(tree, tmp_path / "tree", ignore=shutil.ignore_patterns("build", "dist", "*.egg-info"))
    (copy / "dist").mkdir()
    name = run("-c", BUILD, cwd=copy, CC=str(tmp_path / "nothing")).split()[-1]
    archive = zipfile.ZipFile(copy / "dist" / name)
    assert not [held for held in archive.namelist() if held.endswith(".so")]
    archive.extractall(tmp_path / "site")
    source = "from compiler.lowering.kernels import instruction_set; print(instruction_set())"
    assert run("-c", source, cwd=tmp_path, PYTHONPATH=str(tmp_path / "site")).strip() == "None"


def test_the_wheel_runs_outside_the_checkout(wheel, tmp_path):
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)  # what an installer does with a pure wheel
    where = run("-c", "import neurograph; print(neurograph.__file__)", cwd=tmp_path, PYTHONPATH=str(site)).strip()
    assert Path(where).is_relative_to(site)
    assert "metabolize" in run("-m", "neurograph", "--help", cwd=tmp_path, PYTHONPATH=str(site))


def test_the_wheel_has_the_command(wheel):
    archive = zipfile.ZipFile(wheel)
    entry = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "neurograph = neurograph.__main__:main" in archive.read(entry).decode()
