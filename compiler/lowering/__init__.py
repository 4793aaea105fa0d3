"""The ways to run a bundle, and those to run a region of many blocks.

A new one, with the rates of its cost and its portable form, is one file and one line here, or one entry point of a
package beside; `compiler.testing` has the contract.
"""

from compiler.lowering.aggregate import AGGREGATE
from compiler.lowering.base import Lowering, Unit
from compiler.lowering.conv import CONV
from compiler.lowering.conv_grouped import CONV_GROUPED
from compiler.lowering.conv_padded import CONV_PADDED
from compiler.lowering.conv_sparse import CONV_SPARSE
from compiler.lowering.copy import COPY
from compiler.lowering.dense import DENSE
from compiler.lowering.field import FIELD
from compiler.lowering.flatten import FLATTEN
from compiler.lowering.grouped import GROUPED
from compiler.lowering.layout import ProductLayout
from compiler.lowering.onednn import ONEDNN
from compiler.lowering.pool import POOL
from compiler.lowering.region import RegionLowering
from compiler.lowering.sparse import SPARSE
from compiler.lowering.torch_sparse import TORCH_SPARSE
from neurograph.registry import Registry

SCALARS = (DENSE, ONEDNN, SPARSE, GROUPED, COPY, AGGREGATE, TORCH_SPARSE)
MAPS = (CONV, CONV_GROUPED, CONV_PADDED, CONV_SPARSE, FLATTEN, POOL)
SHIPPED = (*SCALARS, *MAPS, FIELD)
REGISTRY: Registry[Lowering] = Registry(
    "neurograph.lowerings",
    {lowering.name: lowering for lowering in (*SCALARS, *MAPS)},
    fits=lambda part: isinstance(part, Lowering),
)
REGIONS: Registry[RegionLowering] = Registry(  # ways to run many blocks
    "neurograph.region_lowerings", {FIELD.name: FIELD}, fits=lambda part: isinstance(part, RegionLowering)
)

__all__ = ["REGIONS", "REGISTRY", "Lowering", "ProductLayout", "RegionLowering", "Unit"]
