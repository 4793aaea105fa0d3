"""What a product reads: columns of earlier values, side by side.

In a deep field a product reads a few neurons of each of a hundred blocks before it. Picked block by block that makes
thousands of layers; so values that are read together with many others are strung together once, as they are made, and
one layer picks from that string.
"""

import numpy as np
import torch

from ..drawing.drawing import Drawing, Value
from ..planning.program import Program
from ..regions.product_wiring import Piece

MANY = 6  # pieces, beyond which a product picks from the string


class Reading:
    """The values made so far, and how products read them.

    Parameters
    ----------
    drawing
        Where layers go.
    program
        What is drawn.
    """

    def __init__(self, drawing: Drawing, program: Program) -> None:
        self.drawing, self.values = drawing, dict[int, Value]()
        products = [product for stage in program.stages for product in stage.products if product.layout.window is None]
        strung = sorted({value for product in products if len(product.pieces) > MANY for value, _ in product.pieces})
        sizes = np.array([len(program.blocks[value]) for value in strung], np.int64)
        self.start = dict(zip(strung, (np.cumsum(sizes) - sizes).tolist(), strict=True))
        self.size = dict(zip(strung, sizes.tolist(), strict=True))
        self.string: Value | None = None
        self.last = -1

    def columns(self, name: str, pieces: tuple[Piece, ...]) -> Value:
        """(batch, columns, ...) out of the values made so far."""
        if len(pieces) > MANY and all(value in self.start for value, _ in pieces):
            return self._from_string(name, pieces)
        found = [self.drawing.pick(self.values[value], name, columns) for value, columns in pieces]
        return found[0] if len(found) == 1 else torch.cat(found, 1)

    def _from_string(self, name: str, pieces: tuple[Piece, ...]) -> Value:
        newest = max(value for value, _ in pieces)
        new = [self.values[value] for value in self.start if self.last < value <= newest]
        if new:
            together = [*([] if self.string is None else [self.string]), *new]
            self.string = self.drawing.named(torch.cat(together, 1), "so far")
            self.last = newest
        chosen = [
            self.start[value] + (np.arange(self.size[value]) if columns is None else columns)
            for value, columns in pieces
        ]
        return self.drawing.pick(self.string, name, np.concatenate(chosen))
