"""networkx's own tests of functions, gathered to be run with another class in the place of `networkx.DiGraph`."""

import importlib
import inspect
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

import networkx as nx
import pytest
from packaging import version

MODULES = (
    *(f"algorithms.operators.tests.test_{name}" for name in ("all", "binary", "product", "unary")),
    *(f"tests.test_{name}" for name in ("relabel", "convert", "convert_numpy", "convert_scipy")),
    *(
        f"readwrite.tests.test_{name}"
        for name in ("adjlist", "edgelist", "gexf", "gml", "graphml", "leda", "p2g", "pajek", "text")
    ),
    *(f"readwrite.json_graph.tests.test_{name}" for name in ("adjacency", "cytoscape", "node_link", "tree")),
    *(
        f"generators.tests.test_{name}"
        for name in (
            *("classic", "community", "degree_seq", "directed", "duplication", "ego", "expanders", "geometric"),
            *("intersection", "joint_degree_seq", "lattice", "line", "random_clustered", "random_graphs", "small"),
            *("stochastic", "trees", "triads"),
        )
    ),
)

RENAMED = {"pajek.TestPajek.test_parse_pajek_mat": "pajek.TestPajek.test_parse_pajet_mat"}  # -> in networkx before that
LISTED = version.parse("3.6.1")  # of networkx, whose tests the exceptions name


def gathered(exceptions: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """networkx's tests that take a DiGraph, for the globals of a test module; those that are excepted must fail.

    Parameters
    ----------
    exceptions
        Why -> the tests that fail for that reason, as "module.test", "module.Class.test" or "module.Class". A test that
        is run with several parameters may pass with some of them; any other must fail.

    Returns
    -------
    found : dict
        Functions, classes and the fixtures that they need.

    Raises
    ------
    LookupError
        An exception that is no test of the networkx that the exceptions were listed with; older ones lack some.
    """
    reasons = {name: reason for reason, names in exceptions.items() for name in names}
    if version.parse(nx.__version__) < LISTED:
        reasons = {RENAMED.get(name, name): reason for name, reason in reasons.items()}
    found: dict[str, Any] = {}
    for path in MODULES:
        module, short = importlib.import_module(f"networkx.{path}"), path.rsplit("test_", 1)[1]
        found |= {name: thing for name, thing in vars(module).items() if type(thing).__name__.startswith("FixtureFunc")}
        for name, thing in _tests(module):
            kind = "Test" if inspect.isclass(thing) else "test"
            made = _class(f"{short}.{name}", thing, reasons) if kind == "Test" else thing
            found[f"{kind}_{short}_{name[4:].lstrip('_')}"] = _marked(made, reasons.pop(f"{short}.{name}", None))
    if reasons and version.parse(nx.__version__) >= LISTED:
        raise LookupError(f"no such tests: {sorted(reasons)}")
    return found


def _tests(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name, thing in vars(module).items():
        if name.lower().startswith("test") and callable(thing) and "DiGraph" in inspect.getsource(thing):
            yield name, thing


def _class(path: str, cls: type, reasons: dict[str, str]) -> type:
    own = {
        name: _marked(getattr(cls, name), reasons.pop(f"{path}.{name}", None))
        for name in dir(cls)
        if name[:4] == "test"
    }
    return type(cls.__name__, (cls,), own)


def _marked(test: Any, reason: str | None) -> Any:
    """A test that must fail if there is a reason for it; networkx's own function stays as it is."""
    if reason is None:
        return test
    if inspect.isfunction(test):
        code = test.__code__, test.__globals__, test.__name__, test.__defaults__, test.__closure__
        test, marks = FunctionType(*code), list(getattr(test, "pytestmark", ()))
        test.pytestmark = marks
    strict = not any(mark.name == "parametrize" for mark in getattr(test, "pytestmark", ()))
    return pytest.mark.xfail(reason=reason, strict=strict)(test)
