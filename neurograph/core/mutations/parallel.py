"""Multigraphs: a pair of neurons has one synapse at most, so several weights of one pair cannot all be kept."""

from typing import Any

from neurograph.errors import SynapseError


def refuse_several_weights(data: Any) -> None:
    """Refuse a multigraph with several weighted edges of one pair, of which networkx would keep the last.

    Parameters
    ----------
    data
        What a graph is to be made of; anything but a multigraph passes.

    Raises
    ------
    SynapseError
        Naming the pair and the way out.
    """
    if not (hasattr(data, "adj") and data.is_multigraph()):
        return
    for source, row in data.adjacency():
        for target, several in row.items():
            weights = [edge["weight"] for edge in several.values() if "weight" in edge]
            if len(weights) > 1:
                raise SynapseError(
                    f"synapse {source!r} -> {target!r}: the multigraph has {len(weights)} weighted edges of this pair, "
                    "and a pair of neurons has one synapse: add their weights up first, or lead the others through "
                    "neurons of their own"
                )
