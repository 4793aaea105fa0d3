"""A package of somebody else's brings a part of each kind by entry points alone, and each keeps its contract."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "tests/plugin_example"
ASK = """
import compiler
from neurograph import NeuronGraph, edits
from neurograph.builders import mlp
from neurograph.files import EXPORTS, IMPORTS
from search import cli
from search.methods import METHODS
assert "Halve" in edits.EDITS and "pairs" in EXPORTS and "pairs" in IMPORTS and "halve" in METHODS
print(compiler.compile(mlp([2, 3, 1]), lowering="halved_dense").report())
cli.main(["import", "net.pairs"])
cli.main(["export", "net.safetensors", "--to", "json"])
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of a process in which the package is installed, and a folder to work in."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(EXAMPLE, folder / "source")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(folder / "site"), str(folder / "source")], check=True, capture_output=True)
    path = os.pathsep.join([str(folder / "site"), str(ROOT)])
    return folder, os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def test_its_parts_are_known_by_name_and_on_the_command_line(installed):
    folder, environment = installed
    (folder / "net.pairs").write_text("a b 0.5\nb c -1.0\n")
    command = [sys.executable, "-c", ASK]
    made = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert made.stdout.count("halved_dense") == 2 and "3 neurons, 2 synapses" in made.stdout
    assert (folder / "net.json").exists()


def test_each_part_keeps_the_contract_of_its_kind(installed):
    folder, environment = installed
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    made = subprocess.run(
        [*command, str(folder / "source/test_halves.py")],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout[-3000:]
    passed = re.search(r"(\d+) passed", made.stdout)
    assert passed and int(passed[1]) >= 30 and "skipped" not in made.stdout


def test_it_is_small_and_uses_public_names_alone():
    sources = [path for path in EXAMPLE.rglob("*") if path.suffix in (".py", ".md", ".toml")]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in sources) <= 300
    assert not [p for p in sources if p.suffix == ".py" and re.search(r"\._[a-z]", p.read_text(encoding="utf-8"))]


def test_what_the_page_shows_is_what_the_package_says():
    page = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:python|toml)\n(.*?)```", page, re.DOTALL)
    files = [path for path in EXAMPLE.rglob("*") if path.suffix in (".py", ".toml")]
    said = "\n".join(path.read_text(encoding="utf-8") for path in files)
    pieces = [piece.strip() for block in blocks for piece in re.split(r"\n\n+(?=\S)", block)]
    shown = [piece for piece in pieces if not piece.startswith(("from ", "import "))]
    assert len(shown) > 15 and not [piece for piece in shown if piece not in said]
