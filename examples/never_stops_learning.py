"""A network that never stops learning: task after task, a fixed one learns less and less, and one that lives does not.

Each task is a few hundred images with labels drawn at random: nothing that was learned before is of use, and
nothing but the ability to learn carries over. A fixed network loses it: weights grow, neurons fall silent, gradients
vanish. In the other one, of the same size, the neurons that contribute least die, and newborns take their places.

    python examples/never_stops_learning.py [--data digits|mnist] [--tasks 16]

Takes a couple of minutes. The fixed network runs at the learning rate that suits it best of those in RATES.
"""

import argparse
from pathlib import Path

import torch
from neurograph.search import metabolize_stream
from neurograph.search.datasets import load
from neurograph.search.streams import random_labels

from neurograph.builders import mlp
from neurograph.draw import tasks as draw_tasks

RATES = (5e-4, 1e-3, 2e-3)  # of the fixed network
LIVING = {"learning_rate": 4e-3, "rate": 64.0, "age": 20, "decay": 0.9, "every": 40, "newborn_scale": 3.0}


def main(
    data: str = "digits", tasks: int = 16, images: int = 320, passes: int = 12, out: Path = Path("runs/never_stops"),
    seed: int = 0,
) -> Path:  # fmt: skip
    """Learn from one stream with both; returns the picture."""
    torch.set_num_threads(1)  # products this thin are slower on two
    some = load(data).flat()
    sizes = [some.input_shape[0], 64, 64, 64, some.classes]

    def accuracies(settings: dict) -> list[float]:
        stream = random_labels(some, tasks, images, passes, seed=seed)
        lived = metabolize_stream(mlp(sizes, seed=seed), stream, row=stream.pass_steps or 0, **settings)
        return [100.0 - row["train_error"] for row in lived.rows if not row["step"] % (stream.task_steps or 1)]

    fixed = {rate: accuracies({"learning_rate": rate, "chosen": "none"}) for rate in RATES}
    best = max(RATES, key=lambda rate: sum(fixed[rate][-max(1, tasks // 4) :]))
    living = accuracies(LIVING)
    for name, curve in (*((f"fixed, learning rate {r:g}", fixed[r]) for r in RATES), ("metabolism", living)):
        quarter = curve[-max(1, tasks // 4) :]
        print(f"{name:<28} first task {curve[0]:5.1f}%, last quarter {sum(quarter) / len(quarter):5.1f}%")
    out.mkdir(parents=True, exist_ok=True)
    curves = {"metabolism": [living], f"fixed, rate {best:g}": [fixed[best]]}
    title = "Random labels, task after task: accuracy in the last pass"
    picture = draw_tasks(curves, out / "tasks.png", title=title)
    print(f"picture: {picture}")
    return picture


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--tasks", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    main(given.data, given.tasks, seed=given.seed)
