"""Self-expanding networks on one page: a network without a hidden neuron gets them where its gradients ask for them.

It starts as pixels -> classes. When its loss stands still, the synapses with the largest gradients are split: j -> i
becomes j -> new -> i, and the new neurons form a layer that hears all pixels and speaks to all classes. Three epochs
later, newborn synapses that nothing asks for are removed. Beside it, the same recipe trains the network it began as,
one with a hidden layer from the start, and one that splits synapses drawn at random.

    python examples/self_expanding.py                  # handwritten digits, which ship with scikit-learn: half a minute
    python examples/self_expanding.py --data mnist     # MNIST: some minutes
"""

import argparse
from pathlib import Path

import torch
from neurograph.search.datasets import load
from neurograph.search.growth.expansion import PRESETS
from neurograph.search.runs import next_directory

from neurograph import draw, search
from neurograph.builders import mlp, parameter_count

HIDDEN = {"digits": 32, "mnist": 96, "fashion-mnist": 96}  # of the fixed network: the authors' width, a third on digits

PICTURES = {
    "growth.png": "errors and neurons, epoch by epoch",
    "scores.png": "the synapses' scores, those chosen marked",
    "topology.png": "the network before and after",
    "comparison.png": "the table as a picture",
}


def main(data: str = "digits", epochs: int | None = None, seed: int = 0, run: Path | None = None) -> Path:
    """Expand, train three networks beside it, and draw; returns the directory of pictures."""
    torch.set_num_threads(1)  # matrices this small are slower on two
    run = run or next_directory("runs", f"self-expanding-{data}")
    preset, examples = PRESETS[f"linear-{data}"], load(data).flat()
    options = preset.options(seed=seed, **({} if epochs is None else {"epochs": epochs}))
    inputs, classes = preset.sizes

    print(f"A {inputs}-{classes} network expands on {data}:\n")
    grown = search.expand(preset.graph(seed), examples, options, run=run / "grown", progress=True)
    chance = search.expand(preset.graph(seed), examples, options, run=run / "random", metric="random")
    linear = search.expand(preset.graph(seed), examples, options, run=run / "linear", expansions=0)
    wide = mlp([inputs, HIDDEN[data], classes], bias=False, seed=seed)
    fixed = search.expand(wide, examples, options, run=run / "fixed", expansions=0)

    results = {
        "split where the gradient asks": grown,
        "split at random": chance,
        f"fixed {inputs}-{classes}": linear,
        f"fixed {inputs}-{HIDDEN[data]}-{classes}": fixed,
    }
    print("\ntest error   parameters   network")
    for name, result in results.items():
        print(f"{result.test_error:9.2f}%   {parameter_count(result.graph):10,}   {name}")
    pictures = search.redraw(
        run / "grown", {"at random": run / "random", "linear": run / "linear", "fixed": run / "fixed"}
    )
    variants = [
        draw.Variant(name, [result.test_error], f"{parameter_count(result.graph):,} parameters", name)
        for name, result in results.items()
    ]
    draw.comparison(variants, pictures / "comparison.png", title=data)
    print()
    for name, what in PICTURES.items():
        if (pictures / name).exists():
            print(f"{pictures / name}: {what}")
    return pictures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", choices=tuple(HIDDEN))
    parser.add_argument("--epochs", type=int, help="default: the preset's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", type=Path, help="where everything goes (default: a new directory under runs/)")
    main(**vars(parser.parse_args()))
