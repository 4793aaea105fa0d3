"""The ways to run a bundle, and those to run a region of many blocks.

A new one is one file, one line here and one row in the contract suite.
"""

from compiler.lowering.aggregate import AGGREGATE
from compiler.lowering.base import Lowering, ProductLayout, Unit
from compiler.lowering.conv import CONV
from compiler.lowering.conv_grouped import CONV_GROUPED
from compiler.lowering.conv_padded import CONV_PADDED
from compiler.lowering.copy import COPY
from compiler.lowering.dense import DENSE
from compiler.lowering.field import FIELD
from compiler.lowering.flatten import FLATTEN
from compiler.lowering.grouped import GROUPED
from compiler.lowering.onednn import ONEDNN
from compiler.lowering.pool import POOL
from compiler.lowering.region import RegionLowering
from compiler.lowering.sparse import SPARSE
from compiler.lowering.torch_sparse import TORCH_SPARSE

SCALARS = (DENSE, ONEDNN, SPARSE, GROUPED, COPY, AGGREGATE, TORCH_SPARSE)
MAPS = (CONV, CONV_GROUPED, CONV_PADDED, FLATTEN, POOL)
REGISTRY: dict[str, Lowering] = {lowering.name: lowering for lowering in (*SCALARS, *MAPS)}

REGIONS: dict[str, RegionLowering] = {lowering.name: lowering for lowering in (FIELD,)}  # ways to run many blocks

__all__ = ["REGIONS", "REGISTRY", "Lowering", "ProductLayout", "RegionLowering", "Unit"]
