"""Fields of options: what they mean, what they may be, and that in words."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, field
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

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
        only named to those who pass it. Unless given, `MOST_WHOLE` for whole numbers and `MOST_NUMBER` for others.
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


def choices_of(about: Mapping[str, Any]) -> tuple[str, ...]:
    """The words a text may be, by the metadata of its field."""
    choices: Any = about.get("choices") or ()
    made: Any = choices() if callable(choices) else choices
    return tuple(made)


def describe(f: Field) -> str:
    """What an option may be, in words: its type and its range.

    Examples
    --------
    >>> from dataclasses import fields
    >>> from neurograph.search.training import TrainingOptions
    >>> describe(next(f for f in fields(TrainingOptions) if f.name == "batch_size"))
    'a whole number, at least 1'
    """
    about = f.metadata
    if choices := choices_of(about):
        return "one of " + ", ".join(choices) + (" or none" if NoneType in kinds_of(f.type) else "")
    words = " or ".join(_in_words(kind) for kind in kinds_of(f.type))
    bounds = (("at least", "least"), ("above", "above"), ("at most", "most"), ("below", "below"))
    limits = [f"{word} {number_in_words(about[name])}" for word, name in bounds if about.get(name) is not None]
    return words + (", " + " and ".join(limits) if limits else "")


def number_in_words(limit: float) -> str:
    """A bound as a text."""
    return f"{limit:,}" if isinstance(limit, int) and abs(limit) > 999 else f"{limit:g}"


def kinds_of(annotation: Any) -> tuple[Any, ...]:
    """The types that an annotation names."""
    return get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)


def _in_words(annotation: Any) -> str:
    plain = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", NoneType: "none"}
    if annotation in plain:
        return plain[annotation]
    if isinstance(annotation, UnionType):
        return " or ".join(
            _in_words(kind) for kind in get_args(annotation) if kind is not int or float not in get_args(annotation)
        )
    inner = _in_words(get_args(annotation)[-1] if get_origin(annotation) is dict else get_args(annotation)[0])
    return f"a table of names with {inner} each" if get_origin(annotation) is dict else f"a list, each {inner}"
