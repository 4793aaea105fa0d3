"""An inspection: what is known about a network as plain data, and as tables that a terminal shows."""

from collections import Counter
from dataclasses import dataclass, field

from neurograph.core.entries import RAW

from ..planning.cost import format_seconds
from ..planning.program import ProductPlan, Program


@dataclass(frozen=True)
class PopulationSummary:
    """One population.

    Parameters
    ----------
    name
        Its name.
    neurons
        How many.
    part
        "input", "hidden", "output", or "input and output".
    kinds
        What its neurons are: shapes, norms, activations, aggregations, dropouts, each once.
    biased
        How many have a bias.
    parameters, frozen
        Trained and frozen numbers of its neurons and of the synapses that lead to them.
    """

    name: str
    neurons: int
    part: str
    kinds: tuple[str, ...]
    biased: int
    parameters: int
    frozen: int


@dataclass(frozen=True)
class WiringSummary:
    """All synapses of one operation from one population to another.

    Parameters
    ----------
    source, target
        The populations.
    what
        "weights", "identity", "3x3 kernels of (8, 8)", ...
    synapses, frozen
        How many, and how many of them are not trained.
    density
        How many there are for each pair of neurons.
    mean, deviation
        Of the numbers in their weights; None where there are none.
    products
        Those that would run them.
    """

    source: str
    target: str
    what: str
    synapses: int
    frozen: int
    density: float
    mean: float | None
    deviation: float | None
    products: tuple[ProductPlan, ...] = field(repr=False)


@dataclass(frozen=True)
class GrowthSummary:
    """The journal, summed up.

    Parameters
    ----------
    entries, undone
        How many edits there were since its start, and how many were undone.
    kept
        How many of them it still has; of older ones counts are kept (`graph.shorten_journal`).
    verbs
        Edit -> how often.
    neurons_born, neurons_died, synapses_born, synapses_died
        Over all entries.
    latest
        The last few, in words.
    """

    entries: int
    undone: int
    verbs: dict[str, int]
    neurons_born: int
    neurons_died: int
    synapses_born: int
    synapses_died: int
    latest: tuple[str, ...]
    kept: int = 0


@dataclass(frozen=True)
class Inspection:
    """A network at one moment; printing it shows everything.

    Parameters
    ----------
    name
        Of the graph; may be empty.
    neurons, synapses
        How many.
    parameters, frozen
        Trained and frozen numbers; running statistics are neither.
    depth
        Synapses on the longest path.
    populations
        In the order they were added.
    wiring
        In the order it runs.
    growth
        Its journal.
    program
        How it would run, or None where it cannot be compiled.
    refusal
        Why not, in words.
    """

    name: str
    neurons: int
    synapses: int
    parameters: int
    frozen: int
    depth: int
    populations: tuple[PopulationSummary, ...]
    wiring: tuple[WiringSummary, ...]
    growth: GrowthSummary
    program: Program | None = field(repr=False)
    refusal: str

    def __str__(self) -> str:
        return plain(self)


# --- as tables --------------------------------------------------------------------------------------------------------


MOST, LAST = 14, 4  # rows of one table, and how many of them are its last where some in the middle are left out
LONG = 110  # letters of an entry of the journal


