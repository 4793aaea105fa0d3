"""Options as frozen dataclasses: checked when made, read from TOML and `key=value`, turned into command-line flags.

A field made by `option` carries its help and its range; `Checked` refuses what lies outside. Everything that takes
options from people goes through `read_options`, so a file, `--set` and a flag mean the same.
"""

import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import Field, dataclass, field, fields
from math import isfinite
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin

from neurograph.disk.regular import finite
from neurograph.errors import NeuroGraphError, OptionError, reason

T = TypeVar("T")
MOST_WHOLE = 2**31 - 1  # what a whole number may be where its option sets no bound: torch takes no larger sizes
MOST_TEXT = 1000  # characters of a text
MOST_SEED = 2**64 - 1
MOST_NUMBER = 1e30  # likewise of other numbers, either side of zero: float32 holds 3e38
MOST_RATE = 1e6  # of what weights are moved by, or multiplied with: far beyond, no training stays finite


def option(
    default: Any,
    help: str,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
    reach: float | None = None,
    choices: Collection[str] | Callable[[], Collection[str]] = (),
    before: Any = None,
) -> Any:
    """One field of an options dataclass: its default, what it means, and what it may be.

    Parameters
    ----------
    default
        The value where none is given; also what a mapping or tuple starts from (copied).
    help
        One line, shown by `--help` and in errors.
    least, above, most, below
        Bounds of a number, and of every number in a tuple or mapping: x >= least, x > above, x <= most, x < below.
    reach
        The largest number that makes sense, as against a typing slip that would fill the memory or never end; it is
        only told to those who pass it. Unless given, `MOST_WHOLE` for whole numbers and `MOST_NUMBER` for others.
    choices
        The words a text may be; a registry, or what makes them when it is asked, where packages may bring some.
    before
        The value that runs had from before there was this option, where it is not the default: see `stored`.
    """
    about = {
        "help": help,
        "least": least,
        "above": above,
        "most": most,
        "below": below,
        "reach": reach,
        "choices": choices,
        "before": before,
    }
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=about)
    return field(default=default, metadata=about)


def _choices(about: Mapping[str, Any]) -> tuple[str, ...]:
    """The words a text may be, by the metadata of its field."""
    choices: Any = about.get("choices") or ()
    made: Any = choices() if callable(choices) else choices
    return tuple(made)


@dataclass(frozen=True)
class Checked:
    """The base of options: numbers are converted to their field's type and impossible values refused.

    Raises
    ------
    OptionError
        Naming the option, what it may be and what it was.
    """

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, _checked(f, getattr(self, f.name)))


def read_options(
    cls: type[T],
    file: str | Path | None = None,
    settings: Mapping[str, Any] | Iterable[str] = (),
    preset: Mapping[str, Any] | None = None,
) -> T:
    """Options from a TOML file and from settings, which win over the file.

    Parameters
    ----------
    cls
        A dataclass derived from `Checked`.
    file
        A TOML file of `key = value` lines, or None.
    settings
        A mapping of names to values, or texts `key=value` as given to `--set`; values that are texts are read as
        TOML where the field is not a text (`16`, `0.1`, `[16, 16]`, `{hidden = 64}`; `none` where there may be none).
    preset
        Values that the file and the settings win over.

    Raises
    ------
    OptionError
        For a file that cannot be read, an option that does not exist, or a value it may not have.

    Examples
    --------
    >>> from search.training import TrainingOptions
    >>> read_options(TrainingOptions, settings=["epochs=5", "schedule=cosine"]).epochs
    5
    """
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    given = dict(preset or {}) | (read_toml(Path(file)) if file is not None else {})
    given |= dict(settings) if isinstance(settings, Mapping) else dict(map(split_setting, settings))
    for name in given:
        if name not in known:
            raise OptionError(f"there is no option {name!r}; there are {', '.join(sorted(known))}")
    return cls(**{name: _parsed(known[name], value) for name, value in given.items()})


def stored(cls: type, table: Mapping[str, Any]) -> dict[str, Any]:
    """Options as a run wrote them down: those that were not there yet have the value that its time had.

    Parameters
    ----------
    cls
        The options' class.
    table
        Read from the run.
    """
    return {f.name: f.metadata["before"] for f in fields(cls) if f.metadata.get("before") is not None} | dict(table)


def settled(cls: type, table: Mapping[str, Any]) -> dict[str, Any]:
    """Options as plain values without those that say what was so before there were any: a digest of them stays.

    The opposite of `stored`.
    """
    early = {f.name: f.metadata["before"] for f in fields(cls) if f.metadata.get("before") is not None}
    return {name: value for name, value in table.items() if name not in early or value != early[name]}


def describe(f: Field) -> str:
    """What an option may be, in words: its type and its range.

    Examples
    --------
    >>> from dataclasses import fields
    >>> from search.training import TrainingOptions
    >>> describe(next(f for f in fields(TrainingOptions) if f.name == "batch_size"))
    'a whole number, at least 1'
    """
    about = f.metadata
    if choices := _choices(about):
        return "one of " + ", ".join(choices) + (" or none" if NoneType in _kinds(f.type) else "")
    words = " or ".join(_kind(kind) for kind in _kinds(f.type))
    bounds = (("at least", "least"), ("above", "above"), ("at most", "most"), ("below", "below"))
    limits = [f"{word} {_number(about[name])}" for word, name in bounds if about.get(name) is not None]
    return words + (", " + " and ".join(limits) if limits else "")


