"""Drafts become populations and synapses of a graph."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np

from neurograph.network import NeuronGraph

from .context import Context
from .drafts import Bundle, Draft, Ref, Value


def emit(context: Context, inputs: Sequence[Draft], outputs: Sequence[tuple[Any, Value]]) -> NeuronGraph:
    """The graph of what the outputs need, and of all inputs.

    Parameters
    ----------
    context
        With all drafts.
    inputs
        Drafts that read data.
    outputs
        Each with the operator that made it, in the order in which the module returns them.
    """
    _mark_outputs(context, outputs)
    needed = _needed(context.drafts, inputs)
    drafts = [draft for draft in context.drafts if id(draft) in needed]
    graph = NeuronGraph()
    names = {
        id(draft): graph.add_population(name, draft.count, **_attributes(draft))
        for draft, name in zip(drafts, _different([draft.name for draft in drafts]), strict=True)
    }
    for draft in drafts:
        for bundle in draft.bundles:
            _connect(graph, names, draft, bundle)
    graph.restart_journal()
    return graph


def _mark_outputs(context: Context, outputs: Sequence[tuple[Any, Value]]) -> None:
    """Flag the drafts that are outputs; a relay where one is no whole draft or would come out of turn."""
    last = -1
    for node, value in outputs:
        drafts = value.drafts()
        if not drafts or len(drafts) > 1 or drafts[0].attributes.get("role") or _at(context, drafts[0]) <= last:
            drafts = [_output_relay(context, node, value)]
        drafts[0].attributes["is_output"] = True
        last = _at(context, drafts[0])


def _at(context: Context, draft: Draft) -> int:
    return next(place for place, other in enumerate(context.drafts) if other is draft)


def _output_relay(context: Context, node: Any, value: Value) -> Draft:
    made = context.draft(node, len(value.refs), value.refs[0].draft.shape, "output")
    made.bundles.append(Bundle(value.refs, np.arange(made.count), form={"op": "identity"}))
    return made


def _needed(drafts: Sequence[Draft], inputs: Sequence[Draft]) -> set[int]:
    found = {id(draft) for draft in drafts if draft.attributes.get("is_output")} | {id(draft) for draft in inputs}
    front = [draft for draft in drafts if id(draft) in found]
    while front:
        read = {id(ref.draft): ref.draft for bundle in front.pop().bundles for ref in bundle.sources}
        front += [draft for number, draft in read.items() if number not in found]
        found |= read.keys()
    return found


def _different(names: Sequence[str]) -> list[str]:
    """The names, those that came before with a number behind them."""
    found: list[str] = []
    for name in names:
        alike = (f"{name}_{number}" for number in count(2))
        found.append(name if name not in found else next(other for other in alike if other not in found))
    return found


def _attributes(draft: Draft) -> dict[str, Any]:
    trainable = {} if draft.trainable is None else {"trainable": draft.trainable}
    return {"shape": draft.shape, **draft.attributes, **trainable}


def _connect(graph: NeuronGraph, names: dict[int, list], draft: Draft, bundle: Bundle) -> None:
    sources = [_name(names, ref) for ref in bundle.sources]
    own = names[id(draft)]
    targets = [own[place] for place in bundle.targets.tolist()]
    join = graph.add_edges_from_arrays if bundle.paired else graph.connect
    join(sources, targets, weight=bundle.weight, **bundle.form)


def _name(names: dict[int, list], ref: Ref) -> Any:
    return names[id(ref.draft)][ref.place]