@dataclass(frozen=True)
class ReportTable:
    """One table.

    Parameters
    ----------
    title
        Above it.
    columns
        Their heads; those that begin with ">" are set to the right.
    rows
        Their cells.
    notes
        Lines below it.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    notes: tuple[str, ...] = ()


def tables(found: Inspection) -> list[ReportTable]:
    """What is shown of a network: populations, wiring, growth."""
    return [_populations(found), _wiring(found), _growth(found.growth)]


def head(found: Inspection) -> str:
    """The network in one line."""
    frozen = f" and {found.frozen:,} frozen" if found.frozen else ""
    sizes = f"{found.neurons:,} neurons, {found.synapses:,} synapses, {found.parameters:,} parameters{frozen}"
    return f"{found.name}: {sizes}, depth {found.depth}" if found.name else f"{sizes}, depth {found.depth}"


def plain(found: Inspection) -> str:
    """Everything as text."""
    return "\n\n".join([head(found), *map(text, tables(found))])


def text(table: ReportTable) -> str:
    """One table as text, columns two blanks apart."""
    rows = [tuple(column.lstrip(">") for column in table.columns), *table.rows] if table.rows else []
    wide = [max(len(row[at]) for row in rows) for at in range(len(table.columns))] if rows else []
    right = [column.startswith(">") for column in table.columns]
    lines = [table.title]
    for row in rows:
        cells = [cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, wide, right, strict=True)]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join([*lines, *(f"  {note}" for note in table.notes)])


def _populations(found: Inspection) -> ReportTable:
    rows = [
        (p.name, f"{p.neurons:,}", p.part, ", ".join(p.kinds), f"{p.biased:,}" if p.biased else "", f"{p.parameters:,}")
        for p in found.populations
    ]
    columns = ("population", ">neurons", "part", "kind", ">biases", ">parameters")
    return ReportTable("Populations", columns, _few(rows))


def _wiring(found: Inspection) -> ReportTable:
    columns = ("from", "to", "synapses of", ">count", ">density", ">mean", ">deviation", "runs as", "because")
    rows = [
        (w.source, w.target, w.what + (f", {w.frozen:,} frozen" if w.frozen else ""), f"{w.synapses:,}",
         f"{w.density:.3g}", _number(w.mean), _number(w.deviation), *_runs(w))
        for w in found.wiring
    ]  # fmt: skip
    rows = _few(rows)
    if found.program is None:
        return ReportTable("Wiring", columns, rows, (f"It cannot be compiled: {found.refusal}",))
    options, stages = found.program.options, len(found.program.stages)
    summary = (
        f"{stages} stage{'s' * (stages != 1)} in {options.dtype} on {options.device}; the products of a training step"
    )
    summary += f" with {options.batch_size} rows are predicted to take {format_seconds(found.program.seconds)}"
    return ReportTable("Wiring", columns, rows, (summary,))


def _runs(wiring: WiringSummary) -> tuple[str, str]:
    """By which lowerings, and why."""
    if len(wiring.products) == 1:
        product = wiring.products[0]
        return product.lowering, f"{format_seconds(product.seconds)}; {product.why}"
    count = Counter(product.lowering for product in wiring.products)
    named = ", ".join(f"{many} {name}" for name, many in count.most_common())
    return named, f"{len(wiring.products)} products, for blocks that wait for one another" if count else ""


def _growth(growth: GrowthSummary) -> ReportTable:
    if not growth.entries:
        return ReportTable("Growth", (), [], ("The journal is empty: nothing was edited since it was made.",))
    verbs = ", ".join(f"{count} {'by hand' if verb == RAW else verb}" for verb, count in growth.verbs.items())
    undone = f", and {growth.undone} undone" if growth.undone else ""
    rows = [
        ("neurons", f"{growth.neurons_born:,}", f"{growth.neurons_died:,}"),
        ("synapses", f"{growth.synapses_born:,}", f"{growth.synapses_died:,}"),
    ]
    latest = [entry if len(entry) <= LONG else entry[: LONG - 1] + "…" for entry in growth.latest]
    older = f", of which the newest {growth.kept:,} can be undone" if growth.kept < growth.entries else ""
    notes = (
        f"{growth.entries:,} edit{'s' * (growth.entries != 1)}{undone}{older}: {verbs}",
        "Latest:",
        *(f"  {entry}" for entry in latest),
    )
    return ReportTable("Growth", ("", ">born", ">died"), rows, notes)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _few(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The first and the last rows where there are many."""
    if len(rows) <= MOST:
        return rows
    gap = (f"… {len(rows) - MOST:,} more", *[""] * (len(rows[0]) - 1))
    return [*rows[: MOST - LAST], gap, *rows[-LAST:]]