@contextmanager
def of_option(name: str) -> Iterator[None]:
    """Put an option's name before what is wrong with its value, where something else than its type and range is asked.

    Examples
    --------
    >>> with of_option("size"):
    ...     raise OptionError("there are no sevens")
    Traceback (most recent call last):
    neurograph.errors.OptionError: size: there are no sevens
    """
    try:
        yield
    except NeuroGraphError as error:
        raise OptionError(f"{name}: {error}") from None


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as nested tables; `OptionError` where it cannot be read."""
    try:
        with open(path, encoding="utf-8", opener=finite) as file:
            return tomllib.loads(file.read())
    except OSError as error:
        raise OptionError(f"the options file {path} cannot be read: {reason(error)}") from None
    except RecursionError:
        raise OptionError(f"the options file {path} nests its tables and lists too deeply") from None
    except ValueError as error:  # of UnicodeDecodeError and TOMLDecodeError alike
        raise OptionError(f"the options file {path} is not TOML: {error}") from None


def split_setting(setting: str) -> tuple[str, str]:
    """Name and value of a text `key=value`; dashes in the name become underscores."""
    name, equals, value = setting.partition("=")
    if not equals:
        raise OptionError(f"a setting is written key=value, and {setting!r} has no '='")
    return name.strip().replace("-", "_"), value.strip()


def _kinds(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)


def _kind(annotation: Any) -> str:
    plain = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", NoneType: "none"}
    if annotation in plain:
        return plain[annotation]
    if isinstance(annotation, UnionType):
        return " or ".join(
            _kind(kind) for kind in get_args(annotation) if kind is not int or float not in get_args(annotation)
        )
    inner = _kind(get_args(annotation)[-1] if get_origin(annotation) is dict else get_args(annotation)[0])
    return f"a table of names with {inner} each" if get_origin(annotation) is dict else f"a list, each {inner}"


def _parsed(f: Field, value: Any) -> Any:
    if not isinstance(value, str) or _kinds(f.type) == (str,):
        return value
    if NoneType in _kinds(f.type) and value.lower() == "none":
        return None
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):  # no TOML, a number of thousands of digits, a thousand brackets
        return value  # a text, or something that the check refuses by name


def _checked(f: Field, value: Any) -> Any:
    fitted = _first_fit(_kinds(f.type), value, f.metadata)
    if fitted is _UNFIT:
        about = f.metadata.get("help", "no help")
        raise OptionError(f"{f.name} must be {describe(f)}{_reach(f, value)}, not {_shortly(value)} ({about})")
    return fitted


def _reach(f: Field, value: Any) -> str:
    """The reach of an option, where a value lies beyond it."""
    if isinstance(value, str) and len(value) > MOST_TEXT:
        return f", at most {MOST_TEXT:,} characters"
    values = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else (value,)
    numbers = [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    for each in numbers:
        reach = f.metadata.get("reach") or (MOST_WHOLE if isinstance(each, int) else MOST_NUMBER)
        if abs(each) > reach:
            return f", at most {_number(reach)}" if each > 0 else f", at least {_number(-reach)}"
    return ""


def _shortly(value: Any) -> str:
    """A value as text, its middle left out where it is long."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= 200 else f"{text[:100]}...{text[-50:]}"


def _number(limit: float) -> str:
    return f"{limit:,}" if isinstance(limit, int) and abs(limit) > 999 else f"{limit:g}"


def _first_fit(kinds: tuple[Any, ...], value: Any, about: Mapping[str, Any]) -> Any:
    """The value as the first of several kinds that it fits; a whole number is none of `float` where there is `int`."""
    whole = isinstance(value, int) and not isinstance(value, bool) and int in kinds
    fits = (_fitted(kind, value, about) for kind in kinds if not (whole and kind is float))
    return next((fitted for fitted in fits if fitted is not _UNFIT), _UNFIT)


_UNFIT = object()


def _fitted(kind: Any, value: Any, about: Mapping[str, Any]) -> Any:
    """The value as that kind, or `_UNFIT`."""
    if isinstance(kind, UnionType):
        return _first_fit(get_args(kind), value, about)
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        items = tuple(_fitted(get_args(kind)[0], item, about) for item in value)
        return _UNFIT if any(item is _UNFIT for item in items) else items
    if get_origin(kind) is dict and isinstance(value, Mapping):
        table = {key: _fitted(get_args(kind)[1], item, about) for key, item in value.items()}
        return _UNFIT if any(item is _UNFIT for item in table.values()) else table
    if kind is NoneType:
        return None if value is None else _UNFIT
    if kind is str:
        fits = isinstance(value, str) and len(value) <= MOST_TEXT and value in (_choices(about) or (value,))
        return value if fits else _UNFIT
    if kind is bool:
        return value if isinstance(value, bool) else _UNFIT
    if kind in (int, float) and isinstance(value, int | float) and not isinstance(value, bool):
        whole = isinstance(value, int) or kind is float
        return kind(value) if whole and _within(value, kind, about) else _UNFIT
    return _UNFIT


def _within(value: float, kind: type, about: Mapping[str, Any]) -> bool:
    least, above, most, below = (about.get(name) for name in ("least", "above", "most", "below"))
    reach = about.get("reach") or (MOST_WHOLE if kind is int else MOST_NUMBER)
    return (
        _finite(value)
        and abs(value) <= reach
        and (least is None or value >= least)
        and (above is None or value > above)
        and (most is None or value <= most)
        and (below is None or value < below)
    )


def _finite(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:  # a whole number that no float comes near
        return False
