"""Contracts that every part keeps, for the tests of packages that bring parts of their own; they need pytest.

A package derives a class whose name begins with `Test` and says which part it is; pytest does the rest.
"""

import pytest

for part in ("edits", "files", "initializers", "populations"):
    pytest.register_assert_rewrite(f"{__name__}.{part}")  # what differs is shown, as in tests of one's own

from neurograph.testing.edits import EditContract, state_of  # noqa: E402
from neurograph.testing.files import ExporterContract, ImporterContract  # noqa: E402
from neurograph.testing.initializers import InitializerContract  # noqa: E402
from neurograph.testing.populations import NewbornContract, SelectorContract  # noqa: E402

__all__ = [
    "EditContract",
    "ExporterContract",
    "ImporterContract",
    "InitializerContract",
    "NewbornContract",
    "SelectorContract",
    "state_of",
]
