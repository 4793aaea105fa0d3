"""A neuron hierarchical network from beginning to end, in minutes: what pruning costs and what add-on neurons win back.

A layer hierarchy is searched for and trained, its flat kernels are pruned away, an evolutionary search finds where
add-on neurons go and whom they connect, and all of it is trained again; beside it the pruned network without add-ons,
trained as long, and the trained one when its add-ons are taken away.

    python examples/nhn_quick.py                          # the digits, a few minutes
    python examples/nhn_quick.py --data cifar10:10000     # under an hour on two cores
    neurograph resume runs/nhn_quick                      # after it was stopped
"""

import argparse
from pathlib import Path

from neurograph.search.nhn.pipeline import PRESETS, read_stage_options

from neurograph import search


def main(words: list[str] | None = None) -> search.NeuronHierarchy:
    """Run it and print the table of its stages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", help="digits, or cifar10 or a part of it such as cifar10:10000")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="STAGE.KEY=VALUE", help="any option of a stage")
    parser.add_argument("--out", type=Path, default=Path("runs/nhn_quick"), help="the run directory")
    given = parser.parse_args(words)
    preset = PRESETS["digits" if given.data.startswith("digits") else "quick"]
    options = read_stage_options(settings=[f"seed={given.seed}", *given.set], preset=preset)
    made = search.neuron_hierarchy(given.data, options, run=given.out, force=True, progress=True)
    print(f"\n{made.report()}\nlook at {made.run / 'pictures' / 'add-ons.png'}")
    return made


if __name__ == "__main__":
    main()
