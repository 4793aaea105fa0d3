"""The ways to run a bundle, and those to run a region of many blocks.

A new one, with the rates of its cost and its portable form, is one file and one line here, or one entry point of a
package beside; `compiler.testing` has the contract.
"""

from neurograph.registry import Registry

from .aggregate import AGGREGATE
from .base import Lowering, Unit
from .conv import CONV
from .conv_grouped import CONV_GROUPED
from .conv_padded import CONV_PADDED
from .conv_sparse import CONV_SPARSE
from .copy import COPY
from .dense import DENSE
from .field import FIELD
from .flatten import FLATTEN
from .grouped import GROUPED
from .layout import ProductLayout
from .onednn import ONEDNN
from .pool import POOL
from .region import RegionLowering
from .sparse import SPARSE
from .torch_sparse import TORCH_SPARSE

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
