"""Options from files, from `key=value` and from what runs wrote down."""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from neurograph.disk.regular import finite
from neurograph.errors import NeuroGraphError, OptionError, did_you_mean, reason

from .values import parsed

T = TypeVar("T")


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
        A TOML file of `key = value` lines, or the config.json of a run; None for neither.
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
    >>> from neurograph.search.training import TrainingOptions
    >>> read_options(TrainingOptions, settings=["epochs=5", "schedule=cosine"]).epochs
    5
    """
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    given = dict(preset or {}) | (_of_file(cls, Path(file)) if file is not None else {})
    given |= dict(settings) if isinstance(settings, Mapping) else dict(map(split_setting, settings))
    for name in given:
        if name not in known:
            meant = did_you_mean(name, known)
            raise OptionError(f"there is no option {name!r}{meant}; there are {', '.join(sorted(known))}")
    return cls(**{name: parsed(known[name], value) for name, value in given.items()})


def _of_file(cls: type, path: Path) -> dict[str, Any]:
    config = read_config(path)
    return read_toml(path) if config is None else stored(cls, config["options"])


def read_config(path: Path) -> dict[str, Any] | None:
    """The configuration of a run, where a file is one; None for files of other endings than .json.

    Raises
    ------
    OptionError
        A file that cannot be read, or holds no options of a run; a run with functions of its owner's own.
    """
    if path.suffix.lower() != ".json":
        return None
    try:
        with open(path, encoding="utf-8", opener=finite) as file:
            config = json.load(file)
    except OSError as error:
        raise OptionError(f"the options file {path} cannot be read: {reason(error)}") from None
    except (ValueError, RecursionError) as error:
        raise OptionError(f"the options file {path} is no JSON: {str(error)[:200]}") from None
    if not isinstance(config, dict) or not isinstance(config.get("options"), dict):
        raise OptionError(f"the options file {path} is no config.json of a run: it has no options")
    return config


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
