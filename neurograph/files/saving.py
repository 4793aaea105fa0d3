"""Save a network and load it again."""

from pathlib import Path

from neurograph.core.graph import EditableGraph
from neurograph.errors import FileError, NeuroGraphError
from neurograph.files import container
from neurograph.files.packing import pack
from neurograph.files.unpacking import unpack
from neurograph.memory import give_back


def save(graph: EditableGraph, path: str | Path) -> None:
    """Write a graph to one safetensors file: structure, weights, attributes, names and the journal.

    The file appears whole or not at all; one that was there before stays until then. Values that a compiled network
    holds are written back first.

    Parameters
    ----------
    graph
        The network.
    path
        The file, by custom ending in .safetensors. A device, a pipe or /dev/stdout is written to where it is.

    Raises
    ------
    FileError
        A folder that is not there, a full disk; a name or an attribute that a file cannot hold (numbers, text, lists,
        tuples, dictionaries and numeric arrays can be).

    See Also
    --------
    load : Reads it.
    neurograph.files.export : Writes formats of other programs.
    """
    container.write(path, pack(graph))


def load(path: str | Path, graph: EditableGraph) -> None:
    """Read a graph that `save` wrote into an empty one. Nothing in the file is ever executed.

    Parameters
    ----------
    path
        The file.
    graph
        A new graph. It gets the same keys, ids, names, order, values and journal: undo goes on where it was. Where this
        raises, it is of no further use.

    Raises
    ------
    FileError
        A file that is missing, empty, truncated, damaged, of another format or of a newer version.
    """
    content = container.read(path)
    try:
        unpack(content, graph)
    except (NeuroGraphError, KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError) as err:
        what = f"it has no {err}" if type(err) is KeyError else err
        raise FileError(f"{path} is damaged: {what}; restore it from a copy") from err
    except MemoryError:
        raise FileError(f"{path} needs more memory than there is") from None
    except RecursionError:
        raise FileError(f"{path} is damaged: nested too deeply; restore it from a copy") from None
    del content
    give_back(graph.table.size)
