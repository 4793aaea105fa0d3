"""`neurograph view`."""

import argparse
import os
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from neurograph import NeuronGraph, compiler
from neurograph.analysis.examples import Examples
from neurograph.analysis.observations import Observations
from neurograph.disk.streams import is_stream
from neurograph.errors import FileError, OptionError
from neurograph.view import Side, beside, view, view_generations

from ..runs import Run, open_run
from ..searched import is_search, searched
from ..training import sample
from ..training.fit import check_fit, fitting
from ..training.tasks import loss_of
from .printing import add_json, show
from .shared import add_data, add_out, data_of, path, refuse_way_out, whole

_EXAMPLES, _SHOWN, _BATCH = 2048, 256, 64  # of the training data, for gradients and for what neurons do


def add(commands: Any) -> None:
    """Declare the command and its flags."""
    parser = commands.add_parser("view", help="write one HTML page in which a network and its growth can be explored")
    parser.add_argument("graph", type=path, metavar="RUN-or-FILE", help="a run directory, or a saved graph")
    parser.add_argument(
        "--against",
        type=path,
        metavar="RUN-or-FILE",
        help="another one to show beside it on one timeline: grown against fixed, seed against seed",
    )
    add_out(parser, "view.html in the run, FILE.html; beside.html with --against")
    parser.add_argument("--title", help="of the page (default: what was run, or the graph's name)")
    parser.add_argument(
        "--max-synapses",
        type=whole(0),
        default=2_000_000,
        metavar="N",
        help="how many go into the page (default 2000000)",
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser when it is written")
    parser.add_argument("--gradients", action="store_true", help="let synapses be coloured by their gradients on data")
    add_data(parser, "")
    add_json(parser)
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    refuse_way_out(given)
    _refuse_for_searches(given)
    if given.against:
        out = given.out or (given.graph if os.path.isdir(given.graph) else given.graph.parent) / "beside.html"
        names = _names(given)
        first, second = (
            Side(name, **_shown(place, given)) for name, place in zip(names, (given.graph, given.against), strict=True)
        )
        page = beside(first, second, out, max_synapses=given.max_synapses, title=given.title, force=given.force)
    elif os.path.isdir(given.graph) and (found := searched(open_run(given.graph))):
        title = {"title": given.title} if given.title else {}
        page = view_generations(replace(found, **title), given.out or given.graph / "view.html", force=given.force)
    else:
        run = open_run(given.graph) if os.path.isdir(given.graph) else None
        out = given.out or (run.path / "view.html" if run else given.graph.with_suffix(".html"))
        title = given.title or (title_of(run) if run else None)
        shown = _shown(given.graph, given)
        page = view(shown.pop("graph"), out, **shown, max_synapses=given.max_synapses, title=title, force=given.force)
    count = None if is_stream(page) else page.stat().st_size
    size = "" if count is None else f" ({count / 1e6:.1f} MB)"
    show(given, {"wrote": page, "bytes": count}, f"wrote {page}{size}; open it in a browser", out=page)
    if given.open:
        webbrowser.open(page.resolve().as_uri())


def _refuse_for_searches(given: argparse.Namespace) -> None:
    """Refuse, for runs that search among many networks, what is shown of one."""
    flags = {"--against": given.against, "--data": given.data, "--gradients": given.gradients}
    asked = [flag for flag, value in flags.items() if value]
    places = [place for place in (given.graph, given.against) if place and os.path.isdir(place)]
    found = next((place for place in places if is_search(open_run(place))), None)
    if asked and found is not None:
        best = open_run(found).graph
        raise OptionError(f"{asked[0]} is for one network, and {found} is a search among many: name {best}, its best")


def _shown(place: Path, given: argparse.Namespace) -> dict[str, Any]:
    """What a page shows of a run or a saved graph."""
    run = open_run(place) if os.path.isdir(place) else None
    graph = NeuronGraph.load(run.graph if run else place)
    return {
        "graph": graph,
        "metrics": run.metrics() if run else (),
        "observations": _gradients(graph, given, run) if given.gradients else None,
        "data": _examples(graph, given, run) if given.data else None,
        "past": run.past() if run else (),
        "test_error": _test_error(run) if run else None,
    }


def _names(given: argparse.Namespace) -> list[str]:
    """What two places are called: their last names, or the whole paths where these are alike."""
    places = [given.graph, given.against]
    names = [os.path.basename(os.path.abspath(place)) for place in places]
    return names if names[0] != names[1] else [str(place) for place in places]


def _test_error(run: Run) -> float | None:
    result = run.config().get("result")
    error = result.get("test_error") if isinstance(result, dict) else None
    return error if isinstance(error, int | float) else None


def title_of(run: Run) -> str:
    """What a run was, in a few words."""
    config = run.config()
    return f"{config.get('command', 'a run')} on {config.get('data', 'data')}"


def _gradients(graph: NeuronGraph, given: argparse.Namespace, run: Run | None) -> Observations:
    """What the network sees on some training examples of its run's data, or of those asked for."""
    net, x, y = _some(graph, given, run, _EXAMPLES)
    with torch.random.fork_rng(devices=[]):
        return net.observe(zip(x.split(_BATCH), y.split(_BATCH), strict=True), loss=loss_of)


def _examples(graph: NeuronGraph, given: argparse.Namespace, run: Run | None) -> Examples:
    """What the network makes of some training examples."""
    net, x, y = _some(graph, given, run, _SHOWN)
    return compiler.examples(net, x, y)


def _some(
    graph: NeuronGraph, given: argparse.Namespace, run: Run | None, count: int
) -> tuple[compiler.CompiledNetwork, torch.Tensor, torch.Tensor]:
    """The network compiled, and some training examples of its run's data, or of those asked for."""
    name = given.data or (run.config().get("data") if run else None)
    if name is None:
        raise OptionError("gradients need data: name them with --data")
    options = run.config().get("options", {}) if run else {}
    changes = {change: bool(options.get(change)) for change in ("standardise", "whiten")}
    data = fitting(data_of(given, name), graph, **changes)
    net = compiler.compile(graph, batch_size=_BATCH)
    check_fit(net, data)
    seed = options.get("seed", 0)
    if run and not isinstance(seed, int):
        raise FileError(f"{run.path / 'config.json'} is damaged: its seed is {seed!r:.60}")
    there = sample(data.train_y, count, seed)
    return net, data.train_x[there], data.train_y[there]
