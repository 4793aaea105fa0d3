"""The house's own rules: which way imports run, what a package must contain, what no file may do."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("neurograph", "compiler", "search")  # each may import those before it
EXCEPTIONS = (Path("neurograph/__main__.py"), Path("neurograph/packages.py"))  # start the command line; the lazy door
SOURCES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@cache
def sources() -> Mapping[str, str]:
    """What every file of the packages says, by path."""
    return {path.as_posix(): (ROOT / path).read_text(encoding="utf-8") for path in SOURCES}


def modest() -> dict[str, str]:
    """The sources that may import what lies below them alone."""
    return {path: source for path, source in sources().items() if Path(path) not in EXCEPTIONS}


@cache
def nodes(source: str) -> tuple[ast.AST, ...]:
    """All of a source's syntax, parsed once for all the rules."""
    return tuple(ast.walk(ast.parse(source)))


def breaking(rule, paths: Iterable[str]) -> dict[str, object]:
    """What a rule of (path, source) finds, by the paths where it finds anything."""
    return {path: found for path in paths if (found := rule(Path(path), sources()[path]))}


def plain(name: str) -> str:
    """A module by the plain name of its package: `neurograph.compiler.build` is `compiler.build`."""
    return name.removeprefix("neurograph.") if name.split(".")[1:2] in (["compiler"], ["search"]) else name


def from_where(node: ast.ImportFrom, path: Path) -> str:
    """The package or module that a `from ... import` of a file names, whole; packages above lie beside `neurograph`."""
    if not node.level:
        return str(node.module)
    folder = ("neurograph",) * (path.parts[0] != "neurograph") + path.parent.parts
    return ".".join((*folder[: len(folder) - node.level + 1], *filter(None, [node.module])))


@cache
def wanted(path: Path, source: str) -> tuple[str, ...]:
    """Every name that a source imports, late and for annotations too: of modules, and of what is in them."""
    return tuple(_wanted(path, source))


