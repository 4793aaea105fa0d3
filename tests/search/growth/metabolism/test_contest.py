"""The rows of MetaNet's tables: what they have in common, and what growth by chance does."""

import pytest

from benchmarks.papers.metanet_rows import Contest, equal_widths, known, table, unfinished
from benchmarks.papers.store import collect
from neurograph.builders import mlp, parameter_count
from search.datasets import load

RECIPE = {"epochs": 6, "batch_size": 256, "learning_rate": 0.01, "validation": 0.1, "measured": 0}
GROWTH = {"first_cycle": 1, "cycle": 1, "cool_down": 0, "slope": 100.0, "newborns": 5, "settle": 2}


def contest():
    def start(widths, seed):
        return mlp([64, *widths, 10], norm="batch", seed=seed)

    eats = {"autophagy": "chance", "autophagy_options": {"count": 2}}
    return Contest("digits", load("digits").flat(), start, (8, 6), recipe=RECIPE, growth=GROWTH | eats)


@pytest.mark.filterwarnings("ignore")
def test_all_rows_share_recipe_and_schedule_and_are_kept(tmp_path, capsys):
    made = table(contest(), [["paper", "1", "", "", "", ""]], 1, tmp_path)
    assert [line.split(" | ")[0] for line in made.splitlines()[2:8]] == [
        "| paper",
        "| grown",
        "| fixed, as many parameters as grown on average",
        "| fixed, final widths of grown",
        "| grown by chance, same births and deaths",
        "| fixed, start of grown",
    ]
    assert made.count("- fixed") == 3
    names = ("grown", "grown by chance, same births and deaths")
    grown, lots = (known("digits", name, 0, tmp_path) for name in names)
    assert [row["neurons"] for row in lots["curve"]] == [row["neurons"] for row in grown["curve"]]
    assert (lots["mean_size"], lots["size"]) == (grown["mean_size"], grown["size"])
    assert lots["curve"][0]["validation_error"] == grown["curve"][0]["validation_error"]
    assert lots["curve"][-1]["train_error"] != grown["curve"][-1]["train_error"]
    final = known("digits", "fixed, final widths of grown", 0, tmp_path)
    assert final["widths"] == grown["widths"]
    assert final["size"] == grown["size"] > grown["mean_size"]
    same = known("digits", "fixed, as many parameters as grown on average", 0, tmp_path)
    assert same["size"] == pytest.approx(grown["mean_size"], rel=0.05)
    capsys.readouterr()
    assert table(contest(), [["paper", "1", "", "", "", ""]], 1, tmp_path) == made  # read, not run again
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("size", [50, 900, 1234, 20_000])
def test_equal_widths_come_nearest(size):
    def off(width):
        return abs(parameter_count(contest().start((width, width), 0), statistics=True) - size)

    width, other = equal_widths(contest(), size)
    assert width == other
    assert off(width) == min(off(w) for w in range(max(1, width - 3), width + 4))


def test_an_interrupted_table_is_made_of_what_is_there_and_says_what_is_missing(tmp_path, capsys):
    def stop(seed):
        raise KeyboardInterrupt

    rows = {"one": lambda seed: {"error": 1.0 + seed, "widths": [3, 4]}, "two": lambda seed: stop(seed) if seed else {}}
    found = collect("tables", rows, 3, tmp_path)
    assert {name: len(runs) for name, runs in found.items()} == {"one": 2, "two": 1}
    assert "interrupted" in capsys.readouterr().out
    assert "one (2 of 3 seeds), two (1 of 3 seeds)" in unfinished(found, rows, 3)
    rows["two"] = lambda seed: {"error": 5.0}
    found = collect("tables", rows, 3, tmp_path)
    assert [run["error"] for run in found["one"]] == [1.0, 2.0, 3.0]
    assert unfinished(found, rows, 3) == ""
