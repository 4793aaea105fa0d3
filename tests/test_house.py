"""The house's own rules: which way imports run, what a package must contain, what no file may do."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("neurograph", "compiler", "search")  # each may import those before it
EXCEPTION = Path("neurograph/__main__.py")  # starts the command line
SOURCES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imported(source: str) -> set[str]:
    """Top-level packages a source imports, wherever in it, by statement or by name."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).split(".")[0])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            found |= {str(arg.value).split(".")[0] for arg in node.args if isinstance(arg, ast.Constant)}
    return found


def upward(path: Path, source: str) -> set[str]:
    """Packages above its own that a source imports."""
    allowed = PACKAGES[: PACKAGES.index(path.parts[0]) + 1]
    return imported(source) & (set(PACKAGES) - set(allowed))


def calls(source: str) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("path", [path for path in SOURCES if path != EXCEPTION], ids=str)
def test_imports_run_downwards(path):
    assert not upward(path, (ROOT / path).read_text(encoding="utf-8"))


def test_the_scan_sees_every_way_to_import_upwards():
    graph, lowering = Path("neurograph/network.py"), Path("compiler/compiled.py")
    assert upward(graph, "import compiler.compiled") == {"compiler"}
    assert upward(graph, "def f():\n    from search.cli import main") == {"search"}
    assert upward(graph, "import importlib\nimportlib.import_module('compiler')") == {"compiler"}
    assert upward(lowering, "import neurograph\nfrom search import runs") == {"search"}
    assert not upward(Path("search/cli.py"), "import compiler, neurograph, search")
    assert not upward(graph, "from neurograph import errors\nfrom . import compiler")


def test_the_graph_needs_no_torch():
    users = [path for path in SOURCES if path.parts[0] == "neurograph"]
    assert users
    assert not [path for path in users if "torch" in imported((ROOT / path).read_text(encoding="utf-8"))]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_with_code_is_a_typed_package(package):
    assert (ROOT / package / "py.typed").exists()
    folders = {path.parent for path in (ROOT / package).rglob("*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_tests_are_no_packages():
    """A tests/compiler/__init__.py would shadow the real package."""
    assert not list((ROOT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_no_file_is_executed_by_being_read(path):
    source = (ROOT / path).read_text(encoding="utf-8")
    assert not calls(source) & {"pickle.load", "pickle.loads", "torch.load", "eval", "exec"}


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_no_global_random_state(path):
    source = (ROOT / path).read_text(encoding="utf-8")
    seeded = ("np.random.default_rng", "np.random.Generator", "np.random.SeedSequence", "torch.random.fork_rng")
    drawn = {name for name in calls(source) if name.startswith(("np.random.", "torch.random."))}
    assert "random" not in imported(source)
    assert not [name for name in drawn if not name.startswith(seeded)]
    assert "np.random.default_rng()" not in source


def test_the_walks_of_the_architecture_visit_files_that_are_there():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    walks = text[text.index("## Three walks") : text.index("## Adding things")]
    named = re.findall(r"`([\w/]+\.py)`", walks)
    roots = (ROOT, *(ROOT / package for package in PACKAGES))
    assert len(named) > 40
    assert not [name for name in named if not any((root / name).exists() for root in roots)]
