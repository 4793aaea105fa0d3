"""The numbers that training moves, read and written in bulk by stable number."""

import numpy as np

from neurograph.core.effects.values import WeightsWritten
from neurograph.core.mutations.synapses import SynapseMutations
from neurograph.core.mutations.whole import in_turn, whole
from neurograph.errors import NeuronError, SynapseError


class NeuronCore(SynapseMutations):
    """All that `NeuronGraph` stands on."""

    def read_weights(self, ids: np.ndarray) -> np.ndarray:
        """Weights by synapse id, all of one shape.

        Parameters
        ----------
        ids
            (n,) int64.

        Returns
        -------
        weights : numpy.ndarray
            (n,) or (n, height, width) float64.

        Raises
        ------
        SynapseError
            A synapse that is gone, has no weight, or one of another shape.
        """
        self.synchronise()
        return self._stored_weights(np.asarray(ids, np.int64))

    @in_turn
    def write_weights(self, ids: np.ndarray, values: np.ndarray) -> None:
        """Write weights by synapse id, all of the shape that is there; not journaled: the edit `SetValues` is.

        The next refresh loads them, and until then they win over what a network learns.

        Parameters
        ----------
        ids
            (n,) int64.
        values
            (n,) or (n, height, width), finite.

        Raises
        ------
        SynapseError
            As `read_weights`; or values that are not finite or of another shape.
        """
        ids, values = np.asarray(ids, np.int64), np.asarray(values, np.float64)
        self._open()
        if not np.isfinite(values).all():
            raise SynapseError("weights must be finite, and some of these are NaN or infinite")
        rows, pool = self._weight_rows(ids)
        data, at = self.table.pools[pool].data, self.table.row[rows]
        if values.shape != (len(ids), *data.shape[1:]):
            raise SynapseError(
                f"{len(ids)} weights of shape {data.shape[1:]} cannot take values of shape {values.shape}"
            )
        if self._savepoint is not None:
            ends = self.table.src[rows].astype(np.int64), self.table.dst[rows].astype(np.int64)
            self.effects.append(WeightsWritten(ids, data[at], values.copy(), ends))
        log = self.changes.mark()
        try:
            try:
                self.changes.synapses_written(ids)
                data[at], self.turn = values, {} if self._savepoint is None else self.turn
            except BaseException:
                self.changes.cut(log)
                raise
        except BaseException:  # where the first was interrupted
            self.changes.cut(log)
            raise

    def read_values(self, name: str, keys: np.ndarray) -> np.ndarray:
        """(n,) float64 values of neurons by key ("bias", "slope", "gamma", ...); NaN where there is none."""
        self.synchronise()
        return self.neurons.values[name][np.asarray(keys, np.int64)]

    def write_values(self, name: str, keys: np.ndarray, values: np.ndarray) -> None:
        """Write values of neurons by key; not journaled: the edit `SetValues` is. See `write_weights`."""
        keys, values = np.asarray(keys, np.int64), np.asarray(values, np.float64)
        column = self.neurons.values[name]
        self._open()
        self._check_turn()
        if not np.isfinite(values).all() or np.isnan(column[keys]).any():
            raise NeuronError(f"{name}: values must be finite, and every neuron must have one already")
        self._write_values(name, keys, values)

    @whole
    def _write_values(self, name: str, keys: np.ndarray, values: np.ndarray) -> None:
        self.changes.neurons_written(name, keys)  # those too that are what was there
        self._change_values(name, keys, values)

    def survivors(
        self, space: tuple[str, tuple[int, ...]], numbers: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which of a network's numbers the graph has still, and where; weights of another shape are others.

        Parameters
        ----------
        space
            "weight" and the shape of one of them, or the name of a value of neurons and ().
        numbers
            (n,) int64 synapse ids or neuron keys.

        Returns
        -------
        tuple of arrays
            (n,) bool which are there; the array that has their values; and the (m,) places in it of those.
        """
        name, shape = space
        if name != "weight":
            column = self.neurons.values[name]
            there = ~np.isnan(column[numbers])
            return there, column, numbers[there]
        table = self.table
        rows = table.rows_of(numbers)
        pool = next((at for at, pool in enumerate(table.pools, 1) if pool.data.shape[1:] == shape), 0)
        there = (rows >= 0) & (pool > 0)
        there[there] = table.pool[rows[there]] == pool  # a table of which nothing is left has no row to look at
        return there, table.pools[pool - 1].data, table.row[rows if there.all() else rows[there]]
