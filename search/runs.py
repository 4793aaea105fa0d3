"""Run directories: everything about one run, made so that a kill at any moment leaves something to go on from.

    config.json              options, versions, thread count, pinned lowerings
    metrics.jsonl            one row an epoch
    journal.jsonl            one entry an edit
    start.safetensors        the graph at the start
    graph.safetensors        the graph at the last checkpoint
    checkpoint.safetensors   network, optimizer, loop, and the graph that belongs to them
    pictures/

The checkpoint is the one source of truth: it carries its own copy of the graph and says how many lines of metrics and
journal belong to it. What was written after it is cut off when the run is resumed, so nothing else needs to be atomic.
"""

import json
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from neurograph.errors import FileError, OptionError
from neurograph.files.aside import written_aside
from search import jsonlines
from search.packing import pack_state, unpack_state

FORMAT = 1
FILES = (
    "config.json",
    "metrics.jsonl",
    "journal.jsonl",
    "start.safetensors",
    "graph.safetensors",
    "checkpoint.safetensors",
)
_PACKAGES = ("neurograph-compiler", "torch", "numpy", "networkx", "scikit-learn", "safetensors")


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
    def start(self) -> Path:
        """Where the graph at the start lies."""
        return self.path / "start.safetensors"

    @property
    def graph(self) -> Path:
        """Where the graph at the last checkpoint lies."""
        return self.path / "graph.safetensors"

    @property
    def pictures(self) -> Path:
        """The directory of pictures, which exists."""
        (self.path / "pictures").mkdir(exist_ok=True)
        return self.path / "pictures"

    def config(self) -> dict[str, Any]:
        """What `create_run` and `update_config` were given; `FileError` where it cannot be read."""
        path = self.path / "config.json"
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise FileError(f"{path} is missing or damaged: {error}") from None
        if not isinstance(config, dict) or config.get("format") != FORMAT:
            raise FileError(f"{path} is not the configuration of a run in format {FORMAT}")
        return config

    def update_config(self, **changes: Any) -> None:
        """Set some entries of the configuration, such as the lowerings pinned by the first compile."""
        _write_json(self.path / "config.json", self.config() | changes)

    def metrics(self) -> list[dict[str, Any]]:
        """The rows so far; `FileError` for a damaged line, a torn last one excepted."""
        return jsonlines.read(self.path / "metrics.jsonl")

    def journal(self) -> list[dict[str, Any]]:
        """The journal's entries so far; `FileError` for a damaged line, a torn last one excepted."""
        return jsonlines.read(self.path / "journal.jsonl")

    def log_metrics(self, row: dict[str, Any]) -> None:
        """Append one epoch's row."""
        jsonlines.append(self.path / "metrics.jsonl", row)

    def log_journal(self, entry: dict[str, Any]) -> None:
        """Append one journal entry, already plain JSON."""
        jsonlines.append(self.path / "journal.jsonl", entry)

    def save_checkpoint(self, state: dict[str, Any], graph: Any = None) -> None:
        """Save what the run goes on from; call it after the rows and entries that belong to it were logged.

        Parameters
        ----------
        state
            Anything `pack_state` takes: canonical network and optimizer state, where the loop is.
        graph
            The graph the state belongs to, or None. It is saved to `graph.safetensors` and, the same bytes, into the
            checkpoint, so that a kill between the two writes cannot part the state from its wiring.
        """
        if graph is not None:
            graph.save(self.graph)
        pack_state(
            self.path / "checkpoint.safetensors",
            {
                "format": FORMAT,
                "lines": {"metrics": len(self.metrics()), "journal": len(self.journal())},
                "graph": None if graph is None else self.graph.read_bytes(),
                "state": state,
            },
        )

    def load_checkpoint(self) -> dict[str, Any]:
        """The state of the last checkpoint; the directory is put back to that moment.

        Rows and entries logged after it are cut off, and `graph.safetensors` is the checkpoint's again.

        Raises
        ------
        FileError
            Naming the file that is missing or damaged; nothing is changed then.
        """
        path = self.path / "checkpoint.safetensors"
        if not path.exists():
            raise FileError(f"{self.path} has no checkpoint: the run ended before its first. Start it again")
        saved = unpack_state(path)
        if not isinstance(saved, dict) or saved.get("format") != FORMAT:
            raise FileError(f"{path} is not a checkpoint in format {FORMAT}")
        logs = {self.path / f"{name}.jsonl": count for name, count in saved["lines"].items()}
        for act in (jsonlines.check, jsonlines.cut):  # nothing is cut unless both are whole
            for log, count in logs.items():
                act(log, count)
        if saved["graph"] is not None:
            with written_aside(self.graph) as aside:
                aside.write_bytes(saved["graph"])
        return saved["state"]

    def damage(self) -> list[str]:
        """What is wrong with the directory, one line a file, each naming it; empty when all is well."""
        checks: tuple[Callable[[], Any], ...] = (
            self.config,
            self.metrics,
            self.journal,
            lambda: unpack_state(self.path / "checkpoint.safetensors"),
        )
        found = []
        for check in checks:
            try:
                check()
            except FileError as error:
                found.append(str(error))
        missing = [path for path in (self.start, self.graph) if not path.exists()]
        return found + [f"{path} is not there" for path in missing]


def create_run(path: str | Path, config: dict[str, Any], force: bool = False) -> Run:
    """Make a run directory.

    Parameters
    ----------
    path
        The directory; made where it is not there.
    config
        Plain JSON: the command and all its options. `environment()` and the format's number are added.
    force
        Whether a run that lies there is thrown away (its own files only).

    Raises
    ------
    OptionError
        Where another run lies there and `force` is not set.
    FileError
        Where the directory cannot be made.
    """
    run = Run(Path(path))
    try:
        run.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{run.path} cannot be made a run directory: {error.strerror or error}") from None
    held = [name for name in (*FILES, "pictures") if (run.path / name).exists()]
    if held and not force:
        raise OptionError(f"{run.path} holds another run ({', '.join(held)}); name a new directory, or use force")
    for name in held:
        _remove(run.path / name)
    _write_json(run.path / "config.json", {"format": FORMAT, **config, **environment()})
    return run


def open_run(path: str | Path) -> Run:
    """Find a run again; `FileError` where the directory holds none."""
    run = Run(Path(path))
    if not (run.path / "config.json").exists():
        raise FileError(f"{run.path} is not a run directory: it has no config.json")
    return run


def next_directory(parent: str | Path, stem: str) -> Path:
    """The first of parent/stem-1, parent/stem-2, ... that is not there yet; colons, odd in paths, become dashes."""
    stem, number = stem.replace(":", "-"), 1
    while (Path(parent) / f"{stem}-{number}").exists():
        number += 1
    return Path(parent) / f"{stem}-{number}"


def environment() -> dict[str, Any]:
    """What the same numbers depend on besides the options: versions and the thread count."""
    versions = {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES}
    return {"versions": versions, "threads": torch.get_num_threads()}


def differences(config: dict[str, Any]) -> list[str]:
    """How this machine differs from the one a run was made on, in words; with none, numbers agree bit for bit."""
    now, then = environment(), config
    found = [
        f"{name} {then['versions'].get(name)} then, {found} now"
        for name, found in now["versions"].items()
        if then["versions"].get(name) != found
    ]
    if now["threads"] != then["threads"]:
        found.append(f"{then['threads']} threads then, {now['threads']} now")
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with written_aside(path) as aside:
        aside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
