"""Every piece of code in the documents runs, and every command line in them is one."""

import importlib.util
import re
import shlex
import sys
from pathlib import Path

import pytest
from neurograph.search.cli import make_parser

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "README.md", ROOT / "compiler" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.S | re.M)
PAGES = {str(path.relative_to(ROOT)): found for path in FILES if (found := BLOCK.findall(path.read_text("utf-8")))}
SHORTER = {  # what takes its time in a document, and what does here
    "epochs=60": "epochs=2",
    "generations=30": "generations=2",
    "population=160, chunk=40": "population=8, chunk=8",
    "workers=4": "workers=1",
    "n_trials=20": "n_trials=2",
}
ELSEWHERE = {"torch.utils.tensorboard": "tensorboard"} | {
    name: name for name in ("optuna", "wandb", "mlflow", "skorch", "neat", "lightning", "transformers")
}  # packages that a page is about, and that need not be here
COMMAND = re.compile(r"^ {4}(?:\$ )?neurograph (\S.*?)(?: {2,}#.*| #.*)?$", re.M)
LINES = {
    f"{path.relative_to(ROOT)}: {line}": line for path in FILES for line in COMMAND.findall(path.read_text("utf-8"))
}


def missing(code):
    """A package that the code imports and that is not installed."""
    named = [package for module, package in ELSEWHERE.items() if re.search(rf"\b(from|import) {module}\b", code)]
    return next((package for package in named if importlib.util.find_spec(package) is None), None)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.filterwarnings("ignore:.*FigureCanvasAgg is non-interactive:UserWarning")
def test_the_code_of_a_page_runs(page, folder):
    names, left_out = {"__name__": "page"}, []
    for block in PAGES[page]:
        code = block
        for long, short in SHORTER.items():
            code = code.replace(long, short)
        if file := re.match(r"# (\w+\.py)\n", code):
            (folder / file[1]).write_text(code)
            continue
        compiled = compile(code, page, "exec")
        if package := missing(code):
            left_out.append(package)
        else:
            exec(compiled, names)
    if left_out:
        pytest.skip(f"not installed: {', '.join(left_out)}")


def test_nothing_is_shortened_that_is_not_there():
    everything = "".join(block for blocks in PAGES.values() for block in blocks)
    assert not [long for long in SHORTER if long not in everything]


@pytest.mark.parametrize("line", LINES)
def test_a_command_line_of_a_page_is_one(line, folder):
    words = shlex.split(LINES[line], comments=True)
    if "--help" in words:
        with pytest.raises(SystemExit, match="0"):
            make_parser().parse_args(words)
    else:
        assert make_parser().parse_args(words).command


def test_there_are_command_lines_and_code():
    assert len(PAGES) > 12 and len(LINES) > 25
