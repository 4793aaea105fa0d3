"""Sums of tensors: what is a plain sum already goes on as the new one, everything else is read through identities."""

from typing import Any

import numpy as np

from .context import Context
from .drafts import BIAS, Bundle, Draft, Value


def summed(context: Context, node: Any, parts: list[Value]) -> Value:
    """A draft that reads all parts; a plain sum that nobody else reads is taken over rather than read."""
    made = context.draft(node, len(parts[0].refs), parts[0].refs[0].draft.shape)
    taken = [draft for part in parts if (draft := context.summing(part)) and _take_over(made, draft)]
    for draft in taken:
        context.drafts.remove(draft)
    layers = [draft.name for draft in taken if any(bundle.form.get("trainable") for bundle in draft.bundles)]
    if len(layers) == 1:  # the sum stands for the layer that it took over
        made.name = layers[0]
    for part in parts:
        if not any(ref.draft in taken for ref in part.refs):
            made.bundles.append(identity(context, node, made, part))
    return Value(made.refs(), parts[0].shape)


def _take_over(made: Draft, draft: Draft) -> bool:
    """Move a draft's synapses and bias into a sum, unless both have a bias or read one neuron into the same place."""
    if ("bias" in made.attributes and "bias" in draft.attributes) or _meet(made.bundles, draft.bundles):
        return False
    made.bundles += draft.bundles
    if "bias" in draft.attributes:
        made.take(BIAS, draft.trainable, bias=draft.attributes["bias"])
    return True


def identity(context: Context, node: Any, made: Draft, part: Value) -> Bundle:
    """Identity synapses from a part; through a relay where the draft reads those neurons already."""
    bundle = Bundle(part.refs, np.arange(made.count), form={"op": "identity"})
    if _meet(made.bundles, [bundle]):
        bundle.sources = context.relay(node, part).refs
    return bundle


def _meet(some: list[Bundle], others: list[Bundle]) -> bool:
    """Whether two lists of synapses have a pair of neurons in common."""
    common = _sources(some) & _sources(others)
    ours, theirs = (
        {pair for bundle in bundles if _sources([bundle]) & common for pair in bundle.pairs()}
        for bundles in (some, others)
    )
    return bool(common) and not ours.isdisjoint(theirs)


def _sources(bundles: list[Bundle]) -> set[int]:
    return {id(ref.draft) for bundle in bundles for ref in bundle.sources}
