"""Progress in a notebook that has no widgets: one output of the cell, drawn anew as things go on."""

from io import StringIO
from typing import Any

from rich.console import Console, RenderableType

_FRAME = '<pre style="white-space:pre;overflow-x:auto;line-height:1.3;font-family:monospace">{code}</pre>'
_WIDTH = 110  # letters


class NotebookOutput:
    """What `rich.live.Live` is on a terminal, as an output of the cell that runs."""

    def __init__(self) -> None:
        self._output: Any = None

    def start(self) -> None:
        """Nothing is shown until there is something."""

    def stop(self) -> None:
        """The last picture stays."""

    def update(self, renderable: RenderableType, *, refresh: bool = True) -> None:
        """Show it in place of what was shown."""
        from IPython.display import display  # pyright: ignore[reportMissingImports]

        shown = as_html(renderable)
        if self._output is None:
            self._output = display(shown, raw=True, display_id=True)
        else:
            self._output.update(shown, raw=True)


def as_html(renderable: RenderableType) -> dict[str, str]:
    """Something of rich's as a notebook keeps it: by kind of content."""
    console = Console(record=True, file=StringIO(), width=_WIDTH, force_jupyter=False, force_terminal=True)
    console.print(renderable)
    page = console.export_html(inline_styles=True, code_format=_FRAME, clear=False)
    return {"text/html": page, "text/plain": console.export_text()}
