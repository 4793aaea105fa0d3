"""A run in words and as plain data: what it was, how far it is, how well it does; searches of every kind too."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from neurograph.analysis.units import PERCENT, unit_of, with_unit
from neurograph.errors import FileError

from ..evolution.showing.report import evolution_lines
from ..nhn.pipeline.report import ROWS, rows_of
from ..nhn.pipeline.stages import STAGES
from ..runs import Run
from ..runs.extending import BEGUN
from ..runs.jsonfiles import read_json


@dataclass(frozen=True)
class RunSummary:
    """A run, summed up.

    Parameters
    ----------
    command, data
        What was run, and on what.
    done, wanted
        How many rows there are, and how many there will be; None where that is open.
    of
        What they are: "epochs", "cycles", "generations", "stages", "rows".
    errors
        Which -> error.
    unit
        Of the errors.
    parameters
        After the first and after the last row.
    finished
        Whether it has come to its end.
    notes
        What there is to say beside that, a line each.
    """

    command: str
    data: str
    done: int
    wanted: int | None
    of: str = "epochs"
    errors: dict[str, float] = field(default_factory=dict)
    unit: str = PERCENT
    parameters: tuple[int, int] | None = None
    finished: bool = False
    notes: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The summary for people."""
        if self.of == "generations":  # they have words of their own
            return list(self.notes)
        wanted = "?" if self.wanted is None else self.wanted
        lines = [f"{self.command} on {self.data}: {self.done} of {wanted} {self.of}"]
        if self.errors:
            lines.append("error: " + ", ".join(f"{name} {with_unit(e, self.unit)}" for name, e in self.errors.items()))
        elif self.done:
            lines.append("no error is known")
        if self.parameters:
            lines.append(f"parameters: {self.parameters[0]:,} after the first epoch, {self.parameters[1]:,} now")
        return [*lines, *self.notes]


def summary_of(run: Run) -> RunSummary:
    """Read a run of any command."""
    command = run.config().get("command")
    return _KINDS.get(str(command), _trained)(run)


def _trained(run: Run) -> RunSummary:
    config, rows = run.config(), run.metrics()
    result = config.get("result")
    result = result if isinstance(result, dict) else {}
    errors = {name: rows[-1].get(f"{name}_error") for name in ("train", "validation")} if rows else {}
    errors["test"] = result.get("test_error")
    sized = bool(rows) and "parameters" in rows[0]
    return RunSummary(
        *_about(config),
        len(rows),
        _wanted(config, "epochs"),
        errors=_known(errors),
        unit=unit_of([*rows, result]),
        parameters=(rows[0]["parameters"], rows[-1]["parameters"]) if sized else None,
        finished="result" in config,
    )


def _stream(run: Run) -> RunSummary:
    config, rows = run.config(), run.metrics()
    seen = rows[-1] if rows else {}
    stream = config.get("stream") or "a stream of one's own"
    died = sum(sum(row.get("died", {}).values()) for row in rows)
    note = f"{seen.get('step', 0):,} steps, {died:,} neurons died"
    finished = "result" in config or (
        BEGUN not in config and (run.path / "pictures").exists()
    )  # older ones say nothing
    return RunSummary(
        str(config.get("command")), f"{stream} ({config.get('data')})" if config.get("data") else stream,
        len(rows), len(rows) if finished else None, "rows",
        _known({"train": seen.get("train_error"), "test": seen.get("test_error")}),
        unit_of(rows), finished=finished, notes=(note,),
    )  # fmt: skip


def _hierarchy(run: Run) -> RunSummary:
    config, rows = run.config(), run.metrics()
    found = rows[-1].get("search", {}) if rows else {}
    best = _ranking(config.get("result"))
    errors = {"best of the held-out examples": best.get("error", found.get("best_error"))}
    genes = best.get("genes", found.get("best_genes"))
    notes = (f"best layers: {genes}",) if genes else ()
    unit, finished = unit_of(rows), "result" in config
    about = *_about(config), len(rows), _wanted(config, "epochs"), "epochs"
    return RunSummary(*about, _known(errors), unit, finished=finished, notes=notes)


def _genomes(run: Run) -> RunSummary:
    config, rows = run.config(), run.metrics()
    best = _ranking(config.get("result")) or (rows[-1] if rows else {})
    genome = best.get("genome", best.get("best"))
    notes = (f"best genome: {genome}",) if genome else ()
    task = config.get("task")
    data = task.get("arguments", {}).get("data", "?") if isinstance(task, dict) else "?"
    about = str(config.get("command")), str(data), len(rows), _wanted(config, "cycles"), "cycles"
    return RunSummary(*about, _known({"best": best.get("error")}), finished="result" in config, notes=notes)


def _evolution(run: Run) -> RunSummary:
    config, rows = run.config(), run.metrics()
    done, wanted = max(len(rows) - 1, 0), _wanted(config, "generations")
    notes = tuple(evolution_lines(run))
    about = str(config.get("command")), "a fitness of one's own", done, wanted, "generations"
    return RunSummary(*about, finished=done == wanted, notes=notes)


def _pipeline(run: Run) -> RunSummary:
    config = run.config()
    results = {name: found for name in STAGES if (found := _stage(run, name)) is not None}
    rows = rows_of(results)
    notes = []
    for name, row in rows.items():
        figures = _known({"held out": row.get("held_out_error"), "test": row.get("test_error")})
        errors = ", ".join(f"{which} {with_unit(error)}" for which, error in figures.items())
        notes.append(f"  {ROWS[name]}: {row.get('parameters', 0):,} parameters{f', {errors}' if errors else ''}")
    errors = _known({"test": rows.get("final", {}).get("test_error")})
    about = *_about(config), len(results), len(STAGES), "stages"
    return RunSummary(*about, errors, finished="result" in config, notes=tuple(notes))


def _stage(run: Run, name: str) -> dict[str, Any] | None:
    """The result of a stage of a pipeline; None where it is not finished."""
    path = run.path / name / "result.json"
    return read_json(path) if path.exists() else None


_KINDS: dict[str, Callable[[Run], RunSummary]] = {
    "metabolize-stream": _stream,
    "hierarchy": _hierarchy,
    "search-evolution": _genomes,
    "evolve": _evolution,
    "search": _pipeline,
}


def _about(config: dict[str, Any]) -> tuple[str, str]:
    return str(config.get("command", "a run")), str(config.get("data", "?"))


def _wanted(config: dict[str, Any], name: str) -> int | None:
    options = config.get("options")
    wanted = options.get(name) if isinstance(options, dict) else None
    return wanted if isinstance(wanted, int) else None


def _known(errors: dict[str, Any]) -> dict[str, float]:
    return {name: error for name, error in errors.items() if isinstance(error, int | float)}


def _ranking(result: Any) -> dict[str, Any]:
    """The first of a ranking that a search left in its configuration."""
    ranking = result.get("ranking", []) if isinstance(result, dict) else result
    best = ranking[0] if isinstance(ranking, list) and ranking else {}
    if not isinstance(best, dict):
        raise FileError("a run's config.json is damaged: its result is no ranking")
    return best
