"""What was seen while data ran through a network: statistics by neuron key and synapse id, so survivors keep theirs."""

from dataclasses import dataclass, field

import numpy as np

from neurograph.errors import MissingError, listed

_WAYS = ("net.observe(batches)", "compiler.RunningUtility(net).observations()")


def _none() -> np.ndarray:
    return np.zeros(0)


def _no_numbers() -> np.ndarray:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Observations:
    """Statistics of activations and gradients.

    Parameters
    ----------
    keys
        (N,) int64 neurons observed, rising.
    activation_mean, activation_variance
        (N,) float64 over samples, and over the positions of a channel; the variance divides by the number of values.
    ids
        (E,) int64 synapses whose gradients were observed, rising; empty where none were.
    gradient_mean_absolute, gradient_mean_square, gradient_variance
        (E,) float64 over batches, of the gradient of each batch's loss; the variance divides by their number. Of a
        kernel, the mean over its numbers.
    gradient_absolute_of_mean
        (E,) float64 absolute value of the gradient's mean over batches; of a kernel, the mean over its numbers.
    recorded_keys
        (n,) int64 neurons whose every value was kept, rising.
    recorded
        (samples, n) float64 their values; of a channel, the mean over its positions.
    samples, batches
        How many were seen.
    utility
        (N,) float64 running utility, see `compiler.RunningUtility`; empty where none was kept, and then activations are
        not in here.
    delta_keys
        (m,) int64 neurons whose deltas were kept, rising.
    deltas
        (samples, m) float64: the derivative of each batch's loss by what the neuron adds up, times the samples of the
        batch, in units of the loss per unit of the sum. Where the loss is a mean over samples it is that of each
        sample's own loss, so E[a_u d_v], the mean over samples, is the gradient of a synapse from u to v.
    """

    keys: np.ndarray
    activation_mean: np.ndarray
    activation_variance: np.ndarray
    ids: np.ndarray = field(default_factory=_no_numbers)
    gradient_mean_absolute: np.ndarray = field(default_factory=_none)
    gradient_mean_square: np.ndarray = field(default_factory=_none)
    gradient_variance: np.ndarray = field(default_factory=_none)
    recorded_keys: np.ndarray = field(default_factory=_no_numbers)
    recorded: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    samples: int = 0
    batches: int = 0
    gradient_absolute_of_mean: np.ndarray = field(default_factory=_none)
    utility: np.ndarray = field(default_factory=_none)
    delta_keys: np.ndarray = field(default_factory=_no_numbers)
    deltas: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))

    def of_neurons(self, name: str, keys: np.ndarray) -> np.ndarray:
        """One statistic of some neurons.

        Parameters
        ----------
        name
            "activation_mean", "activation_variance" or "utility".
        keys
            (n,) neuron keys.

        Raises
        ------
        MissingError
            Naming the neurons that were not observed; or nobody was in that way.
        """
        held = getattr(self, name)
        if len(held) != len(self.keys):
            raise MissingError(f"these observations hold no {name} of neurons; {_WAYS[name == 'utility']} gives it")
        return held[_places(self.keys, keys, "neurons", "they were born later: observe again")]

    def of_synapses(self, name: str, ids: np.ndarray) -> np.ndarray:
        """One statistic of some synapses: "gradient_mean_absolute", "gradient_absolute_of_mean" and so on.

        Raises
        ------
        MissingError
            Naming the synapses that were not observed.
        """
        way_out = "observe with loss= to see gradients, which frozen synapses do not have"
        return getattr(self, name)[_places(self.ids, ids, "synapses", way_out)]

    def values_of(self, keys: np.ndarray) -> np.ndarray:
        """(samples, n) recorded values of some neurons; raises `MissingError` naming those that were not recorded."""
        return self.recorded[:, _places(self.recorded_keys, keys, "neurons", "name them in observe(activations=[...])")]

    def deltas_of(self, keys: np.ndarray) -> np.ndarray:
        """(samples, m) recorded deltas of some neurons; raises `MissingError` naming those that were not recorded."""
        way_out = "name them in observe(loss=..., deltas=[...])"
        return self.deltas[:, _places(self.delta_keys, keys, "deltas of neurons", way_out)]


def _places(known: np.ndarray, wanted: np.ndarray, what: str, way_out: str) -> np.ndarray:
    wanted = np.atleast_1d(np.asarray(wanted, np.int64))
    place = np.searchsorted(known, wanted)
    there = np.zeros(len(wanted), bool)
    inside = place < len(known)
    there[inside] = known[place[inside]] == wanted[inside]
    if not there.all():
        raise MissingError(f"{what} number {listed(wanted[~there].tolist())} were not observed; {way_out}")
    return place
