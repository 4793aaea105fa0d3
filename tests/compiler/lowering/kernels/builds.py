"""Every build of the kernels in turn."""

import pytest

from compiler.lowering.kernels import library


@pytest.fixture(params=["none", *library.BUILDS])
def build(request, monkeypatch):
    """Each build in turn, and doing without; `skip_without` skips those that are not here."""
    monkeypatch.setenv(library.SWITCH, request.param)
    library.forget()
    yield request.param
    monkeypatch.undo()
    library.forget()


def skip_without(name: str) -> None:
    """Skip where that build is not what runs: not built, or not for this processor."""
    if name != (library.instruction_set() or "none"):
        pytest.skip(f"no {name} kernels are built, or this processor cannot run them")
