"""Runs that go on for longer than they were begun for."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from neurograph.errors import OptionError

More = Mapping[str, int]  # what there is to be more of, and how many there are to be: {"epochs": 200}
NO_MORE: More = {}
BEGUN = "begun"  # what of a run's configuration was otherwise at the start
_EPOCHS = "begun_epochs"  # the same, of the first runs that were extended


def extended(config: Mapping[str, Any], changes: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A run's configuration with other values in some of its tables, and what they were at the start; no result."""
    begun = _begun(config)
    for name, values in changes.items():
        before = {key: config[name][key] for key, value in values.items() if config[name].get(key) != value}
        begun[name] = before | begun.get(name, {})
    kept = {name: value for name, value in config.items() if name not in ("result", _EPOCHS)}
    return kept | {name: config[name] | values for name, values in changes.items()} | {BEGUN: begun}


def at_the_start(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The tables of a run's configuration that were otherwise when it began, as they were."""
    return {name: config[name] | values for name, values in _begun(config).items()}


def _begun(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    first = {"options": {"epochs": config[_EPOCHS]}} if _EPOCHS in config else {}
    held = first | dict(config.get(BEGUN, {}))
    return {name: values for name, values in held.items() if _is_table(values) and _is_table(config.get(name))}


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def with_more(options: Any, more: More) -> Any:
    """Options with more of something that is counted.

    Parameters
    ----------
    options
        Of a run.
    more
        Which of its counts are to be larger.

    Raises
    ------
    OptionError
        A count that it does not have, or one smaller than it has.
    """
    for name, count in more.items():
        check_more(name, getattr(options, name), count)
    return replace(options, **more)


def check_more(name: str, before: int, count: int) -> None:
    """Refuse, by `OptionError`, a count smaller than the run has, which may have happened already."""
    if count < before:
        raise OptionError(f"{name} must be at least the {before} that the run has, not {count}")


def refuse_others(more: More, known: tuple[str, ...], whose: str) -> None:
    """Refuse, by `OptionError`, counts that this kind of run does not have."""
    for name in more:
        if name not in known:
            has = f"what it can have more of is {' and '.join(known)}" if known else "there is nothing to have more of"
            raise OptionError(f"{whose} has no {name}; {has}")


def warn_of_falling(before: Any, after: Any, name: str, done: int) -> None:
    """Say where an extended run is another than one of that length from the start: its rates fell for the shorter one.

    Parameters
    ----------
    before, after
        The options, whose `name` (epochs, cycles) is larger after.
    name
        What is counted.
    done
        How many there were so far.
    """
    longer, fewer = getattr(after, name), getattr(before, name)
    if not done or longer == fewer:
        return
    parts = []
    if getattr(before, "schedule", "cosine") == "cosine" and _falls(before):
        parts.append(f"its learning rate has fallen as in a run of {fewer} {name}, and goes on as in one of {longer}")
    settled = done - fewer + max(getattr(before, "settle", 0), 1)
    if hasattr(before, "settle") and settled > 0:
        parts.append(f"in its last {settled} {name} it has only trained, since it was to end")
    if parts:
        warnings.warn(f"not what a run of {longer} {name} would have been: {'; '.join(parts)}", stacklevel=4)


def _falls(options: Any) -> bool:
    last = getattr(options, "last_learning_rate", getattr(options, "least_rate", None))
    return getattr(options, "train_batches", 1) > 0 and options.learning_rate != last
