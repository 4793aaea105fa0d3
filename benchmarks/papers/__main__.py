"""Make a paper's table: `python -m benchmarks.papers TABLE`; resumable, results kept under runs/papers."""

import argparse
from functools import partial
from pathlib import Path

import torch

from benchmarks.papers import (
    compnet,
    compnet_after,
    expansion_settings,
    metanet,
    metanet_cifar,
    metanet_variants,
    nhn,
    nhn_evolution,
    nhn_places,
    rewiring,
    self_expanding,
    small_networks,
    streams,
)

TABLES = {
    "compnet-lenet": (partial(compnet.table, compnet.LENET), compnet.SEEDS),
    **{one.name: (partial(compnet.table, one), compnet.SEEDS) for one in compnet.NARROW},
    compnet_after.NAME: (compnet_after.table, compnet_after.SEEDS),
    "metanet-mnist": (partial(metanet.table, "mnist"), metanet.SEEDS),
    "metanet-fashion-mnist": (partial(metanet.table, "fashion-mnist"), metanet.SEEDS),
    "metanet-fashion-mnist-changed": (partial(metanet.changed_table, "fashion-mnist"), metanet.SEEDS),
    **{name: (partial(metanet_cifar.table, name), metanet_cifar.SEEDS) for name in metanet_cifar.DROPOUT},
    "metanet-variants-fashion-mnist": (partial(metanet_variants.table, "fashion-mnist"), metanet_variants.SEEDS),
    "metanet-variants-mnist": (partial(metanet_variants.table, "mnist"), metanet_variants.SEEDS),
    "nhn-evolution": (nhn_evolution.table, nhn_evolution.SEEDS),
    "nhn-places": (nhn_places.table, nhn_places.SEEDS),
    "nhn-quick": (nhn.table, nhn.SEEDS),
    "rewiring": (rewiring.table, rewiring.SEEDS),
    "self-expanding-mnist": (partial(self_expanding.table, "mnist"), self_expanding.SEEDS),
    "self-expanding-fashion-mnist": (partial(self_expanding.table, "fashion-mnist"), self_expanding.SEEDS),
    "self-expanding-settings": (expansion_settings.table, expansion_settings.SEEDS),
    "small-networks": (small_networks.table, small_networks.SEEDS),
    "streams": (streams.table, streams.SEEDS),
}


def main() -> None:
    """Run what is missing, print the table and write it to docs/results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--seeds", type=int, help="how many (default: the table's own number)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--directory", type=Path, default=Path("runs/papers"), help="where results are kept")
    parser.add_argument("--out", type=Path, default=Path("docs/results"), help="where the table goes")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    make, seeds = TABLES[options.table]
    seeds = options.seeds or seeds
    made = make(seeds, options.directory)
    command = f"python -m benchmarks.papers {options.table} --seeds {seeds}"
    many = "1 seed" if seeds == 1 else f"{seeds} seeds, mean ± deviation"
    note = f"{many}, one thread; the last epoch's network, nothing chosen on the test set."
    note = streams.NOTE if options.table == "streams" else note
    text = f"# {options.table}\n\n{note}\n\n{made}\n    {command}\n"
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"{options.table}.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
