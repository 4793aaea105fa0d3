"""Networks from what is in memory already: graphs of networkx, adjacencies of NumPy and SciPy."""

from typing import Any

import networkx as nx
import numpy as np
from scipy import sparse

from neurograph.core.graph import EditableGraph
from neurograph.errors import FileError
from neurograph.files.from_plain import from_plain


def is_object(source: Any) -> bool:
    """Whether a network is read from an object, and not from a file."""
    return isinstance(source, nx.Graph | np.ndarray) or sparse.issparse(source)


def read_object(source: Any, graph: EditableGraph) -> None:
    """Fill an empty graph from a networkx graph, see `from_plain`, or from an adjacency, see `from_matrix`."""
    if isinstance(source, nx.Graph):
        from_plain(source, graph)  # type: ignore[arg-type]  # which refuses what has no directions
    else:
        from_matrix(source, graph)


def from_matrix(matrix: Any, graph: EditableGraph) -> None:
    """Fill an empty graph from an adjacency: entry (u, v) is the weight of the synapse u -> v.

    Parameters
    ----------
    matrix
        (neurons, neurons), a NumPy array, of which zeros are no synapses, or a SciPy matrix or array, of which stored
        zeros are. Neurons that nothing leads to are inputs, those that lead nowhere outputs.
    graph
        An empty graph.

    Raises
    ------
    FileError
        What is not square, or holds other than finite real numbers.
    CycleError
        Where synapses form a cycle.

    Examples
    --------
    >>> from neurograph import NeuronGraph
    >>> g = NeuronGraph.import_from(np.array([[0.0, 0.5], [0.0, 0.0]]))
    >>> g.edges[0, 1]["weight"], g.nodes[0]["role"], g.nodes[1]["is_output"]
    (0.5, 'input', True)
    """
    found: Any = _coordinates(matrix) if matrix.ndim == 2 else None
    if found is None or found.shape[0] != found.shape[1]:
        raise FileError(f"an adjacency is square, (neurons, neurons), and this one is of shape {matrix.shape}")
    if found.dtype.kind not in "buif" or not np.isfinite(found.data).all():
        raise FileError("an adjacency holds finite real numbers")
    found.sum_duplicates()
    source, target = found.coords
    count = found.shape[0]
    read, reads = (np.bincount(ends, minlength=count).tolist() for ends in (target, source))
    for name, (taken, given) in enumerate(zip(read, reads, strict=True)):
        graph.add_node(name, role="hidden" if taken else "input", is_output=not given)
    graph.add_edges_from_arrays(source.tolist(), target.tolist(), weight=found.data.astype(float))


def _coordinates(matrix: Any) -> Any:
    """The same as rows, columns and numbers; SciPy would follow indices that lead outside of its arrays."""
    try:
        if hasattr(matrix, "check_format"):
            matrix.check_format(full_check=True)
        found: Any = sparse.coo_array(matrix)
        inside = all(
            not len(ends) or 0 <= ends.min() <= ends.max() < size
            for ends, size in zip(found.coords, found.shape, strict=True)
        )
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise FileError(f"the arrays of an adjacency do not belong together: {error}") from None
    if not inside:
        raise FileError("an adjacency names neurons that are not there")
    return found
