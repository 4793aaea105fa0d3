"""A network in operators that other programs take."""

from compiler.portable.build import portable

__all__ = ["portable"]
