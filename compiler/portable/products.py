"""One product of a stage as layers, by the lowering that runs it."""

from ..drawing.drawing import Drawing, Value
from ..drawing.numbers import Numbers
from ..lowering import REGISTRY
from ..lowering.aggregate import AGGREGATE
from ..lowering.base import Lowering
from ..lowering.conv import CONV
from ..lowering.conv_grouped import CONV_GROUPED
from ..lowering.copy import COPY
from ..lowering.dense import DENSE
from ..lowering.flatten import FLATTEN
from ..lowering.layout import ProductLayout
from ..lowering.pool import POOL
from ..lowering.portable_form import ProductDrawing, Vector
from ..planning.program import ProductPlan
from ..regions.groups import find_groups
from ..regions.status import FIXED


class Products:
    """Makes the layers of products.

    Parameters
    ----------
    drawing
        Where they go.
    numbers
        What fills them.
    """

    def __init__(self, drawing: Drawing, numbers: Numbers) -> None:
        self.drawing, self.numbers = drawing, numbers

    def add(self, name: str, product: ProductPlan, x: Value, bias: Vector) -> Value:
        """What a product contributes to its rows, (batch, outputs) or maps, plus the bias where one is given."""
        layout = product.layout
        identities = layout.window is None and layout.aggregation == "sum" and bool(layout.are(FIXED).all())
        form = COPY.portable if identities else REGISTRY[product.lowering].portable  # whatever multiplies them by 1
        form = (
            CONV_GROUPED.portable if _grouped(layout) else form
        )  # whatever runs them: it is smaller, and reads better
        form = form or plainest(layout).portable
        assert form is not None
        return form(ProductDrawing(self.drawing, name, layout, self.numbers), x, bias)


def _grouped(layout: ProductLayout) -> bool:
    """Whether kernels slide between maps that fall into equal disjoint blocks."""
    slides = layout.window is not None and layout.window.slides and layout.aggregation == "sum"
    return slides and find_groups(layout.rows, layout.columns) is not None


def plainest(layout: ProductLayout) -> Lowering:
    """The simplest lowering of this package that runs such a wiring: its form stands for those that state none."""
    window = layout.window
    if layout.aggregation != "sum":
        return AGGREGATE
    if window is None:
        return DENSE
    if window.slides:
        return CONV
    if window.flattens:
        return FLATTEN
    return POOL if window.pools else COPY
