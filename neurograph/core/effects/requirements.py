"""What an effect read from a file must hold, whatever graph it is about: types, lengths and numbers that can be."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from neurograph.core.effects.attributes import AttributesSet
from neurograph.core.effects.base import Effect
from neurograph.core.effects.neurons import (
    KindsChanged,
    NeuronBorn,
    NeuronsBorn,
    NeuronsDied,
    NeuronsRenamed,
    PopulationAdded,
    PopulationRemoved,
)
from neurograph.core.effects.renewed import NeuronsRenewed
from neurograph.core.effects.synapses import FormsChanged, SynapseBorn, SynapseDied, SynapsesBorn, SynapsesDied
from neurograph.core.effects.values import ValuesWritten, WeightReplaced, WeightsWritten
from neurograph.core.records import NeuronRecords, SynapseRecords
from neurograph.errors import JournalError, SynapseError
from neurograph.schema import neuron, synapse
from neurograph.schema.neuron import VALUES, NeuronKind, change_kind, default_values, may_have
from neurograph.schema.synapse import canonical_form, weight_value
from neurograph.storage.sets import distinct

_HIGHEST = 2.0**53  # of a rank


def check_content(effect: Effect, keys: int, ids: int) -> None:
    """Refuse an effect that holds what no effect can.

    Parameters
    ----------
    effect
        Of any kind that is journaled.
    keys, ids
        The next key and the next id of the graph: all that were given are below.

    Raises
    ------
    JournalError
        Saying what is wrong.
    """
    _CHECKS[type(effect)](effect, keys, ids)


def _need(condition: Any, what: str) -> None:
    if not condition:
        raise JournalError(what)


def _numbers(array: Any, below: int, what: str, count: int | None = None) -> None:
    whole = isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype.kind in "iu"
    _need(whole, f"{what} are no column of whole numbers")
    _need(count is None or len(array) == count, f"{what} are more or fewer than they must be")
    _need(not len(array) or (array.min() >= 0 and array.max() < below), f"{what} are not all from 0 to below {below}")


def _number(value: Any, below: int, what: str) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    _need(whole and 0 <= value < below, f"{what} is {value!r}, not a whole number from 0 to below {below}")


def _reals(array: Any, count: int, what: str, nothing: bool = False) -> None:
    """A float array of `count` rows: finite, or NaN where there may be nothing."""
    _need(isinstance(array, np.ndarray) and array.dtype.kind == "f", f"{what} are no real numbers")
    _need(array.ndim >= 1 and len(array) == count, f"{what} are more or fewer than they must be")
    _need(not np.isinf(array).any() and (nothing or not np.isnan(array).any()), f"{what} are not finite")


def _attributes(own: Any, taken: Iterable[str]) -> None:
    _need(isinstance(own, dict) and not own.keys() & set(taken), "attributes of the user's own are none")


def _extra(extra: Any, count: int, taken: Iterable[str]) -> None:
    _need(isinstance(extra, dict), "attributes of the user's own are none")
    for at, own in extra.items():
        _number(at, count, "the place of attributes")
        _attributes(own, taken)


def _kinds(kinds: Any) -> None:
    _need(isinstance(kinds, list) and all(isinstance(kind, NeuronKind) for kind in kinds), "kinds are none")
    for kind in kinds:
        _need(
            repr(change_kind(NeuronKind(), asdict(kind))) == repr(kind), f"{kind} is no kind of neuron"
        )  # 1 is no True


def _forms(forms: Any) -> None:
    _need(isinstance(forms, list) and all(isinstance(form, dict) for form in forms), "forms are none")
    for form in forms:
        _need(repr(canonical_form(form)) == repr(form), f"{form} is no form of a synapse")


def _weight(weight: Any) -> None:
    if weight is not None:
        _need(isinstance(weight, float | np.ndarray), f"a weight is {weight!r}")
        try:
            weight_value(weight)
        except SynapseError as err:
            raise JournalError(str(err)) from None


def _born_neurons(effect: Any, keys: int, _ids: int) -> None:
    _numbers(effect.keys, keys, "keys")
    _need(distinct(effect.keys), "a neuron is born twice")


def _dead_neurons(effect: Any, keys: int, _ids: int) -> None:
    rows = effect.rows
    _need(isinstance(rows, NeuronRecords), "neurons that died are none")
    _numbers(rows.keys, keys, "keys")
    count = len(rows.keys)
    _names(rows.names, count)
    _reals(rows.ranks, count, "ranks")
    _need(rows.ranks.ndim == 1 and (np.abs(rows.ranks) <= _HIGHEST).all(), "ranks are none")
    _kinds(rows.kinds)
    _need(len(rows.kinds) == count, "there are more or fewer kinds than neurons")
    _need(isinstance(rows.values, dict) and set(rows.values) == set(VALUES), "values are not those of neurons")
    for name, values in rows.values.items():
        _neuron_values(name, values, count)
        for kind, value in zip(rows.kinds, values.tolist(), strict=True):
            fits = name not in default_values(kind) if value != value else may_have(kind, name)
            _need(fits, f"a neuron has a {name} that its kind has not, or lacks one")
    _extra(rows.extra, count, neuron.SCHEMA)


def _names(names: Any, count: int) -> None:
    _need(isinstance(names, list) and len(names) == count, "there are more or fewer names than neurons")
    try:
        _need(None not in set(names), "a neuron has no name")
    except TypeError:
        raise JournalError("a neuron has a name that is none") from None


def _renamed(effect: Any, keys: int, _ids: int) -> None:
    _numbers(effect.keys, keys, "keys")
    for names in (effect.before, effect.after):
        _names(names, len(effect.keys))


def _neuron_values(name: str, values: Any, count: int) -> None:
    _reals(values, count, name, nothing=True)
    _need(values.ndim == 1, f"{name} is no column")
    _need(name != "running_var" or not (values < 0).any(), "a running_var is negative")


def _born_synapses(effect: Any, _keys: int, ids: int) -> None:
    _numbers(effect.ids, ids, "ids")
    _need(distinct(effect.ids), "a synapse is born twice")


def _born_synapse(effect: Any, keys: int, ids: int) -> None:
    _number(effect.number, ids, "an id")
    _number(effect.source, keys, "a source")
    _number(effect.target, keys, "a target")


def _dead_synapses(effect: Any, keys: int, ids: int) -> None:
    rows = effect.rows
    _need(isinstance(rows, SynapseRecords), "synapses that died are none")
    _numbers(rows.ids, ids, "ids")
    count = len(rows.ids)
    _forms(rows.forms)
    _need(isinstance(rows.pools, list), "weights are no list")
    for array, below in ((rows.source, keys), (rows.target, keys), (rows.form, len(rows.forms))):
        _numbers(array, below, "sources, targets and forms", count)
    _numbers(rows.pool, len(rows.pools) + 1, "kinds of weight", count)
    _numbers(rows.row, 2**31, "places of weights", count)
    for at, pool in enumerate(rows.pools, 1):
        _need(isinstance(pool, np.ndarray) and pool.ndim in (1, 3), "weights are neither numbers nor kernels")
        _need(0 not in pool.shape[1:], "a kernel holds nothing")
        _reals(pool, len(pool), "weights")
        _need((rows.row[rows.pool == at] < len(pool)).all(), "a weight is not there")
    _extra(rows.extra, count, synapse.SCHEMA)


def _dead_synapse(effect: Any, keys: int, ids: int) -> None:
    _born_synapse(effect, keys, ids)
    _number(effect.form, 2**31, "a form")
    _weight(effect.weight)
    if effect.extra is not None:
        _attributes(effect.extra, synapse.SCHEMA)


def _changed_kinds(effect: Any, keys: int, _ids: int) -> None:
    _numbers(effect.keys, keys, "keys")
    _kinds(effect.kinds)
    for numbers in (effect.before, effect.after):
        _numbers(numbers, len(effect.kinds), "kinds", len(effect.keys))


def _changed_forms(effect: Any, _keys: int, ids: int) -> None:
    _numbers(effect.ids, ids, "ids")
    _forms(effect.bundles)
    for numbers in (effect.before, effect.after):
        _numbers(numbers, len(effect.bundles), "forms", len(effect.ids))


def _values(effect: Any, keys: int, _ids: int) -> None:
    _need(effect.name in VALUES, f"neurons have no value {effect.name!r}")
    _numbers(effect.keys, keys, "keys")
    for values in (effect.before, effect.after):
        _neuron_values(effect.name, values, len(effect.keys))


def _weights(effect: Any, _keys: int, ids: int) -> None:
    _numbers(effect.ids, ids, "ids")
    for values in (effect.before, effect.after):
        _reals(values, len(effect.ids), "weights")
    _need(effect.before.shape == effect.after.shape, "weights before and after are of different shapes")


def _renewed(effect: Any, keys: int, ids: int) -> None:
    _numbers(effect.keys, keys, "keys")
    _need(distinct(effect.keys), "a neuron is renewed twice")
    _need(isinstance(effect.values, dict) and isinstance(effect.weights, list), "there is nothing of what was renewed")
    for name, held in effect.values.items():
        _need(name in VALUES and isinstance(held, tuple | list) and len(held) == 2, f"neurons have no value {name!r}")
        _numbers(held[0], keys, "keys")
        _need(np.isin(held[0], effect.keys).all(), "values are those of other neurons")
        _neuron_values(name, held[1], len(held[0]))
    for held in effect.weights:
        _need(isinstance(held, tuple | list) and len(held) == 2, "weights do not stand by ids")
        _numbers(held[0], ids, "ids")
        _reals(held[1], len(held[0]), "weights")
    every = np.concatenate([np.zeros(0, np.int64), *(held[0] for held in effect.weights)])
    _need(distinct(every), "a synapse is renewed twice")


def _replaced(effect: Any, _keys: int, ids: int) -> None:
    _number(effect.number, ids, "an id")
    _weight(effect.before)
    _weight(effect.after)


def _population(effect: Any, _keys: int, _ids: int) -> None:
    _need(type(effect.name) is str and effect.name, f"a population is called {effect.name!r}")


def _set(effect: Any, keys: int, ids: int) -> None:
    _need(effect.what in ("neuron", "synapse"), f"attributes of a {effect.what!r}")
    _number(effect.number, keys if effect.what == "neuron" else ids, "a number")
    for own in (effect.before, effect.after):
        _attributes(own, neuron.SCHEMA if effect.what == "neuron" else synapse.SCHEMA)


_CHECKS: dict[type[Effect], Callable[[Any, int, int], None]] = {
    NeuronsBorn: _born_neurons,
    NeuronBorn: lambda effect, keys, _: _number(effect.key, keys, "a key"),
    NeuronsDied: _dead_neurons,
    NeuronsRenamed: _renamed,
    KindsChanged: _changed_kinds,
    PopulationAdded: _population,
    PopulationRemoved: _population,
    SynapsesBorn: _born_synapses,
    SynapseBorn: _born_synapse,
    SynapsesDied: _dead_synapses,
    SynapseDied: _dead_synapse,
    FormsChanged: _changed_forms,
    ValuesWritten: _values,
    WeightsWritten: _weights,
    WeightReplaced: _replaced,
    AttributesSet: _set,
    NeuronsRenewed: _renewed,
}
