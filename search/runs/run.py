"""One run directory: its files, written and read back."""

import json
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurograph.analysis.past import PastWeights
from neurograph.disk.aside import written_aside
from neurograph.disk.regular import regular
from neurograph.errors import FileError, reason
from neurograph.network import NeuronGraph

from . import checkpoints, jsonlines, weights
from .extending import BEGUN, at_the_start, extended
from .held import Held, held_rows, restored_from
from .jsonfiles import digest, read_json, write_json

FORMAT = 1
FILES = (
    "config.json",
    "metrics.jsonl",
    "journal.jsonl",
    "start.safetensors",
    "graph.safetensors",
    "calibration.json",
    weights.FILE,
    checkpoints.NEWEST,
    checkpoints.PREVIOUS,
)
_ORIGIN = ("command", "data", "fingerprint", "stream", "about", "options")
Take = Callable[[dict[str, Any], list[dict[str, Any]]], None]
MARKERS = ("result.json", "origin.json")  # of a stage in a folder of its own

_KINDS: dict[str, tuple[type, ...]] = {  # of what config.json holds, where it does
    "command": (str,),
    "data": (str,),
    "options": (dict,),
    "result": (dict, list),
    "fingerprint": (int, str, type(None)),
    "train_shape": (list,),
    BEGUN: (dict,),
}


