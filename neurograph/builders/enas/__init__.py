"""Networks of ENAS's macro search space: what a gene says, what a layer is, how they stand together."""

from neurograph.builders.enas.genes import OPERATIONS, Gene, gene_rows, read_genes
from neurograph.builders.enas.macro import enas_macro

__all__ = ["OPERATIONS", "Gene", "enas_macro", "gene_rows", "read_genes"]
