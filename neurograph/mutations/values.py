"""The numbers that training moves, read and written in bulk by stable number."""

from typing import Any

import numpy as np

from neurograph.effects.values import WeightsWritten
from neurograph.errors import NeuronError, SynapseError
from neurograph.mutations.synapses import SynapseMutations
from neurograph.mutations.whole import whole


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
        rows, pool = self._weight_rows(np.asarray(ids, np.int64))
        return self.table.pools[pool].data[self.table.row[rows]]

    def write_weights(self, ids: np.ndarray, values: np.ndarray, author: Any = None) -> None:
        """Write weights by synapse id, all of the shape that is there.

        Parameters
        ----------
        ids
            (n,) int64.
        values
            (n,) or (n, height, width), finite.
        author
            The owning network, when it writes back what it has learned; anybody else's write synchronises first and is
            loaded by the next refresh.

        Raises
        ------
        SynapseError
            As `read_weights`; or values that are not finite or of another shape.
        """
        ids, values = np.asarray(ids, np.int64), np.asarray(values, np.float64)
        if author is None:
            self._open()
            self._synchronise()
            if not np.isfinite(values).all():
                raise SynapseError("weights must be finite, and some of these are NaN or infinite")
        rows, pool = self._weight_rows(ids)
        data, at = self.table.pools[pool].data, self.table.row[rows]
        if values.shape != (len(ids), *data.shape[1:]):
            raise SynapseError(
                f"{len(ids)} weights of shape {data.shape[1:]} cannot take values of shape {values.shape}"
            )
        if author is not None:
            data[at] = values
            return
        if self._savepoint is not None:
            ends = self.table.src[rows].astype(np.int64), self.table.dst[rows].astype(np.int64)
            self._effects.append(WeightsWritten(ids, data[at], values.copy(), ends))
        log = self.changes.end
        try:
            self.changes.synapses_written(ids)
            data[at] = values
        except BaseException:
            self.changes.cut(log)
            raise

    def _weight_rows(self, ids: np.ndarray) -> tuple[np.ndarray, int]:
        return self._one_pool(ids, self.table.rows_of(ids))

    def _one_pool(self, ids: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, int]:
        """The rows of synapses, checked, and the number of the pool that has all their weights."""
        table = self.table
        if (rows < 0).any():
            raise SynapseError(f"synapse number {ids[rows < 0][0]} is not in the graph")
        kind = table.kind[rows]
        if len(kind) and (kind[0] == 0 or (kind != kind[0]).any()):
            raise SynapseError("these synapses do not all have weights of one shape")
        return rows, int(kind[0]) - 1 if len(kind) else 0

    def read_values(self, name: str, keys: np.ndarray) -> np.ndarray:
        """(n,) float64 values of neurons by key ("bias", "slope", "gamma", ...); NaN where there is none."""
        return self._columns.values[name][np.asarray(keys, np.int64)]

    def write_values(self, name: str, keys: np.ndarray, values: np.ndarray, author: Any = None) -> None:
        """Write values of neurons by key; see `write_weights` for the author."""
        keys, values = np.asarray(keys, np.int64), np.asarray(values, np.float64)
        column = self._columns.values[name]
        if author is not None:
            column[keys] = values
            return
        self._open()
        self._synchronise()
        if not np.isfinite(values).all() or np.isnan(column[keys]).any():
            raise NeuronError(f"{name}: values must be finite, and every neuron must have one already")
        self._write_values(name, keys, values)

    _write_values = whole(SynapseMutations._change_values)
