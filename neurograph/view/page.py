"""The page: data, picture, scripts and style put together into one file that needs nothing else."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files

from neurograph.view.packing import pack
from neurograph.view.page_data import PageContent
from neurograph.view.picture import picture

SCRIPTS = ("words", "data", "model", "colours", "synapses", "neurons", "blocks", "stage")
SCRIPTS += ("details", "neuron", "activity", "paths", "timeline", "controls", "drawing", "sharing", "live", "main")
LIBRARIES = {"graphology": "graphology.umd.min.js", "sigma": "sigma.min.js"}
_HOLE = re.compile(r"\{\{(\w+)\}\}")


def page(content: PageContent, live: str = "", beside: bool = False) -> str:
    """One HTML document. Names stand in it as base64 or escaped, and its policy lets no script run but its own.

    Parameters
    ----------
    content
        What it shows.
    live
        What it was made of, where it is to ask the server that it comes from for what is new; else it asks nobody for
        anything.
    beside
        Whether another page holds it beside one more, and has the timeline and the tools for both.
    """
    title, parts = content.data["title"] or "A neural network", parts_of_page()
    held = parts | {"picture": picture(content), "data": pack(content.data, content.arrays)}
    attributes = f' data-live="{escape(live)}"' * bool(live) + " data-beside" * beside
    return document("page", title, held, parts.values(), attributes=attributes, asks=bool(live))


def document(
    body: str,
    title: str,
    held: Mapping[str, str],
    scripts: Iterable[str],
    *,
    styles: Iterable[str] = (),
    attributes: str = "",
    asks: bool = False,
) -> str:
    """An HTML document: the head and the policy that all pages have, around a body of its own.

    Parameters
    ----------
    body
        Its name among the assets, without its ending.
    title
        As plain text; a hole of this name in the body is filled with it, too.
    held
        What fills the body's other holes.
    scripts
        All that may run, which the policy names by their digests.
    styles
        Style sheets, beside that of all pages.
    attributes
        Of the root element.
    asks
        Whether the page may ask the server that it comes from for what is new.
    """
    head = {
        "attributes": attributes,
        "connect": " connect-src 'self';" if asks else "",
        "hashes": " ".join(f"'sha256-{_digest(text)}'" for text in scripts),
        "title": escape(title),
        "style": "".join(map(asset, ("style.css", *styles))),
    }
    return _filled("document", head | {"body": _filled(body, {"title": head["title"], **held})})


@cache
def parts_of_page() -> dict[str, str]:
    """The scripts that a page runs: the libraries, and its own."""
    parts = {name: _library(file) for name, file in LIBRARIES.items()} | {"script": script(SCRIPTS)}
    parts["sigma"] = f"function loadSigma() {{\n{parts['sigma']}\n}}"  # it does not bear to be read without WebGL
    return parts


def _filled(name: str, held: Mapping[str, str]) -> str:
    """An HTML file of the assets with its holes filled."""
    return _HOLE.sub(lambda hole: held[hole[1]], asset(f"{name}.html"))


@cache
def script(names: tuple[str, ...]) -> str:
    """Scripts of our own, in one function of their own."""
    return "(() => {\n'use strict';\n" + "\n".join(asset(f"{name}.js") for name in names) + "\n})();"


@cache
def asset(name: str) -> str:
    """The text of one of the assets."""
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
