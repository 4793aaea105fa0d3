"""The ways to run a bundle. A new one is one file, one line here and one row in the contract suite."""

from compiler.lowering.aggregate import AGGREGATE
from compiler.lowering.base import Layout, Lowering, Unit
from compiler.lowering.conv import CONV
from compiler.lowering.conv_grouped import CONV_GROUPED
from compiler.lowering.conv_padded import CONV_PADDED
from compiler.lowering.copy import COPY
from compiler.lowering.dense import DENSE
from compiler.lowering.flatten import FLATTEN
from compiler.lowering.grouped import GROUPED
from compiler.lowering.onednn import ONEDNN
from compiler.lowering.pool import POOL
from compiler.lowering.sparse import SPARSE
from compiler.lowering.torch_sparse import TORCH_SPARSE

SCALARS = (DENSE, ONEDNN, SPARSE, GROUPED, COPY, AGGREGATE, TORCH_SPARSE)
MAPS = (CONV, CONV_GROUPED, CONV_PADDED, FLATTEN, POOL)
REGISTRY: dict[str, Lowering] = {lowering.name: lowering for lowering in (*SCALARS, *MAPS)}

__all__ = ["REGISTRY", "Layout", "Lowering", "Unit"]
