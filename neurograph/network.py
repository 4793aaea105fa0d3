"""`NeuronGraph`: a neural network that is a networkx graph, with the verbs people use on it."""

from pathlib import Path
from typing import Any

from neurograph.core.graph import EditableGraph


class NeuronGraph(EditableGraph):
    """A network whose nodes are neurons and whose edges are synapses; acyclic always.

    Every networkx algorithm reads it and every networkx mutator edits it. Mutations are checked. Those of structure are
    entered in the journal and can be undone; values (weights, biases, attributes of your own) are where an edit writes
    them, such as `SetValues`, and are not where they are written past one, or trained. A neuron has a *name*, its
    networkx node, and a *key*, a number that never changes and is never reused; neurons stand in the order of their
    keys. A synapse has an *id* likewise.

    Parameters
    ----------
    incoming_graph_data
        Anything networkx takes. Edges become synapses, their "weight" the weight.
    attr
        Attributes of the graph.

    Examples
    --------
    >>> g = NeuronGraph()
    >>> pixels = g.add_population("pixels", 2, role="input")
    >>> out = g.add_population("out", 1, is_output=True, bias=0.0)
    >>> ids = g.connect("pixels", "out", weight=[[0.5], [-0.5]])
    >>> g[pixels[0]][out[0]]["weight"]
    0.5
    """

    def save(self, path: str | Path) -> None:
        """Write the graph, weights, attributes and journal included, to one file; see `neurograph.files`."""
        from neurograph.files import save

        save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> "NeuronGraph":
        """Read a graph that `save` wrote; never runs code. See `neurograph.files`."""
        from neurograph.files import load

        graph = cls()
        load(path, graph)
        return graph

    @classmethod
    def import_from(cls, path: Any, format: str | None = None, **options: Any) -> "NeuronGraph":
        """A network from a file of another program: one of `neurograph.files.IMPORTS`, or the ending of the path.

        Or from a networkx graph, or an adjacency of NumPy or SciPy: see `neurograph.files.objects`.

        Raises
        ------
        FileError
            An unknown format, naming the known ones; a file that cannot be read or holds no network.
        """
        from neurograph.files import import_graph

        graph = cls()
        import_graph(path, graph, format, **options)
        return graph

    def export(self, path: str | Path, format: str | None = None, *, force: bool = False, **options: Any) -> list[str]:
        """Write the network for another program; see `neurograph.files.export`."""
        from neurograph.files import export

        return export(self, path, format, force=force, **options)

    def draw(self, path: str | Path | None = None, **options: Any) -> Any:
        """Draw the topology to an SVG, PDF or PNG; see `neurograph.draw.topology`.

        Without a path a notebook shows what is returned; `ax=` draws it in the place of one of matplotlib's subplots.
        """
        from neurograph.draw import topology

        return topology(self, path, **options)

    def view(self, path: str | Path | None = None, **options: Any) -> Path:
        """Write an HTML page to explore the network and its growth; see `neurograph.view.view`.

        Without a path the page lies in a temporary folder, and opens in the notebook, or in the browser.
        """
        from neurograph.view import show, view

        return show(self, **options) if path is None else view(self, path, **options)

    def _repr_html_(self) -> str:
        from neurograph.view import notebook

        return notebook(self)
