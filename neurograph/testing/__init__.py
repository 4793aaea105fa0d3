"""Contracts that every part keeps, for the tests of packages that bring parts of their own; they need pytest.

A package derives a class whose name begins with `Test` and says which part it is; pytest does the rest.
"""

from neurograph.testing.edits import EditContract, state_of
from neurograph.testing.files import ExporterContract, ImporterContract
from neurograph.testing.initializers import InitializerContract
from neurograph.testing.populations import NewbornContract, SelectorContract

__all__ = [
    "EditContract",
    "ExporterContract",
    "ImporterContract",
    "InitializerContract",
    "NewbornContract",
    "SelectorContract",
    "state_of",
]
