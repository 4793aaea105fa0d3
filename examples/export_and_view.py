"""What grew, to look at and to take elsewhere: a page to explore, a film, pictures, and every format there is.

A small network metabolizes on the digits. Then it is written as one HTML page, as an animated GIF of its growth, as
matrices, histograms, and in each format of `neurograph export`; the formats that run are compared with the network.

    python examples/export_and_view.py [--epochs 30] [--out runs/export_and_view]

Takes about a minute. Open page.html in a browser, offline if you like.
"""

import argparse
from importlib.util import find_spec
from pathlib import Path

import torch
from neurograph.search.datasets import load
from rich.console import Console
from rich.table import Table

from neurograph import NeuronGraph, draw, search
from neurograph.builders import mlp
from neurograph.errors import FileError
from neurograph.files import EXPORTS

GROWTH = {"learning_rate": 0.01, "first_cycle": 4, "cycle": 3, "slope": 0.05, "newborns": 8, "growth_limit": 48}


def main(epochs: int = 30, out: Path = Path("runs/export_and_view"), seed: int = 0) -> Path:
    """Grow, look, export, compare; returns the folder."""
    torch.set_num_threads(1)
    console, data = Console(highlight=False), load("digits").flat()
    grown = search.metabolize(mlp([64, 16, 16, 10], seed=seed), data, epochs=epochs, seed=seed, **GROWTH)
    g = grown.graph
    g.graph["name"] = "Digits"
    out.mkdir(parents=True, exist_ok=True)
    sizes = ", ".join(str(len(names)) for names in g.populations.values())
    console.print(f"grown to {sizes} neurons, {grown.test_error:.2f}% test error\n")

    looks = [
        g.view(out / "page.html", metrics=grown.rows, force=True),
        draw.adjacency(g, out / "adjacency.png"),
        draw.distributions(g, out / "distributions.png"),
    ]
    if any(len(entry.neurons_born) for entry in g.journal):
        looks.append(draw.animation(g, out / "growth.gif", rows=grown.rows, title="Digits"))
    for path in looks:
        console.print(f"  {path}", soft_wrap=True)

    table = Table(title="\nexports", title_justify="left", padding=(0, 1))
    for column in ("format", "what it is", "kB", "differs from the network by"):
        table.add_column(column, justify="right" if column == "kB" else "left")
    x = data.test_x[:100]
    with torch.no_grad():
        wanted = grown.net.eval()(x)
    for name, about in EXPORTS.items():
        path = about.usual_path(out / "digits", name)
        try:
            g.export(path, name, force=True)
        except FileError as refusal:  # DOT is for small networks, ONNX needs its extra
            table.add_row(name, about.about, "", f"refused: {str(refusal).split(':')[0]}")
            continue
        files = path.iterdir() if path.is_dir() else [path]
        size = sum(file.stat().st_size for file in files if file.is_file()) / 1000
        found = run(name, path, x)
        far = "" if found is None else f"{(found - wanted).abs().max().item():.1e} at most"
        table.add_row(name, about.about, f"{size:,.0f}", far)
    g.save(out / "graph.safetensors")
    assert NeuronGraph.load(out / "graph.safetensors").wiring_digest() == g.wiring_digest()
    console.print(table)
    return out


def run(name: str, path: Path, x: torch.Tensor) -> torch.Tensor | None:
    """What an exported network makes of some images; None for formats that do not run."""
    if name == "pt2":
        return torch.export.load(path).module()(x).detach()
    if name == "onnx" and find_spec("onnxruntime"):
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0])
    return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--out", type=Path, default=Path("runs/export_and_view"), help="where everything goes")
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
