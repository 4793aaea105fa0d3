"""The documents: their code runs, the tutorial is executed, questions are answered two clicks away, the site builds."""

import importlib.util
import json
import re
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS) for path in DOCS.rglob("*.md"))
QUESTIONS = {  # of a newcomer, and what the page that answers has to say
    "evolve a topology": "evolve(",
    "own fitness": "## Your own fitness",
    "replace operators": 'toolbox.register("select"',
    "own arrays": "(X, y)",
    "what an option means": "## What an option means",
    "when weights are written back": "g.write_back()",
    "log to TensorBoard": "SummaryWriter",
    "several machines": "dask worker",
    "bring in GraphML or NEAT": "search.from_neat",
    "compare and extend runs": "--epochs 200",
}


def links(path):
    """The files that a page links to, in this repository."""
    found = re.findall(r"\]\(([^)\s#]+)[^)]*\)", path.read_text(encoding="utf-8"))
    return [(path.parent / link).resolve() for link in found if "://" not in link and not link.startswith("data:")]


@pytest.mark.parametrize("page", [Path("../README.md"), Path("../compiler/README.md"), *PAGES], ids=str)
def test_every_link_leads_somewhere(page):
    assert not [str(target) for target in links(DOCS / page) if not target.exists()]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_newcomer_s_question_is_answered_two_clicks_from_the_readme(question):
    first = {path for path in links(ROOT / "README.md") if path.suffix == ".md"}
    second = {target for path in first for target in links(path) if target.suffix == ".md"}
    assert any(QUESTIONS[question] in path.read_text(encoding="utf-8") for path in second | first)


def test_each_question_of_the_page_links_to_its_answer():
    lines = re.findall(r"^\d+\. .*$", (DOCS / "questions.md").read_text(), re.M)
    assert len(lines) == len(QUESTIONS)
    for line, wanted in zip(lines, QUESTIONS.values(), strict=True):
        (link,) = re.findall(r"\]\(([^)#]+)", line)
        assert wanted in (DOCS / link).read_text(), line


def test_the_readme_is_read_in_three_minutes():
    text = re.sub(r"```.*?```|!?\[[^\]]*\]\([^)]*\)", "", (ROOT / "README.md").read_text(), flags=re.S)
    assert len(text.split()) < 900


def test_the_pages_name_files_that_are_there():
    named = re.findall(r"`((?:neurograph|compiler|search|examples)/[\w/.-]+)`", (DOCS / "papers.md").read_text())
    assert named and not [name for name in named if not (ROOT / name).exists()]


def _kinds(book):
    """What each cell puts out; how often a stream is cut into pieces is a matter of time."""
    return [[kind for kind, _ in groupby(o["output_type"] for o in cell.get("outputs", ()))] for cell in book.cells]


def test_the_tutorial_runs_as_a_notebook(tmp_path, monkeypatch):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    book = nbformat.read(DOCS / "tutorial.ipynb", as_version=4)
    kept = _kinds(book)
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert _kinds(book) == kept
    assert any("image/png" in output.get("data", {}) for cell in book.cells for output in cell.get("outputs", ()))


def test_a_notebook_becomes_a_page():
    spec = importlib.util.spec_from_file_location("hooks", DOCS / "hooks.py")
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    text = hooks.on_page_markdown((DOCS / "tutorial.md").read_text())
    cells = json.loads((DOCS / "tutorial.ipynb").read_text())["cells"]
    assert all("".join(cell["source"]) in text for cell in cells) and "data:image/png" in text


def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings_handlers")
    words = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", tmp_path / "site"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "site" / "reference" / "search" / "index.html").read_text()
    assert "Grower" in reference and "slope" in reference


def test_the_gallery_shows_every_picture():
    shown = set(re.findall(r"\(pictures/([\w.-]+)\)", (DOCS / "gallery.md").read_text(encoding="utf-8")))
    assert {path.name for path in (DOCS / "pictures").iterdir()} == shown


def public_packages():
    """Every package that says what of it is public."""
    for top in ("neurograph", "compiler", "search"):
        for path in sorted((ROOT / top).rglob("__init__.py")):
            if re.search(r"^__all__ = [\[(]\s*[\"']", path.read_text(encoding="utf-8"), re.M):
                yield ".".join(path.parent.relative_to(ROOT).parts)


def test_the_reference_has_every_public_package():
    named = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))
    described = set(re.findall(r"^::: (\S+)", named, re.M))
    tops = {"neurograph", "search"}  # whose parts the pages are made of
    assert set(public_packages()) - tops <= described