@dataclass(frozen=True)
class Run:
    """A run directory; made by `create_run`, found again by `open_run`.

    Parameters
    ----------
    path
        The directory.
    """

    path: Path

    @property
    def begun(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return any(os.path.exists(self.path / name) for name in (checkpoints.NEWEST, checkpoints.PREVIOUS))

    @property
    def checkpoint(self) -> Path:
        """Where the last checkpoint lies."""
        return self.path / checkpoints.NEWEST

    @property
    def start(self) -> Path:
        """Where the graph at the start lies."""
        return self.path / "start.safetensors"

    @property
    def graph(self) -> Path:
        """Where the graph at the last checkpoint lies."""
        return self.path / "graph.safetensors"

    @property
    def weights(self) -> Path:
        """Where the weights of its past lie."""
        return self.path / weights.FILE

    def past(self) -> Iterator[PastWeights]:
        """The weights that were kept, oldest first; `FileError` where the file is damaged."""
        return weights.read(self.weights)

    @property
    def pictures(self) -> Path:
        """The directory of pictures, which exists."""
        folder = self.path / "pictures"
        try:
            folder.mkdir(exist_ok=True)
        except (OSError, ValueError) as error:
            raise FileError(f"cannot make the folder {folder}: {reason(error)}") from None
        return folder

    def config(self) -> dict[str, Any]:
        """What `create_run` and `update_config` were given; `FileError` where it cannot be read."""
        config = read_json(self.path / "config.json")
        if config.get("format") != FORMAT:
            raise FileError(f"{self.path / 'config.json'} is not the configuration of a run in format {FORMAT}")
        for name, kinds in _KINDS.items():
            if name in config and not isinstance(config[name], kinds):
                raise FileError(f"{self.path / 'config.json'} is damaged: its {name} is {config[name]!r:.60}")
        return Held(config, self.path / "config.json")

    def update_config(self, **changes: Any) -> None:
        """Set some entries of the configuration, such as the lowerings pinned by the first compile."""
        write_json(self.path / "config.json", self.config() | changes)

    def metrics(self) -> list[dict[str, Any]]:
        """The rows so far; `FileError` for a damaged line, a torn last one excepted, or one that is no row."""
        path = self._log("metrics")
        return held_rows(jsonlines.read(path), path)

    def journal(self) -> list[dict[str, Any]]:
        """The journal's entries so far; `FileError` for a damaged line, a torn last one excepted."""
        return jsonlines.read(self.path / "journal.jsonl")

    def log_metrics(self, row: dict[str, Any]) -> None:
        """Append one epoch's row."""
        jsonlines.append(self.path / "metrics.jsonl", row)

    def log_journal(self, *entries: dict[str, Any]) -> None:
        """Append journal entries, already plain JSON, at once."""
        jsonlines.append(self.path / "journal.jsonl", *entries)

    def save_checkpoint(
        self, state: dict[str, Any], graph: Any = None, rows: Sequence[dict[str, Any]] | None = None
    ) -> None:
        """Save what the run goes on from; call it after the rows and entries that belong to it were logged.

        The checkpoint before it is kept as well.

        Parameters
        ----------
        state
            Anything `pack_state` takes: canonical network and optimizer state, where the loop is.
        graph
            The graph the state belongs to, or None. It is saved to `graph.safetensors` and, the same bytes, into the
            checkpoint, so that a kill between the two writes cannot part the state from its wiring.
        rows
            The metrics so far, a row an epoch. How far the run is depends on them, so they are kept in the checkpoint,
            too; None where the lines of `metrics.jsonl` are all there is.
        """
        if graph is not None:
            graph.save(self.graph)
        stamps = {log: jsonlines.stamp(self._log(log)) for log in checkpoints.LOGS}
        content = {
            "lines": {log: stamp["lines"] for log, stamp in stamps.items()},
            "crcs": {log: stamp["crc32"] for log, stamp in stamps.items()},
            "graph": None if graph is None else _bytes_of(self.graph),
            "rows": None if rows is None else json.dumps(list(rows)),
            "of": self._origin(),
            "state": state,
        }
        checkpoints.write(self.path, content)

    def load_checkpoint(self, take: Take | None = None) -> dict[str, Any]:
        """The state of the last checkpoint; the directory is put back to that moment.

        Rows and entries logged after it are cut off, `graph.safetensors` is the checkpoint's again, and so are the
        metrics where they are damaged. Where the checkpoint itself is damaged, or the journal that belongs to it, a
        warning says so and the checkpoint before it is taken.

        Parameters
        ----------
        take
            Called with the state and the rows that belong to it, to go on from them. What it cannot take is damage.

        Raises
        ------
        FileError
            Naming the file that is missing or damaged; nothing is changed then.
        """
        return self._load(None, take)["state"]

    def load_network(self, take: Take | None = None) -> tuple[dict[str, Any], NeuronGraph]:
        """The state of the last checkpoint and its network; see `load_checkpoint`.

        The network is read, and where it cannot be is refused, before anything is put back.
        """
        saved = self._load(NeuronGraph.load, take)
        network = saved["network"]
        return saved["state"], NeuronGraph.load(self.graph) if network is None else network

    def forget(self) -> None:
        """Cut off the rows and entries of a run that was stopped before its first checkpoint, to begin it anew."""
        for log in checkpoints.LOGS:
            jsonlines.cut(self._log(log), 0)
        weights.cut(self.weights, -1)

    def damage(self) -> list[str]:
        """What is wrong with the directory, one line a file, each naming it; empty when all is well."""
        checks: tuple[Callable[[], Any], ...] = (
            self.config,
            self.metrics,
            self.journal,
            lambda: deque(self.past(), maxlen=0),
            lambda: checkpoints.read(self.path / checkpoints.NEWEST),
        )
        found = []
        for check in checks:
            try:
                check()
            except FileError as error:
                found.append(str(error))
        missing = [path for path in (self.start, self.graph) if not path.exists()]
        return found + [f"{path} is not there" for path in missing]

    def _origin(self) -> str | None:
        """The digest of what makes this run another than others: command, options, data; None without them."""
        config = self.config()
        if "options" not in config:
            return None
        return digest([(config | at_the_start(config)).get(name) for name in _ORIGIN])

    def extend(self, **changes: dict[str, Any]) -> None:
        """Let some values of the options, or of what its stream is about, be others; a finished run's result goes.

        What the run began with stays written down, since its checkpoints are known by it.
        """
        write_json(self.path / "config.json", extended(self.config(), changes))

    def _log(self, name: str) -> Path:
        return self.path / f"{name}.jsonl"

    def _load(self, load: checkpoints.Reader | None, take: Take | None) -> dict[str, Any]:
        saved, failure = self._checkpoint(load, take)
        if failure is not None:
            warnings.warn(f"{failure}; going on from the checkpoint before it", stacklevel=3)
            checkpoints.take_previous(self.path)
        self._put_back(saved)
        return saved

    def _checkpoint(
        self, load: checkpoints.Reader | None, take: Take | None
    ) -> tuple[dict[str, Any], FileError | None]:
        """The newest checkpoint that can be gone on from, and what is wrong with the one after it."""
        found = [self.path / name for name in (checkpoints.NEWEST, checkpoints.PREVIOUS)]
        if not self.begun:
            raise FileError(f"{self.path} has no checkpoint: the run ended before its first. Start it again")
        try:
            return self._checked(found[0], load, take), None
        except FileError as error:
            failure = error
        if not found[1].exists():
            raise failure
        try:
            return self._checked(found[1], load, take), failure
        except FileError as error:
            raise FileError(f"{failure}; the checkpoint before it cannot be used either: {error}") from None

    def _checked(self, path: Path, load: checkpoints.Reader | None, take: Take | None) -> dict[str, Any]:
        """A checkpoint whose logs are there as well, and that was taken."""
        saved = checkpoints.read(path, load)
        for log in checkpoints.LOGS:
            if log != "metrics" or saved["rows"] is None:
                jsonlines.check(self._log(log), saved["lines"][log], saved["crcs"].get(log))
        if saved["of"] not in (None, self._origin()):
            raise FileError(f"{path} is of a run with another configuration than {self.path / 'config.json'} has")
        if take is not None:
            rows = saved["rows"]
            with restored_from(path):
                take(saved["state"], self.metrics()[: saved["lines"]["metrics"]] if rows is None else rows)
        return saved

    def _put_back(self, saved: dict[str, Any]) -> None:
        """Make the directory what it was at a checkpoint that was checked."""
        if saved["rows"] is not None:
            self._put_back_rows(saved["rows"], saved["crcs"].get("metrics"))
        for log in checkpoints.LOGS:
            count = saved["lines"][log] if log != "metrics" or saved["rows"] is None else len(saved["rows"])
            jsonlines.cut(self._log(log), count)
        if saved["rows"] is not None:
            weights.cut(self.weights, len(saved["rows"]))
        if saved["graph"] is not None:
            with written_aside(self.graph) as aside:
                aside.write_bytes(saved["graph"])

    def _put_back_rows(self, rows: list[dict[str, Any]], crc: int | None) -> None:
        path = self._log("metrics")
        try:
            jsonlines.check(path, len(rows), crc)
        except FileError as error:
            warnings.warn(f"{error}; it is written anew from the checkpoint", stacklevel=5)
            jsonlines.rewrite(path, rows)


def _bytes_of(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=regular) as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise FileError(f"cannot read {path}: {reason(error)}") from None
