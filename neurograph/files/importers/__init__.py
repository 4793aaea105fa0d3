"""Networks from the files of other programs: one file a format, and one line here."""

from neurograph.files.importers.cytoscape import read_cytoscape
from neurograph.files.importers.edge_list import read_csv
from neurograph.files.importers.gexf import read_gexf
from neurograph.files.importers.graphml import read_graphml
from neurograph.files.importers.matrix import read_npz
from neurograph.files.importers.node_link import read_json
from neurograph.files.importing import IMPORTS, Importer, find_importer, import_graph

IMPORTS.add(
    {
        "graphml": Importer("GraphML: ours, yEd's, networkx's", read_graphml, ("graphml",)),
        "json": Importer("node-link JSON: ours, d3's, networkx's", read_json, ("json",)),
        "gexf": Importer("GEXF, what is alive at its end: ours, Gephi's", read_gexf, ("gexf",)),
        "cyjs": Importer("Cytoscape JSON: ours, Cytoscape's", read_cytoscape, ("cyjs",)),
        "csv": Importer("an edge list with the columns source, target, weight", read_csv, ("csv",)),
        "npz": Importer("an adjacency as a SciPy sparse matrix: ours, SciPy's", read_npz, ("npz",)),
    }
)

__all__ = ["IMPORTS", "Importer", "find_importer", "import_graph", "read_graphml", "read_json", "read_npz"]
