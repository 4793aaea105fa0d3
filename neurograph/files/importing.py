"""The ways in: files of other programs, by a registry beside the exporters'.

A new one is a function that fills an empty graph, and a line in a registry: here, or in a package above or beside.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurograph.core.graph import EditableGraph
from neurograph.errors import FileError, NeuroGraphError, reason
from neurograph.files.choosing import Refusals, chosen
from neurograph.files.objects import is_object, read_object
from neurograph.registry import Registry


@dataclass(frozen=True)
class Importer:
    """One format that networks can be read from.

    Parameters
    ----------
    about
        What it is and who writes it, in a few words.
    read
        Called with a path, an empty graph to fill, and the options of `import_graph`.
    endings
        Of files in it, in small letters and without the dot.
    """

    about: str
    read: Callable[..., None]
    endings: tuple[str, ...]


IMPORTS: Registry[Importer] = Registry("neurograph.importers", {}, fits=lambda part: isinstance(part, Importer))


_REFUSALS = Refusals("is no format that networks are read from", "NeuronGraph.load(path) reads it", "how to read")


def find_importer(path: str | Path, name: str | None = None) -> Importer:
    """The importer of that name, or of the path's ending; `FileError` naming the known ones."""
    return chosen(IMPORTS, path, name, _REFUSALS)


def import_graph(path: Any, graph: EditableGraph, format: str | None = None, **options: Any) -> None:
    """Fill an empty graph from a file of another program; see `NeuronGraph.import_from`.

    Parameters
    ----------
    path
        The file; or a networkx graph, or an adjacency of NumPy or SciPy.
    graph
        An empty graph; the network in the file is put into it, and its journal begins afterwards.
    format
        One of `IMPORTS`; unless given, the ending of the path.
    options
        Of the format.

    Raises
    ------
    FileError
        A graph that is not empty, an unknown format, a file that cannot be read or holds no network.
    """
    if len(graph):
        raise FileError(f"a network is read into an empty graph, and this one has {len(graph)} neurons")
    if is_object(path):
        read_object(path, graph)
        graph.restart_journal()
        return
    importer = find_importer(path, format)
    try:
        importer.read(path, graph, **options)
    except FileError as error:
        if str(path) in str(error):
            raise
        raise FileError(f"{path} holds no network: {error}") from None
    except OSError as error:
        raise FileError(f"cannot read {path}: {reason(error)}") from None
    except NeuroGraphError as error:
        raise FileError(f"{path} holds no network: {error}") from error
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
        raise FileError(f"{path} is damaged or of another format: {type(error).__name__}: {error}") from error
    graph.restart_journal()
