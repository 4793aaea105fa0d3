"""What the rooms of the compiler may know."""

import ast
from pathlib import Path

import pytest

import compiler

ROOT = Path(compiler.__file__).parent
MEMORY = "compiler.memory"  # arrays of one step, as pure as those of regions


def imported(path: Path) -> set[str]:
    """Modules that a source imports, from its own package too, by their names below `compiler`."""
    package, found = ("compiler", *path.relative_to(ROOT).parts[:-1]), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            around = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            found |= (
                {f"{around}.{alias.name}" for alias in node.names}
                if not node.module
                else {around + "." * bool(around) + node.module}
            )
    return found


@pytest.mark.parametrize(
    "path", [ROOT / "snapshot.py", ROOT / "memory.py", *sorted((ROOT / "regions").glob("*.py"))], ids=str
)
def test_regions_are_pure_functions_over_arrays(path):
    names = imported(path)
    assert not {name for name in names if name.split(".")[0] == "torch"}
    assert not {n for n in names if n.startswith("compiler.") and not n.startswith("compiler.regions")} - {MEMORY}


def test_only_the_graph_side_knows_networkx():
    knowing = {p.relative_to(ROOT).as_posix() for p in ROOT.rglob("*.py") if "networkx" in imported(p)}
    assert knowing == {"reference.py", "regions/blocks.py"}


def test_the_reference_shares_nothing_with_what_it_judges():
    assert {n for n in imported(ROOT / "reference.py") if n.startswith("compiler")} == {"compiler.activations"}
