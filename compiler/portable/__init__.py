"""A network in operators that other programs take."""

from .build import portable

__all__ = ["portable"]
