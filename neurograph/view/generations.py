"""A search over networks as one page: who was best and what changed, who came from whom, those that live now."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from neurograph.core.graph import EditableGraph
from neurograph.errors import OptionError
from neurograph.view.describe import name_of
from neurograph.view.packing import pack
from neurograph.view.page import document, script
from neurograph.view.page_data import content
from neurograph.view.picture import Newer, picture
from neurograph.view.writing import refuse_overwriting, write_page

SCRIPTS = ("words", "data", "colours", "drawing", "generations_sharing", "generations")
PICTURED = 80  # networks that are drawn, at most
MOST = 20_000  # individuals of a page; of more, those with nobody after them go
_SYNAPSES = 4_000  # of a network that is drawn


@dataclass(frozen=True)
class Bred:
    """An individual of a search.

    Parameters
    ----------
    number
        No other individual has it.
    generation
        Which it was born in.
    parents
        Their numbers; the first is the one it is mostly made of.
    value
        What it was worth; None where its evaluation failed.
    changes
        What was done to make it, in words.
    """

    number: int
    generation: int
    parents: tuple[int, ...] = ()
    value: float | None = None
    changes: str = ""


@dataclass(frozen=True, eq=False)
class Best:
    """The best of a generation.

    Parameters
    ----------
    generation
        Which.
    value
        What it was worth.
    number
        Of the individual; None where individuals have none.
    changed
        What set it apart from the best before it, in words; empty where it is the same.
    genes, before
        Its genes and those of the best before it, where a genome is a row of whole numbers.
    newer
        Of its network, what the best before it had not; None where either is not known.
    lost
        How many neurons and synapses of the best before it it has not.
    """

    generation: int
    value: float
    number: int | None = None
    changed: str = ""
    genes: tuple[int, ...] = ()
    before: tuple[int, ...] = ()
    newer: Newer | None = None
    lost: tuple[int, int] = (0, 0)


@dataclass(frozen=True, eq=False)
class Generations:
    """A search.

    Parameters
    ----------
    title
        Of the page.
    measure
        What individuals are compared by.
    lower
        Whether less of it is better.
    unit
        What time is counted in: "generation", "cycle".
    bred
        Everyone who was born.
    bests
        One a generation, oldest first.
    living
        Numbers of those that live at the end, the best first.
    genomes
        Number -> its network, of those that were kept.
    percent
        Whether what they are compared by is in percent.
    """

    title: str
    measure: str
    lower: bool
    unit: str
    bred: Sequence[Bred]
    bests: Sequence[Best]
    living: Sequence[int] = ()
    genomes: Mapping[int, EditableGraph] = field(default_factory=dict)
    percent: bool = False


def view_generations(found: Generations, path: str | Path, *, force: bool = False) -> Path:
    """Write one HTML file that shows a search: from disk, without a network connection.

    The best of each generation stand in a row, with what changed; below them everyone by generation and worth, with
    the ancestry of whoever is chosen; below that those that live at the end, as small pictures.

    Parameters
    ----------
    found
        The search.
    path
        The file, by custom ending in .html; it appears whole or not at all.
    force
        Whether a file that lies there is overwritten.

    Returns
    -------
    path : pathlib.Path
        Where the page lies.

    Raises
    ------
    OptionError
        A search of which no generation is over.
    FileError
        A file that lies there already, a path that cannot be written.
    """
    page = generations_page(found)
    return write_page(refuse_overwriting(path, force), page)


def generations_page(found: Generations, live: str = "") -> str:
    """The document; `live` as of `neurograph.view.page.page`. `OptionError` where no generation is over."""
    if not found.bests:
        raise OptionError(f"no {found.unit} of the search is over, so there is nothing to show")
    bred = _shown(found)
    own = script(SCRIPTS)
    data = {
        "title": name_of(found.title),
        "headline": headline(found),
        "measure": name_of(found.measure),
        "lower": found.lower,
        "percent": found.percent,
        "unit": found.unit,
        "left_out": len(found.bred) - len(bred),
        "bred": [_plain(one) for one in bred],
        "bests": [_best(one) for one in found.bests],
        "living": list(found.living),
        "sizes": {str(number): _size(found.genomes[number]) for number in found.genomes},
    }
    drawn = {f"best-{number}": text for number, text in _bests_drawn(found).items()}
    drawn |= {f"genome-{number}": text for number, text in _living_drawn(found).items()}
    pictures = "".join(f'<template id="{name}">{text}</template>' for name, text in drawn.items())
    held = {"pictures": pictures, "data": pack(data, {}), "script": own}
    attributes = ' data-page="generations"' + f' data-live="{escape(live)}"' * bool(live)
    how = {"styles": ["generations.css"], "attributes": attributes, "asks": bool(live)}
    return document("generations", name_of(found.title), held, [own], **how)


def headline(found: Generations) -> str:
    """One line: for how long, how many, and how good the best is."""
    last = found.bests[-1]
    count = last.generation - found.bests[0].generation + (found.bests[0].generation != 0)
    best = (min if found.lower else max)(found.bests, key=lambda one: one.value)
    whose = "" if best.number is None else f", individual {best.number:,}"
    born = f"{len(found.bred):,} born, " if found.living else f"{len(found.bred):,} evaluated, "
    times = f"{count:,} {found.unit}{'s' * (count != 1)}"
    value = re.sub(r"e-0*", "e−", f"{best.value:.4g}")  # as the page writes it
    return f"{times}, {born}best {name_of(found.measure)} {value}{' %' * found.percent}{whose}"


def _plain(one: Bred) -> list[Any]:
    return [one.number, one.generation, list(one.parents), _finite(one.value), name_of(one.changes, 400)]


def _best(one: Best) -> dict[str, Any]:
    return {
        "generation": one.generation,
        "value": _finite(one.value),
        "number": one.number,
        "changed": name_of(one.changed, 600),
        "genes": list(one.genes),
        "before": list(one.before),
        "differs": _differs(one),
    }


def _differs(one: Best) -> list[int] | None:
    """Neurons and synapses that it has and the best before it had not, and the other way round."""
    newer = one.newer
    return None if newer is None else [len(newer.neurons), one.lost[0], len(newer.synapses), one.lost[1]]


def _finite(value: float | None) -> float | None:
    return float(f"{value:.6g}") if value is not None and isfinite(value) else None


def _size(graph: EditableGraph) -> list[int]:
    return [len(graph), graph.number_of_edges()]


def _shown(found: Generations) -> list[Bred]:
    """Everyone, or, of too many, those that somebody is descended from or that live."""
    if len(found.bred) <= MOST:
        return list(found.bred)
    known = {one.number: one for one in found.bred}
    wanted = [*found.living, *(best.number for best in found.bests if best.number is not None)]
    kept: set[int] = set()
    while wanted:
        number = wanted.pop()
        if number in known and number not in kept:
            kept.add(number)
            wanted.extend(known[number].parents)
    return [one for one in found.bred if one.number in kept]


def _bests_drawn(found: Generations) -> dict[int, str]:
    """Small pictures of the bests that were kept, what is newer in another colour; of too many some, evenly."""
    known = {one.number: one for one in found.bests if one.number is not None and one.changed}
    small = [one for number, one in known.items() if _fits(found, number)]
    chosen = np.unique(np.linspace(0, len(small) - 1, min(PICTURED, len(small))).round().astype(int))
    return {
        one.number: picture(content(found.genomes[one.number]), labels=False, newer=one.newer or Newer())
        for one in (small[at] for at in chosen.tolist())
        if one.number is not None
    }


def _living_drawn(found: Generations) -> dict[int, str]:
    """Small pictures of those that live, the best first."""
    small = [number for number in dict.fromkeys(found.living) if _fits(found, number)][:PICTURED]
    return {number: picture(content(found.genomes[number]), labels=False, newer=Newer()) for number in small}


def _fits(found: Generations, number: int) -> bool:
    return number in found.genomes and found.genomes[number].number_of_edges() <= _SYNAPSES
