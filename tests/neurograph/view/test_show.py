"""`g.view()` without a path: in the browser, or in the notebook that asks for it."""

import sys
from html import unescape
from types import ModuleType, SimpleNamespace

import pytest

from neurograph.builders import mlp
from neurograph.view import writing


@pytest.fixture
def opened(monkeypatch):
    seen = []
    monkeypatch.setattr(writing.webbrowser, "open", seen.append)
    return seen


def test_a_browser_opens_the_page(opened, monkeypatch):
    monkeypatch.setattr(writing, "_notebook_frame", lambda: None)
    path = mlp([2, 3, 1], seed=0).view(title="Mine")
    assert opened == [path.as_uri()]
    assert "<title>Mine</title>" in path.read_text(encoding="utf-8")


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(opened, monkeypatch):
    shown, python, display = [], ModuleType("IPython"), ModuleType("IPython.display")
    python.get_ipython = lambda: SimpleNamespace(kernel=object())
    display.display = lambda held, raw: shown.append(held["text/html"])
    monkeypatch.setitem(sys.modules, "IPython", python)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    path = mlp([2, 3, 1], seed=0).view()
    (frame,) = shown
    assert not opened
    held = frame.split('srcdoc="', 1)[1].split('"', 1)[0]
    assert unescape(held) == path.read_text(encoding="utf-8")


def test_a_python_without_a_kernel_is_no_notebook(opened, monkeypatch):
    python = ModuleType("IPython")
    python.get_ipython = lambda: SimpleNamespace()
    monkeypatch.setitem(sys.modules, "IPython", python)
    assert opened == [] and mlp([2, 1]).view().as_uri() == opened[0]
