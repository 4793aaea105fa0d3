"""Networks from the files of other programs: one file a format, and one line here."""

from neurograph.files.importers.graphml import read_graphml
from neurograph.files.importers.matrix import read_npz
from neurograph.files.importers.node_link import read_json
from neurograph.files.importing import IMPORTS, Importer, find_importer, import_graph

IMPORTS.add(
    {
        "graphml": Importer("GraphML: ours, yEd's, networkx's", read_graphml, ("graphml",)),
        "json": Importer("node-link JSON: ours, d3's, networkx's", read_json, ("json",)),
        "npz": Importer("our adjacency as a SciPy sparse matrix", read_npz, ("npz",)),
    }
)

__all__ = ["IMPORTS", "Importer", "find_importer", "import_graph", "read_graphml", "read_json", "read_npz"]