def _wanted(path: Path, source: str) -> Iterator[str]:
    for node in nodes(source):
        if isinstance(node, ast.Import):
            yield from (plain(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (plain(f"{from_where(node, path)}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            yield from (plain(str(arg.value)) for arg in node.args if isinstance(arg, ast.Constant))


def imported(path: Path, source: str) -> set[str]:
    """Top-level packages a source imports, wherever in it, by statement or by name."""
    return {name.split(".")[0] for name in wanted(path, source)}


def upward(path: Path, source: str) -> set[str]:
    """Packages above its own that a source imports."""
    allowed = PACKAGES[: PACKAGES.index(path.parts[0]) + 1]
    return imported(path, source) & (set(PACKAGES) - set(allowed))


def shadowed(path: Path, source: str) -> list[str]:
    """Imports of our upper packages by their plain names, which may be a module of the user's."""
    found = []
    for node in nodes(source):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) and not node.level else []
        found += [name for name in names if name.split(".")[0] in ("compiler", "search")]
    return found


@cache
def calls(source: str) -> frozenset[str]:
    return frozenset(ast.unparse(node.func) for node in nodes(source) if isinstance(node, ast.Call))


def test_imports_run_downwards():
    assert not breaking(upward, modest())


def test_no_import_can_reach_a_users_module():
    assert not breaking(shadowed, modest()), (
        "a user's compiler.py or search.py may stand there: write `from neurograph import compiler`, or .module"
    )


def test_the_scan_sees_every_import_by_a_plain_name():
    path = Path("search/growth/a.py")
    assert shadowed(path, "def f():\n    import compiler.build")
    assert shadowed(path, "from search.runs import run")
    assert not shadowed(path, "from ...compiler import build\nfrom neurograph import search\nimport compilers")


def test_the_scan_sees_every_way_to_import_upwards():
    graph, lowering = Path("neurograph/network.py"), Path("compiler/compiled.py")
    assert upward(graph, "import compiler.compiled") == {"compiler"}
    assert upward(graph, "def f():\n    from search.cli import main") == {"search"}
    assert upward(graph, "import importlib\nimportlib.import_module('compiler')") == {"compiler"}
    assert upward(lowering, "import neurograph\nfrom search import runs") == {"search"}
    assert upward(graph, "from neurograph import search") == {"search"}
    assert upward(graph, "from neurograph.compiler.build import compile") == {"compiler"}
    assert upward(Path("compiler/lowering/a.py"), "from ...search import cli") == {"search"}
    assert not upward(Path("search/cli.py"), "import compiler, neurograph, search")
    assert not upward(Path("search/growth/a.py"), "from ..runs import run\nfrom ...compiler import build")
    assert upward(graph, "from . import compiler") == {"compiler"}
    assert not upward(graph, "from neurograph import errors\nfrom . import network")


def test_the_graph_needs_no_torch():
    users = [path for path in sources() if path.startswith("neurograph/")]
    assert users
    assert not breaking(lambda path, source: imported(path, source) & {"torch"}, users)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_with_code_is_a_typed_package(package):
    assert (ROOT / package / "py.typed").exists()
    folders = {path.parent for path in (ROOT / package).rglob("*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_tests_are_no_packages():
    """A tests/compiler/__init__.py would shadow the real package."""
    example = ROOT / "tests/plugin_example"  # another project, which is installed
    assert not [path for path in (ROOT / "tests").rglob("__init__.py") if example not in path.parents]


def executed(path: Path, source: str) -> set[str]:
    """Calls by which a file that is read can run code."""
    return set(calls(source) & {"pickle.load", "pickle.loads", "torch.load", "eval", "exec"})


def test_no_file_is_executed_by_being_read():
    assert not breaking(executed, sources())
    assert executed(Path("search/a.py"), "import pickle\npickle.loads(x)") == {"pickle.loads"}


MOST_LINES = 300


def excess(path: Path, source: str) -> int:
    """The lines of a file beyond what one idea takes."""
    return max(len(source.splitlines()) - MOST_LINES, 0)


def test_no_file_is_longer_than_one_idea_takes():
    assert not breaking(excess, sources())
    assert excess(Path("a.py"), "x = 1\n" * 301) == 1 and not excess(Path("a.py"), "x = 1\n" * 300)


SEEDED = ("np.random.default_rng", "np.random.Generator", "np.random.SeedSequence", "torch.random.fork_rng")


def unseeded(path: Path, source: str) -> set[str]:
    """Where a source draws from numbers that no seed of the caller's decides."""
    drawn = {name for name in calls(source) if name.startswith(("np.random.", "torch.random."))}
    found = {name for name in drawn if not name.startswith(SEEDED)} | imported(path, source) & {"random"}
    return found | {"np.random.default_rng()"} if "np.random.default_rng()" in source else found


def test_no_global_random_state():
    assert not breaking(unseeded, sources())
    path = Path("search/a.py")
    assert unseeded(path, "import random") and unseeded(path, "np.random.normal()")
    assert unseeded(path, "np.random.default_rng()") and not unseeded(path, "np.random.default_rng(0)")


# ------------------------------------------------------------------------------------------- circles
def modules(paths: Mapping[str, str]) -> dict[str, str]:
    """Paths by the name of their module."""
    return {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in paths}


def runs(name: str, known: Mapping[str, str]) -> set[str]:
    """The modules that are run when a name is imported: its own, and the packages around that."""
    parts = name.split(".")
    return {around for end in range(1, len(parts) + 1) if (around := ".".join(parts[:end])) in known}


def circles(paths: Mapping[str, str]) -> list[frozenset[str]]:
    """Modules that import one another, by however long a way; sources by path."""
    known, graph = modules(paths), nx.DiGraph()
    for importer, path in known.items():
        around = runs(importer, known)  # is being run already
        names = wanted(Path(path), paths[path])
        graph.add_edges_from((importer, module) for name in names for module in runs(name, known) - around)
    return [frozenset(found) for found in nx.strongly_connected_components(graph) if len(found) > 1]


BESIDE = ("benchmarks", "examples", "tests")  # of which each file is a module by its path


@cache
def beside() -> Mapping[str, str]:
    """The sources around the packages: what is timed, shown and tested."""
    paths = [path.relative_to(ROOT) for folder in BESIDE for path in sorted((ROOT / folder).rglob("*.py"))]
    return {path.as_posix(): (ROOT / path).read_text(encoding="utf-8") for path in paths}


def test_no_modules_import_one_another():
    assert not [sorted(circle) for circle in circles({**modest(), **beside()})]


def test_no_file_around_the_packages_is_longer_than_one_idea_takes():
    around = {path: source for path, source in beside().items() if not path.startswith("tests/")}
    assert around and not {path for path, source in around.items() if excess(Path(path), source)}


def test_the_scan_sees_every_circle():
    a, b, c = "neurograph/a.py", "neurograph/b.py", "neurograph/room/c.py"
    room = "neurograph/room/__init__.py"
    assert not circles({a: "import numpy", b: "from neurograph.a import f", c: "import neurograph.b"})
    assert circles({a: "def f():\n    from neurograph import b", b: "import neurograph.a"})
    hidden = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from neurograph.room.c import F"
    assert circles({a: hidden, b: "from neurograph.a import g", c: "from neurograph.b import g"})
    assert circles({a: "from neurograph.room.c import f", room: "from neurograph import a", c: ""})
    assert not circles({room: "from neurograph.room.c import f", c: "from neurograph.room import d"})
    f, g = "benchmarks/f.py", "benchmarks/g.py"
    assert circles({f: "def main():\n    from benchmarks import g", g: "from benchmarks.f import x"})
    d, e = "search/room/d.py", "search/e.py"
    assert circles({d: "from ..e import f", e: "from .room import d"})
    assert not circles({d: "from ..e import f", e: "from ..compiler.room import d"})


# ------------------------------------------------------------------------------------------- rooms
def rooms(paths: Mapping[str, str]) -> nx.DiGraph:
    """Which room imports which, of one package; sources by path."""
    known, graph = modules(paths), nx.DiGraph()
    for importer, path in known.items():
        found = {module for name in wanted(Path(path), paths[path]) for module in runs(name, known)}
        graph.add_edges_from((_room(importer), _room(module)) for module in found - runs(importer, known))
    graph.remove_edges_from([*nx.selfloop_edges(graph)])
    graph.remove_nodes_from([""])  # the package itself
    return graph


def _room(module: str) -> str:
    return ".".join(module.split(".")[1:2])


def knots(paths: Mapping[str, str]) -> list[list[str]]:
    """Rooms that stand above one another, by however long a way."""
    return [sorted(found) for found in nx.strongly_connected_components(rooms(paths)) if len(found) > 1]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_rooms_of_a_package_import_in_one_order(package):
    assert not knots({path: source for path, source in modest().items() if path.startswith(f"{package}/")})


def test_the_scan_sees_every_arrow_that_points_upwards():
    a, b, c = "compiler/lowering/dense.py", "compiler/planning/cost.py", "compiler/lowering/rates.py"
    assert not knots({a: "from compiler.lowering.rates import R", b: "import compiler.lowering.dense", c: ""})
    assert knots({a: "", b: "import compiler.lowering.dense", c: "from compiler.planning.cost import CPU"})
    late = "def f():\n    from compiler.planning import cost"
    assert knots({a: "", b: "import compiler.lowering.dense", c: late}) == [["lowering", "planning"]]
    through = {
        a: "import compiler.slots",
        "compiler/slots.py": "import compiler.planning.cost",
        b: "import compiler.lowering.rates",
    }
    assert knots(through | {c: ""}) == [["lowering", "planning", "slots"]]


# ------------------------------------------------------------------------------------------- private names

THEIRS = frozenset({"_adj", "_graph", "_node", "_version"})  # networkx's and torch's own, which classes here have too


def room(path: str) -> str:
    """The folder right below the package, or the file that lies there."""
    return "/".join(path.split("/")[:2])


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name.strip("_") != ""


def defined(source: str) -> set[str]:
    """Private names that a source gives to something."""
    found = set()
    for node in nodes(source):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and owner(node) in ("self", "cls"):
            found.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return set(filter(is_private, found)) - THEIRS


def owner(node: ast.Attribute) -> str:
    return ast.unparse(node.value)


def used(source: str) -> Iterator[str]:
    """Private names that a source reads, of others and of itself: a base in another room keeps its own to itself."""
    for node in nodes(source):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield from filter(is_private, [node.attr])
        elif isinstance(node, ast.ImportFrom):
            yield from filter(is_private, [*str(node.module).split("."), *(alias.name for alias in node.names)])


def foreign(paths: Mapping[str, str]) -> Counter[str]:
    """How often each file uses a private name that another room defines, and its own does not; sources by path."""
    own: dict[str, set[str]] = {}
    for path, source in paths.items():
        own.setdefault(room(path), set()).update(defined(source))
    everybodys = set().union(*own.values())
    strange = {path: everybodys - own[room(path)] for path in paths}
    return Counter({p: n for p, source in paths.items() if (n := sum(name in strange[p] for name in used(source)))})


def test_no_private_name_is_used_in_another_room():
    assert not foreign(modest()), "a private name of another room: use a public one"


def test_the_scan_sees_every_use_of_a_private_name():
    home, guest = "neurograph/core/a.py", "neurograph/edits/b.py"
    kept = "_LIMIT = 1\nclass A:\n    def __init__(self):\n        self._columns = 1\n    def _grow(self): ..."
    assert foreign({home: kept, guest: "def f(graph):\n    graph._columns[0] = graph._grow()"}) == {guest: 2}
    assert foreign({home: kept, guest: "from neurograph.core.a import _LIMIT"}) == {guest: 1}
    assert foreign({home: kept, guest: "from neurograph.core import a\na._LIMIT"}) == {guest: 1}
    assert foreign({home: kept, guest: "class B(A):\n    def f(self): return self._columns"}) == {guest: 1}
    assert foreign({home: kept, guest: "class B(A):\n    def f(self): return super()._grow()"}) == {guest: 1}
    assert not foreign({home: kept, "neurograph/core/deep/c.py": "def f(graph): return graph._columns"})
    assert not foreign({home: kept, guest: "import torch\ntorch._C\nx.__dict__\n_ = 1"})
