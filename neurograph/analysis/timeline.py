"""The growth journal as a timeline: when each entry happened, what it says, and the errors beside it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neurograph.core.entries import RAW, Entry
from neurograph.errors import OptionError

MetricsRow = Mapping[str, Any]
_LONGEST = 160  # letters of an option or a detail
_CURVES = ("train_error", "validation_error", "train_loss", "validation_loss")


def timeline(entries: Sequence[Entry], rows: Iterable[MetricsRow] = ()) -> dict[str, Any]:
    """What the page plays.

    Parameters
    ----------
    entries
        The journal, oldest first.
    rows
        One mapping an epoch, as a run directory's metrics: "epoch", errors and losses, "neurons", "edit".

    Returns
    -------
    dict
        "axis" ("epoch" or "edit"), "end" (where it ends), "entries" (each with "at", its place on the axis) and
        "curves" (name -> values, None where one is missing; "epoch" among them).

    Raises
    ------
    OptionError
        A row without its epoch.
    """
    rows = list(rows)
    if any(_finite(row.get("epoch")) is None for row in rows):
        raise OptionError("every row of metrics needs its 'epoch'")
    rows.sort(key=lambda row: row["epoch"])
    epochs = [_epoch(entry) for entry in entries]
    by_epoch = bool(rows) or any(epoch is not None for epoch in epochs)
    places = _by_epoch(epochs) if by_epoch else [float(number) for number in range(1, len(entries) + 1)]
    described = [_describe(entry, at, epoch) for entry, at, epoch in zip(entries, places, epochs, strict=True)]
    last = max([*places, *(row["epoch"] for row in rows), 0])
    return {
        "axis": "epoch" if by_epoch else "edit",
        "end": last + (0.0 if rows and last == rows[-1]["epoch"] else 0.5),
        "entries": described,
        "curves": _curves(rows),
    }


def _epoch(entry: Entry) -> float | None:
    event = entry.details.get("event")
    epoch = event.get("epoch") if isinstance(event, dict) else None
    return _finite(epoch)


def _by_epoch(epochs: Sequence[float | None]) -> list[float]:
    """After an epoch and before the next; entries that know none go with those before them."""
    known, filled = 0.0, []
    for epoch in epochs:
        known = max(known, epoch or 0.0)
        filled.append(known)
    count = {epoch: filled.count(epoch) for epoch in dict.fromkeys(filled)}
    seen: dict[float, int] = {}
    places = []
    for epoch in filled:
        seen[epoch] = seen.get(epoch, 0) + 1
        places.append(epoch + 0.7 * seen[epoch] / count[epoch])
    return places


def _describe(entry: Entry, at: float, epoch: float | None) -> dict[str, Any]:
    counts = [len(n) for n in (entry.neurons_born, entry.neurons_died, entry.synapses_born, entry.synapses_died)]
    event = entry.details.get("event")
    details = {name: value for name, value in entry.details.items() if name != "event"}
    return {
        "verb": "Edited by hand" if entry.verb == RAW else entry.verb,
        "at": at,
        "epoch": None if epoch is None else int(epoch),
        "counts": counts,
        "options": _plain(entry.options),
        "details": _plain(details) | (_plain(event) if isinstance(event, dict) else {}),
    }


def _plain(values: Mapping[str, Any]) -> dict[str, str]:
    """Each as a short text; what holds nothing is left out."""
    return {str(name): text for name, value in values.items() if (text := _text(value))}


def _text(value: Any) -> str:
    if value is None or (hasattr(value, "__len__") and len(value) == 0):
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple) and len(value) > 4:
        return f"{len(value):,} items"
    if isinstance(value, dict):
        value = ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _curves(rows: Sequence[MetricsRow]) -> dict[str, Any]:
    if not rows:
        return {}
    curves: dict[str, Any] = {"epoch": [row["epoch"] for row in rows]}
    for name in _CURVES:
        values = [_finite(row.get(name)) for row in rows]
        if any(value is not None for value in values):
            curves[name] = values
    curves["edit"] = [str(row["edit"]) if row.get("edit") else None for row in rows]
    return curves


def _finite(value: Any) -> float | None:
    known = isinstance(value, int | float) and abs(value) < 1e300  # a whole number may be beyond all floats
    return float(value) if known else None
