"""Networks on streams: how long they go on learning, fixed, regularized, and with neurons that die and are born.

Every row is tuned with the same budget, eight settings of learning rate and of its own strength, on two seeds of their
own over half as many tasks (networks that stay as they are over all of them), and runs with the best of them. What is
compared is the accuracy of the last pass over each task, in the last quarter of the tasks: whether a network still
learns what it could learn at first.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import mean, stdev

from benchmarks.papers.store import found, keep, known, markdown, spread
from benchmarks.papers.stream_problems import PROBLEMS, Problem
from benchmarks.papers.stream_rows import (
    CHANCE,
    FIXED,
    LOUD,
    METABOLISM,
    PUBLISHED_ROW,
    QUIET,
    ROWS,
    Figures,
    Row,
    Settings,
)

SEEDS, TUNING = 10, 2
FIRST_TUNING = 1000  # seeds that settings are chosen by; no other row is run with them
T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}  # by seeds

DECIDING = (
    (FIXED, METABOLISM, PUBLISHED_ROW),
    (CHANCE, QUIET, LOUD, "L2"),
)  # rows that are run first, those of a group together
OTHERS = tuple(row for row in ROWS if not any(row in group for group in DECIDING))
LEAST = 3  # seeds of the others


def table(seeds: int, directory: Path, only: Sequence[str] = tuple(PROBLEMS)) -> str:
    """Run what is missing, problem by problem; what is there as Markdown."""
    try:
        for name in only:
            _run(name, seeds, directory)
    except KeyboardInterrupt:
        print("streams | interrupted; what is there makes the table, and the command run again goes on")
    sections = [_section(name, directory, seeds) for name in PROBLEMS]
    return "\n".join(filter(None, sections)) + NOTES


def _run(name: str, seeds: int, directory: Path) -> None:
    """Tune every row and run it, those that decide first."""
    problem, folder = PROBLEMS[name], _folder(name)
    for rows in (*DECIDING, OTHERS):
        for row in rows:
            for seed in range(FIRST_TUNING, FIRST_TUNING + TUNING):
                for number, settings in enumerate(ROWS[row].grid(problem)):
                    run = partial(_tried, problem, ROWS[row], settings)
                    keep(folder, f"tuning {row} {number}", seed, run, directory)
        for seed in range(min(seeds, LEAST) if rows is OTHERS else seeds):
            for row in rows:
                settings = best(name, row, directory)
                keep(folder, row, seed, partial(_whole, problem, ROWS[row], settings), directory)


def _tried(problem: Problem, row: Row, settings: Settings, seed: int) -> Figures:
    return row.run(problem, settings, seed, problem.tasks if row.whole else max(1, problem.tasks // 2))


def _whole(problem: Problem, row: Row, settings: Settings, seed: int) -> Figures:
    return {**row.run(problem, settings, seed, problem.tasks), "settings": settings}


def best(name: str, row: str, directory: Path) -> Settings:
    """The settings of a row that did best on the seeds for that; those that diverged did worst."""
    judge = PROBLEMS[name].judged
    sign = -1.0 if judge == "error" else 1.0

    def score(number: int) -> float:
        seeds = range(FIRST_TUNING, FIRST_TUNING + TUNING)
        scores = [known(_folder(name), f"tuning {row} {number}", seed, directory) for seed in seeds]
        return mean(sign * one[judge] for one in scores)

    grid = ROWS[row].grid(PROBLEMS[name])
    return grid[max(range(len(grid)), key=score)]


def _folder(name: str) -> str:
    return f"streams-{name.replace(' ', '-').replace(',', '')}"


def _section(name: str, directory: Path, seeds: int) -> str:
    """One problem's table, of what has been run."""
    problem, judge = PROBLEMS[name], PROBLEMS[name].judged
    rows: dict[str, dict[int, Figures]] = {}
    for row in ROWS:
        runs = {seed: found(_folder(name), row, seed, directory) for seed in range(seeds)}
        rows[row] = {seed: run for seed, run in runs.items() if run is not None}
    if not any(rows.values()):
        return ""
    sign = -1.0 if judge == "error" else 1.0
    ours, lines = rows[METABOLISM], []
    for row, runs in sorted(rows.items(), key=lambda item: -_mean(item[1], judge, sign)):
        if not runs:
            continue
        first = runs[min(runs)]
        settings = ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in first["settings"].items())
        events = spread([run["events, %"] for run in runs.values()], 1) if "events, %" in first else ""
        every = spread([run["all"] for run in runs.values()], 1)
        lines.append(
            [row, spread([run[judge] for run in runs.values()], 1), every, _apart(ours, runs, judge), settings, events,
             str(len(runs))]
        )  # fmt: skip
    head = [
        row_name(judge),
        "last quarter of the tasks",
        "all tasks",
        "metabolism less it, 95% interval",
        "settings",
        "events, % of the time",
        "seeds",
    ]
    return f"## {name.capitalize()}\n\n{problem.about}; {'-'.join(map(str, problem.sizes))}.\n\n{markdown(head, lines)}"


def row_name(judge: str) -> str:
    return {"last pass": "accuracy in the last pass, %", "error": "online error, %"}.get(judge, f"{judge} accuracy, %")


def _mean(runs: Mapping[int, Figures], judge: str, sign: float) -> float:
    return mean(sign * run[judge] for run in runs.values()) if runs else float("-inf")


def _apart(ours: Mapping[int, Figures], theirs: Mapping[int, Figures], judge: str) -> str:
    """The mean paired difference with its 95% interval, of the seeds that both have."""
    apart = [ours[seed][judge] - theirs[seed][judge] for seed in ours if seed in theirs]
    if ours is theirs or not apart:
        return ""
    if len(apart) < 2:
        return f"{apart[0]:+.1f}"
    half = T_95.get(len(apart), 1.96) * stdev(apart) / len(apart) ** 0.5
    return f"{mean(apart):+.1f} [{mean(apart) - half:+.1f}, {mean(apart) + half:+.1f}]"


NOTE = """\
Networks that learn from data that keep coming, each batch once, as it comes. One thread; Adam. Every row was tuned with
the same budget: eight settings of learning rate and of its own strength, two seeds of their own, half as many tasks
(networks that stay as they are: all of them). What stands here is what has been run so far; the command goes on with
the rest."""
NOTES = """"""
