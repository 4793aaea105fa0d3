"""Where compiler and search are found: as `neurograph.compiler` and `neurograph.search`, whatever else there is.

The two folders lie beside this package, and their plain names are words that anybody may give to a module of his own.
So each is one real module below `neurograph`, loaded once, and the plain name is an alias of it, with all that is in
it, where the plain name leads to our folder; a module of the user's is never touched.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from importlib.util import find_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers, which do not ask `above`
    import compiler as compiler
    import search as search
    from compiler import compile as compile

UPPER = ("compiler", "search")
_HOME = __name__.partition(".")[0]
_ROOT = Path(__file__).resolve().parents[1]


def above(name: str) -> Any:
    """What is looked up when it is asked for: a package that lives above the graph, `compile`, or `__version__`.

    Raises
    ------
    AttributeError
        For any other name.
    """
    if name in UPPER:
        return import_module(f"{_HOME}.{name}")
    if name == "__version__":
        return version("neurograph-compiler")
    if name == "compile":
        return above("compiler").compile
    raise AttributeError(f"module {_HOME!r} has no attribute {name!r}", name=name, obj=sys.modules[_HOME])


def install() -> None:
    """Make the real modules and their aliases findable; an upper package that was imported first becomes its alias."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    for name in UPPER:
        if name in sys.modules and _is_ours(getattr(sys.modules[name], "__file__", None), name):
            sys.modules[name] = import_module(f"{_HOME}.{name}")


class _Finder(MetaPathFinder):
    """Finds the upper packages below this one, and their plain names where these are ours."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top, _, rest = fullname.partition(".")
        if top == _HOME and rest in UPPER:
            folder = _ROOT / rest
            return spec_from_file_location(fullname, folder / "__init__.py", submodule_search_locations=[str(folder)])
        if top not in UPPER or not (_is_alias(top) if rest else _leads_to_us(top)):
            return None
        real = find_spec(f"{_HOME}.{fullname}")
        return None if real is None else _alias(fullname, real)


def _is_ours(file: str | None, name: str) -> bool:
    return file is not None and Path(file).resolve() == _ROOT / name / "__init__.py"


def _is_alias(name: str) -> bool:
    return name in sys.modules and sys.modules[name] is sys.modules.get(f"{_HOME}.{name}")


def _leads_to_us(name: str) -> bool:
    """Whether Python would find our folder under the plain name."""
    finders = (finder for finder in sys.meta_path if not isinstance(finder, _Finder) and hasattr(finder, "find_spec"))
    found = next((spec for finder in finders if (spec := finder.find_spec(name, None)) is not None), None)
    return found is not None and _is_ours(found.origin, name)


def _alias(fullname: str, real: ModuleSpec) -> ModuleSpec:
    spec = ModuleSpec(fullname, _Alias(real.name), origin=real.origin)
    spec.submodule_search_locations = real.submodule_search_locations
    spec.has_location = real.has_location
    return spec


class _Alias(Loader):
    """Hands out the real module under a second name, as it is."""

    def __init__(self, real: str) -> None:
        self._real = real
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._real)
        self._spec = module.__spec__
        sys.modules[self._real.rpartition(".")[0]].__class__ = _Parent
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the machinery has put the alias's in its place


class _Parent(ModuleType):
    """A package with a part under two names.

    Python binds a part to its package whenever it is loaded, under the second name too; by then the package may have
    given that name to something else, as `compiler.reference` is a function of the module of that name.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in vars(self) or sys.modules.get(f"{self.__name__}.{name}") is not value:
            super().__setattr__(name, value)
