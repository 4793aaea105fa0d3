"""The ways to run a bundle. A new one is one file, one line here and one row in the contract suite."""

from compiler.lowering.aggregate import AGGREGATE
from compiler.lowering.base import Layout, Lowering, Unit
from compiler.lowering.copy import COPY
from compiler.lowering.dense import DENSE
from compiler.lowering.sparse import SPARSE

REGISTRY: dict[str, Lowering] = {lowering.name: lowering for lowering in (DENSE, SPARSE, COPY, AGGREGATE)}

__all__ = ["REGISTRY", "Layout", "Lowering", "Unit"]
