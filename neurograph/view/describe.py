"""What a page says of populations, kinds, forms and bundles, as plain data."""

import re
from dataclasses import asdict
from typing import Any

import numpy as np

from neurograph.analysis.history import NEVER, NeuronHistory, SynapseHistory
from neurograph.schema.neuron import NeuronKind
from neurograph.schema.synapse import SynapseForm
from neurograph.storage.sets import each_once
from neurograph.view.bundles import Connection
from neurograph.view.layout import PopulationBlock

_LONGEST = 120  # letters of a name
_OWN = 20_000  # neurons whose own attributes go into the page
_NOT_IN_HTML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def describe_population(neurons: NeuronHistory, block: PopulationBlock, closed: bool) -> dict[str, Any]:
    """A population: where it stands, how many it has, and what its neurons have in common."""
    kinds = [neurons.kinds[code] for code in each_once(neurons.kind[block.members]).tolist()]
    described = {
        name: getattr(block, name) for name in ("column", "tiles", "pitch", "x", "y", "width", "height", "inside")
    }
    return described | {
        "name": name_of(block.name),
        "count": len(block.members),
        "living": int((neurons.died[block.members] == NEVER).sum()),
        "closed": closed,
        "input": any(kind.role == "input" for kind in kinds),
        "output": any(kind.is_output for kind in kinds),
        "activations": sorted({kind.activation for kind in kinds}),
        "shapes": sorted({"x".join(map(str, kind.shape)) for kind in kinds}),
    }


def describe_kind(kind: NeuronKind) -> dict[str, Any]:
    """A kind's attributes but for those that are as usual, so that the page shows what is worth showing."""
    usual, own = asdict(NeuronKind()), asdict(kind)
    always = ("role", "activation")
    described = {name: value for name, value in own.items() if name in always or value != usual[name]}
    described.pop("population", None)
    return {name: "x".join(map(str, value)) if isinstance(value, tuple) else value for name, value in described.items()}


def describe_form(form: SynapseForm) -> str:
    """A form of synapse: what sets it apart from a plain weight, in words; nothing for that."""
    usual = asdict(SynapseForm())
    parts = [form.op] if form.op != "weight" else []
    for name, value in asdict(form).items():
        if name != "op" and value != usual[name]:
            parts.append("frozen" if name == "trainable" else f"{name} {_sides(value)}")
    return ", ".join(parts)


def _sides(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def describe_connection(synapses: SynapseHistory, bundle: Connection) -> dict[str, Any]:
    """A connection's ends, its counts and the distribution of its weights."""
    numbers = {name: _number(getattr(bundle, name)) for name in ("reach", "mean", "deviation", "least", "most")}
    return numbers | {
        "source": bundle.source,
        "target": bundle.target,
        "count": len(bundle.synapses),
        "living": bundle.living,
        "ever": bundle.ever,
        "histogram": bundle.histogram.tolist(),
        "zeros": bundle.zeros,
        "forms": each_once(synapses.form[bundle.synapses]).tolist(),
        "closed": bundle.band,
    }


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None


def describe_own(neurons: NeuronHistory, place: np.ndarray) -> dict[str, dict[str, str]]:
    """The users' own attributes, by place in the page, as text."""
    some = list(neurons.extra.items())[:_OWN]
    return {str(place[at]): {name_of(k): name_of(v) for k, v in attributes.items()} for at, attributes in some}


def name_of(value: Any, longest: int = _LONGEST) -> str:
    """A name as a page can hold it."""
    text = _NOT_IN_HTML.sub("\ufffd", str(value))
    return text if len(text) <= longest else text[: longest - 1] + "…"
