"""The example with a stand-in for Ray, which need not be installed."""

import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np

from search.executors import Failed

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "nhn_ray.py"


class RayError(Exception):
    pass


def stand_in(lost):
    """Ray's two calls: work is begun by `remote`, out of order, and asked for by `get`."""
    ray = ModuleType("ray")
    ray.exceptions = SimpleNamespace(RayError=RayError)  # type: ignore[attr-defined]
    calls = []

    def remote(function):
        return SimpleNamespace(remote=lambda *given: calls.append(given) or (function, given))

    def get(reference):
        function, given = reference
        if given is calls[lost]:
            raise RayError("its worker died")
        return function(*given)

    ray.remote, ray.get = remote, get  # type: ignore[attr-defined]
    return ray


def test_the_example_searches(monkeypatch):
    example = runpy.run_path(str(EXAMPLE))
    monkeypatch.setitem(sys.modules, "ray", stand_in(lost=2))
    assert example["ray_map"](lambda turn: 2 * turn, [1, 2, 3, 4]) == [2, 4, Failed("its worker died"), 8]
    found = example["main"]("digits:200", cycles=1)
    assert len(found.rows[0]["individuals"]) == 20
    assert np.isfinite(found.best.error)
