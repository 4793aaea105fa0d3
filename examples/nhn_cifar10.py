"""Neuron hierarchical networks as in the paper: all of CIFAR-10, 12 layers, settings as printed but for what follows.

Layers are searched with 36 channels and trained with 96, doubled where maps are halved, which the paper does not print:
it says 16.3 million parameters, and this has from 1 (pools alone) over 8 (3 x 3 convolutions) to 27 million (5 x 5 ones
and every skip), by what is found. There is no dropout in the last training.

Made for a GPU: days on two processor cores. Every stage can be stopped (Ctrl-C, a kill) and goes on where it was.

    python examples/nhn_cifar10.py --device cuda
    python examples/nhn_cifar10.py --device cuda             # again: goes on
"""

import argparse
from pathlib import Path

from neurograph.search.nhn.pipeline import PRESETS, read_stage_options

from neurograph import search


def main(words: list[str] | None = None) -> search.NeuronHierarchy:
    """Begin, or go on with what lies there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="STAGE.KEY=VALUE", help="any option of a stage")
    parser.add_argument("--out", type=Path, default=Path("runs/nhn_cifar10"), help="the run directory")
    given = parser.parse_args(words)
    if (given.out / "config.json").exists():
        made = search.resume(given.out, progress=True)
    else:
        settings = [f"seed={given.seed}", f"device={given.device}", *given.set]
        options = read_stage_options(settings=settings, preset=PRESETS["paper"])
        made = search.neuron_hierarchy(given.data, options, run=given.out, progress=True)
    print(f"\n{made.report()}\neverything lies in {made.run}")
    return made


if __name__ == "__main__":
    main()
