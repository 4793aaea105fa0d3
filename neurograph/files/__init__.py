"""Keep a network in a file, and write it for other programs."""

from neurograph.files.exchange import (
    EXPORTS,
    export,
    write_cytoscape,
    write_dot,
    write_gexf,
    write_graphml,
    write_json,
)
from neurograph.files.plain import to_plain
from neurograph.files.saving import load, save

__all__ = [
    "EXPORTS",
    "export",
    "load",
    "save",
    "to_plain",
    "write_cytoscape",
    "write_dot",
    "write_gexf",
    "write_graphml",
    "write_json",
]
