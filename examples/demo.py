"""The main job, in well under a minute: a small network grows on real data, beside fixed ones of the same recipe.

scikit-learn's handwritten digits (1,797 images of 8 x 8 pixels) ship with it, so nothing is downloaded. A 64-16-16-10
network metabolizes: it grows while its loss stands still and eats neurons whose activation hardly varies. The table
compares it with three fixed networks, on one test part and over several seeds.

    python examples/demo.py [--seeds 5] [--run DIR]
"""

import argparse
import time
from pathlib import Path
from statistics import mean, stdev

import torch
from neurograph.search.datasets import Dataset, hold_out, load
from neurograph.search.growth.metabolism import Metabolized, MetabolizeOptions
from neurograph.search.options import read_options
from neurograph.search.runs import next_directory
from neurograph.search.training import Trainer, evaluate
from rich.console import Console
from rich.table import Table

from neurograph import compiler, search
from neurograph.builders import mlp

RECIPE = {
    "epochs": 60,
    "learning_rate": 0.01,
    "first_cycle": 4,
    "cycle": 3,
    "settle": 20,
    "slope": 0.05,
    "newborns": 8,
    "growth_limit": 128,
}


def grow(data: Dataset, seed: int, **more) -> Metabolized:
    """A 64-16-16-10 network that metabolizes."""
    return search.metabolize(mlp([64, 16, 16, 10], seed=seed), data, seed=seed, **RECIPE, **more)


def fixed(data: Dataset, widths: list[int], seed: int) -> tuple[float, int]:
    """A network of fixed widths with the same recipe: test error in percent, and parameters."""
    options = read_options(MetabolizeOptions, settings=RECIPE | {"seed": seed})
    net = compiler.compile(mlp([64, *widths, 10], seed=seed), batch_size=options.batch_size)
    trainer = Trainer(net, hold_out(data, options.validation, seed), options)
    trainer.run()
    return evaluate(net, data.test_x, data.test_y)[1], net.parameter_count()


def main() -> None:
    """Grow, compare, and say where everything lies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="runs of each network")
    parser.add_argument("--run", type=Path, help="run directory of the first (default: a new one under runs/)")
    given = parser.parse_args()
    torch.set_num_threads(1)  # matrices this small are slower on two
    data, console = load("digits").flat(), Console()
    run = given.run or next_directory("runs", "demo")
    title = f"digits, {len(data.test_y)} test images, {given.seeds} seeds: mean ± deviation; size in parameters"
    table = Table(title=title, title_justify="left", padding=(0, 0))
    for column in ("network", "test error", "mean size", "final size", "seconds"):
        table.add_column(column, justify="left" if column == "network" else "right", no_wrap=True)

    console.print("A 64-16-16-10 network metabolizes on digits, to at most 128 neurons a layer:\n")
    grown, seconds = [], []
    for seed in range(given.seeds):
        started = time.perf_counter()
        grown.append(grow(data, seed, **({"run": run, "progress": True} if seed == 0 else {})))
        seconds.append(time.perf_counter() - started)
    console.print("\nNow the same recipe for fixed networks ...\n")
    widths = [round(mean(len(g.graph.population(f"hidden{i}")) for g in grown)) for i in (1, 2)]
    for name, sizes in (("small", [16, 16]), ("final widths", widths), ("large", [128, 128])):
        started = time.perf_counter()
        runs = [fixed(data, sizes, seed) for seed in range(given.seeds)]
        each = (time.perf_counter() - started) / given.seeds
        row = [f"fixed {name} {sizes[0]}-{sizes[1]}", error(r[0] for r in runs), f"{runs[0][1]:,}", f"{runs[0][1]:,}"]
        table.add_row(*row, f"{each:.1f}")
    parameters = [[row["parameters"] for row in g.rows] for g in grown]
    table.add_row(
        f"grown 16-16 to {widths[0]}-{widths[1]}",
        error(g.test_error for g in grown),
        f"{mean(mean(p) for p in parameters):,.0f}",
        f"{mean(p[-1] for p in parameters):,.0f}",
        f"{mean(seconds):.1f}",
        style="bold",
    )
    console.print(table)
    births = sum(len(entry.neurons_born) for entry in grown[0].graph.journal)
    deaths = sum(len(entry.neurons_died) for entry in grown[0].graph.journal)
    console.print(
        f"\nIn the first run {births} neurons were born and {deaths} eaten.\n"
        f"  graph     {run / 'graph.safetensors'}\n"
        f"  journal   {run / 'journal.jsonl'}\n"
        f"  pictures  {run / 'pictures'}\n\n"
        "Type next:\n"
        f"  .venv/bin/neurograph view {run}\n"
        f"  .venv/bin/neurograph inspect {run}\n"
        "  .venv/bin/neurograph metabolize --data digits --epochs 80 --newborns 8\n"
        '  .venv/bin/python -c "from neurograph import NeuronGraph as G; '
        f"print(G.load('{run / 'graph.safetensors'}').journal)\"",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def error(percents) -> str:
    """Mean and deviation of test errors."""
    percents = list(percents)
    return f"{mean(percents):.2f}%" + (f" ± {stdev(percents):.2f}" if len(percents) > 1 else "")


if __name__ == "__main__":
    main()
