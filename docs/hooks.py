"""Hooks of MkDocs: the tutorial's notebook becomes a page, with what its cells print and draw."""

import json
from pathlib import Path

NOTEBOOK = Path(__file__).parent / "tutorial.ipynb"
MARK = "{{ tutorial.ipynb }}"


def on_page_markdown(markdown, **_more):
    """Put the notebook in the place of its mark."""
    return markdown.replace(MARK, as_markdown(json.loads(NOTEBOOK.read_text(encoding="utf-8"))))


def as_markdown(notebook):
    """A notebook as Markdown."""
    return "\n\n".join(part for cell in notebook["cells"] for part in _parts(cell))


def _parts(cell):
    text = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [text]
    return [f"```python\n{text}\n```", *(part for output in cell["outputs"] for part in _shown(output))]


def _shown(output):
    """What a cell printed as a block, what it drew as a picture."""
    if output["output_type"] == "stream":
        return ["```text\n" + "".join(output["text"]).rstrip() + "\n```"]
    data = output.get("data", {})
    if "image/png" in data:
        return [f"![what the cell draws](data:image/png;base64,{''.join(data['image/png']).strip()})"]
    return ["```text\n" + "".join(data["text/plain"]) + "\n```"] if "text/plain" in data else []
