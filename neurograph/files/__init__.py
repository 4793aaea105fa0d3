"""Keep a network in a file, write it for other programs, and read theirs."""

from neurograph.files.exchange import (
    cytoscape_losses,
    dot_losses,
    graphml_losses,
    json_losses,
    write_cytoscape,
    write_dot,
    write_graphml,
    write_json,
)
from neurograph.files.formats import EXPORTS, Format, export, find_format
from neurograph.files.from_plain import from_plain
from neurograph.files.gexf import gexf_losses, write_gexf
from neurograph.files.importers import IMPORTS, Importer, find_importer, import_graph
from neurograph.files.plain import to_plain
from neurograph.files.saving import load, save
from neurograph.files.tables import csv_losses, npz_losses, write_csv, write_npz

EXPORTS.add(
    {
        "graphml": Format(
            "GraphML: yEd, Gephi, Cytoscape, igraph, networkx", write_graphml, ("graphml",), graphml_losses
        ),
        "gexf": Format("GEXF with lifetimes: Gephi and its timeline", write_gexf, ("gexf",), gexf_losses),
        "dot": Format("DOT: Graphviz, up to 1,000 synapses", write_dot, ("dot", "gv"), dot_losses),
        "json": Format('node-link JSON: networkx, d3 ("edges" for its "links")', write_json, ("json",), json_losses),
        "cyjs": Format("Cytoscape JSON", write_cytoscape, ("cyjs",), cytoscape_losses),
        "csv": Format("an edge list: spreadsheets, data frames", write_csv, ("csv",), csv_losses),
        "npz": Format("the adjacency as a SciPy sparse matrix", write_npz, ("npz",), npz_losses),
    }
)

__all__ = [
    "EXPORTS",
    "IMPORTS",
    "Format",
    "Importer",
    "export",
    "find_format",
    "find_importer",
    "from_plain",
    "import_graph",
    "load",
    "save",
    "to_plain",
    "write_csv",
    "write_cytoscape",
    "write_dot",
    "write_gexf",
    "write_graphml",
    "write_json",
    "write_npz",
]
