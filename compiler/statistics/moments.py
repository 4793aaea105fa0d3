"""Moments of rows that come in pieces."""

import torch
from torch import Tensor

from neurograph.insertion.sums import Sums
from neurograph.memory import require_bytes


class Total:
    """Sums over rows in float64, about the mean of the first ones so that little cancels.

    Parameters
    ----------
    width
        Columns of a row.
    device
        Where they are summed.

    Raises
    ------
    OptionError
        Where main memory cannot hold the sums.
    """

    def __init__(self, width: int, device: torch.device) -> None:
        if device.type == "cpu":
            require_bytes(8 * width**2, f"sums over {width:,} columns", "record or draw fewer neurons")
        self.count, self.shift = 0, None
        self.first = torch.zeros(width, dtype=torch.float64, device=device)
        self.second = torch.zeros(width, width, dtype=torch.float64, device=device)

    def add(self, rows: Tensor) -> None:
        """Take in (n, width) rows: all of them, or, where memory runs out, none."""
        if self.shift is None:
            self.shift = rows.mean(0)
        rows = rows - self.shift
        second, first = rows.T @ rows, rows.sum(0)
        self.second += second
        self.first += first
        self.count += len(rows)

    def sums(self, resolution: float) -> Sums:
        """Count, mean and covariance of all rows; `resolution` is the rounding of the dtype they came in."""
        assert self.shift is not None
        off = self.first / self.count
        covariance = (self.second / self.count - torch.outer(off, off)).cpu().numpy()
        return Sums(self.count, (self.shift.double() + off).cpu().numpy(), (covariance + covariance.T) / 2, resolution)
