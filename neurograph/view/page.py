"""The page: data, picture, scripts and style put together into one file that needs nothing else."""

import base64
import hashlib
import re
from functools import cache
from html import escape
from importlib.resources import files

from neurograph.view.packing import pack
from neurograph.view.page_data import PageContent
from neurograph.view.picture import picture

SCRIPTS = ("words", "data", "model", "colours", "synapses", "neurons", "blocks", "stage")
SCRIPTS += ("details", "neuron", "activity", "paths", "timeline", "controls", "sharing", "live", "main")
LIBRARIES = {"graphology": "graphology.umd.min.js", "sigma": "sigma.min.js"}
_HOLE = re.compile(r"\{\{(\w+)\}\}")


def page(content: PageContent, live: str = "") -> str:
    """One HTML document. Names stand in it as base64 or escaped, and its policy lets no script run but its own.

    Parameters
    ----------
    content
        What it shows.
    live
        What it was made of, where it is to ask the server that it comes from for what is new; else it asks nobody for
        anything.
    """
    title = content.data["title"] or "A neural network"
    parts = {name: _library(file) for name, file in LIBRARIES.items()} | {"script": script()}
    parts["sigma"] = f"function loadSigma() {{\n{parts['sigma']}\n}}"  # it does not bear to be read without WebGL
    hashes = " ".join(f"'sha256-{_digest(text)}'" for text in parts.values())
    held = parts | {
        "hashes": hashes,
        "live": f' data-live="{escape(live)}"' if live else "",
        "connect": " connect-src 'self';" if live else "",
        "title": escape(title),
        "style": _asset("style.css"),
        "picture": picture(content),
        "data": pack(content.data, content.arrays),
    }
    return _HOLE.sub(lambda hole: held[hole[1]], _asset("page.html"))


@cache
def script() -> str:
    """The page's own scripts, in one function of their own."""
    return "(() => {\n'use strict';\n" + "\n".join(_asset(f"{name}.js") for name in SCRIPTS) + "\n})();"


@cache
def _asset(name: str) -> str:
    return (files("neurograph.view") / "assets" / name).read_text(encoding="utf-8")


@cache
def _library(name: str) -> str:
    """A library with its licence; without the pointer to a source map, which would be looked for beside the page."""
    folder = files("neurograph.view") / "vendor"
    licence = (folder / f"{name.split('.')[0]}.LICENSE.txt").read_text(encoding="utf-8")
    text = (folder / name).read_text(encoding="utf-8")
    return f"/*\n{licence.strip()}\n*/\n" + re.sub(r"\n//# sourceMappingURL=.*", "", text)


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
