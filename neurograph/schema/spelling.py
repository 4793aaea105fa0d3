"""Attributes of the user's own that somebody may expect an effect of, and that are kept without any."""

import sys
import warnings
from collections.abc import Iterable
from functools import lru_cache

_ALONE = "every synapse has a weight, and every neuron values, of its own: tied weights are not there yet"
WITHOUT_EFFECT = {  # what other libraries know, and networks here do not
    **dict.fromkeys(("shared", "share", "shared_with", "tied", "tie", "tied_to", "tied_with"), _ALONE),
    **dict.fromkeys(
        ("learning_rate", "lr", "weight_decay", "regularizer", "constraint"),
        "the optimizer has it: an option of training, or of the optimizer that you make",
    ),
}


def warn_of_misspelled(names: Iterable[object], known: frozenset[str], owner: str) -> None:
    """Warn, at the user's line, of each name that is a near miss of a known attribute, or known elsewhere alone.

    Parameters
    ----------
    names
        Attributes that are none of the known ones.
    known
        What a neuron or a synapse may carry.
    owner
        "neuron" or "synapse", for the message.
    """
    for name in names:
        if not isinstance(name, str):
            continue
        meant = near_miss(name, known)
        hint = f"did you mean {meant!r}?" if meant is not None else WITHOUT_EFFECT.get(name.lower())
        if hint is not None:
            warnings.warn(
                f"{name!r} is kept as an attribute of your own and changes nothing about the {owner}; {hint}",
                stacklevel=_depth_of_user(),
            )


def _depth_of_user() -> int:
    """How many frames above `warn_of_misspelled` the code lies that is neither ours nor networkx's."""
    depth, frame = 2, sys._getframe(2)
    while frame.f_back is not None and _is_library(frame.f_globals.get("__name__", ""), frame.f_code.co_filename):
        depth, frame = depth + 1, frame.f_back
    return depth


def _is_library(module: str, path: str) -> bool:
    return module.split(".")[0] in ("neurograph", "networkx", "contextlib") or path.startswith("<class")


@lru_cache(maxsize=1024)
def near_miss(name: str, known: frozenset[str]) -> str | None:
    """The known attribute that was probably meant, or None: the same but for case and underscores, or few slips.

    A slip is a letter too many, too few, swapped with its neighbour or, in a long word, replaced; the first letter is
    rarely wrong.

    Examples
    --------
    >>> near_miss("activaton", frozenset({"activation"})), near_miss("height", frozenset({"weight"}))
    ('activation', None)
    """
    found = [(slips, right) for right in known if (slips := _slips(name, right)) is not None]
    return min(found)[1] if found else None


def _slips(name: str, right: str) -> int | None:
    """The slips from one word to the other, None where they are too many for a slip of the pen."""
    raw = name.lower()
    longer = raw.startswith(right) and (len(raw) > len(right) + 1 or not raw[-1].isalpha())
    if raw[:1] in ("", "_") or (longer and raw != right):
        return None  # "_weight", "weight_", "weight2", "population_id": somebody meant that
    a, b = (word.lower().replace("_", "").replace("-", "").replace(" ", "") for word in (name, right))
    if a == b:
        return 0
    allowed = 2 if len(b) >= 8 else 1
    if not a or len(b) < 4 or a[0] != b[0] or abs(len(a) - len(b)) > allowed:
        return None
    slips = _distance(a, b, replacing=1 if len(b) >= 6 else 2)
    return slips if slips <= allowed else None


def _distance(a: str, b: str, replacing: int) -> int:
    """Insertions, deletions and swaps of neighbours cost 1, replacing a letter costs `replacing`."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        rows.append([i])
        for j, y in enumerate(b, 1):
            cost = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (x != y) * replacing)
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, rows[i - 2][j - 2] + 1)
            rows[i].append(cost)
    return rows[-1][-1]
