"""The weights that a run had: a file of records, each the difference to the one before it.

A record is a header (JSON) and a body (zlib), behind their lengths and a CRC-32. Numbers are written as the bits in
which they differ from the record before (a synapse that it lacks counts as zero there), byte plane by byte plane, which
compresses signs, exponents and leading digits away. A record that a kill has torn ends the file.
"""

import json
import struct
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurograph.analysis.past import PastWeights, thinned
from neurograph.disk.aside import written_aside
from neurograph.disk.regular import regular
from neurograph.errors import FileError, reason

from .jsonlines import append_whole

FILE = "weights.log"
_HEAD = struct.Struct("<4sIQI")  # magic, lengths of header and body, CRC-32 of both
_MAGIC = b"NGW1"
_RATIO = 1100  # zlib makes nothing smaller than this many times


@dataclass(frozen=True)
class _Record:
    """A record as it lies in the file."""

    end: int
    header: dict[str, Any]
    body: bytes


class WeightLog:
    """The file of a run that goes on.

    Parameters
    ----------
    path
        The file, made where there is none.
    limit
        Bytes; beyond them half of the records go, those without an event first.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.path, self.limit = path, limit
        self._last: PastWeights | None = None

    def add(self, now: PastWeights, event: bool) -> None:
        """Add what the network weighs.

        Parameters
        ----------
        now
            Of an epoch later than all that the file has.
        event
            Whether the network changed after that epoch.

        Raises
        ------
        FileError
            The file cannot be written, or is damaged.
        """
        if self._last is None:
            self._last = next(iter(deque(read(self.path), maxlen=1)), None)
        append_whole(self.path, _coded(now, self._last, event), sync=False)
        try:
            size = self.path.stat().st_size
        except (OSError, ValueError) as error:
            raise FileError(f"cannot read {self.path}: {reason(error)}") from None
        self._last = now
        if size > self.limit:
            _thin(self.path, self.limit / size)


def read(path: Path) -> Iterator[PastWeights]:
    """All that the file has, oldest first; none where there is no file.

    Raises
    ------
    FileError
        A record, but for a torn last one, that does not match its checksum or makes no sense.
    """
    before: PastWeights | None = None
    for record in _records(path):
        before = _decoded(path, record, before)
        yield before


def cut(path: Path, epoch: int) -> None:
    """Take away what comes after an epoch, and whatever is damaged, in a file that no copy of the directory shares."""
    end = 0
    try:
        for record in _records(path):
            if record.header.get("epoch", epoch + 1) > epoch:
                break
            end = record.end
    except FileError:
        pass
    if path.exists() and (path.stat().st_size > end or path.stat().st_nlink > 1):
        with open(path, "rb", opener=regular) as file, written_aside(path) as aside:
            aside.write_bytes(file.read(end))


def _records(path: Path) -> Iterator[_Record]:
    try:
        if not path.exists():
            return
        with open(path, "rb", opener=regular) as file:
            start = 0
            while len(head := file.read(_HEAD.size)) == _HEAD.size:
                magic, header, body, crc = _HEAD.unpack(head)
                left = path.stat().st_size - file.tell()
                if magic != _MAGIC:
                    raise FileError(f"{path} is damaged: no record begins at byte {start}")
                if header + body > left:
                    return  # torn by a kill
                held = file.read(header + body)
                if zlib.crc32(held) != crc:
                    raise FileError(f"{path} is damaged: the record at byte {start} does not match its checksum")
                found = _parsed(path, start, held[:header])
                start = file.tell()
                yield _Record(start, found, held[header:])
    except OSError as error:
        raise FileError(f"cannot read {path}: {reason(error)}") from None


def _parsed(path: Path, start: int, text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
        counts = [header["epoch"], header["ids"], header["numbers"], header["keys"]]
        fits = header["dtype"] in ("float32", "float16") and all(type(n) is int and n >= 0 for n in counts)
        if fits and all(isinstance(name, str) for name in header["values"]):
            return header
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    raise FileError(f"{path} is damaged: the record at byte {start} says nothing that is understood")


def _coded(now: PastWeights, before: PastWeights | None, event: bool) -> bytes:
    kind = now.numbers.dtype
    new = before is None or not np.array_equal(now.ids, before.ids) or not np.array_equal(now.keys, before.keys)
    header = {
        "epoch": now.epoch, "event": event, "dtype": str(kind), "new": new, "ids": len(now.ids),
        "numbers": len(now.numbers), "keys": len(now.keys), "values": list(now.values),
    }  # fmt: skip
    parts = [_steps(now.ids), _steps(now.sizes), _steps(now.keys)] if new else []
    parts += [_planes(number ^ base) for number, base in zip(_bits(now), _bases(now, before), strict=True)]
    head, body = json.dumps(header, separators=(",", ":")).encode(), zlib.compress(b"".join(parts), 3)
    return _HEAD.pack(_MAGIC, len(head), len(body), zlib.crc32(head + body)) + head + body


def _decoded(path: Path, record: _Record, before: PastWeights | None) -> PastWeights:
    header = record.header
    kind, (ids, numbers, keys) = np.dtype(header["dtype"]), (header[name] for name in ("ids", "numbers", "keys"))
    named = 8 * (2 * ids + keys) if header["new"] else 0
    size = named + kind.itemsize * (numbers + keys * len(header["values"]))
    damaged = FileError(f"{path} is damaged: the record of epoch {header['epoch']} is not what its header says")
    if size > _RATIO * (len(record.body) + 1) or (not header["new"] and before is None):
        raise damaged
    try:
        raw = zlib.decompressobj().decompress(record.body, size + 1)
        if len(raw) != size:
            raise damaged
        whole = np.frombuffer(raw, np.uint8)
        if header["new"]:
            ends = np.cumsum([8 * ids, 8 * ids, 8 * keys])
            id_, sizes, key = (_summed(part) for part in np.split(whole[:named], ends[:-1]))
        else:
            assert before is not None
            id_, sizes, key = before.ids, before.sizes, before.keys
        if len(id_) != ids or len(key) != keys or sizes.min(initial=0) < 0 or int(sizes.sum()) != numbers:
            raise damaged
        lengths = [numbers, *[keys] * len(header["values"])]
        parts = np.split(whole[named:], np.cumsum([kind.itemsize * n for n in lengths])[:-1])
    except (zlib.error, ValueError):
        raise damaged from None
    blank = [np.zeros(n, kind) for n in lengths]
    like = PastWeights(header["epoch"], id_, sizes, blank[0], key, dict(zip(header["values"], blank[1:], strict=True)))
    bits = zip(parts, _bases(like, before), strict=True)
    found = [(_unplaned(part, base.dtype) ^ base).view(kind) for part, base in bits]
    return PastWeights(like.epoch, id_, sizes, found[0], key, dict(zip(header["values"], found[1:], strict=True)))


def _bits(some: PastWeights) -> list[np.ndarray]:
    """Numbers and values as whole numbers of the same bits."""
    kind = f"<u{some.numbers.dtype.itemsize}"
    return [np.ascontiguousarray(each).view(kind) for each in (some.numbers, *some.values.values())]


def _bases(now: PastWeights, before: PastWeights | None) -> list[np.ndarray]:
    """What the record before has in the places of this one's numbers and values, else zeros."""
    zeros = [np.zeros_like(bits) for bits in _bits(now)]
    if before is None or before.numbers.dtype != now.numbers.dtype:
        return zeros
    held = dict(zip(["numbers", *before.values], _bits(before), strict=True))
    out = []
    for name, base in zip(["numbers", *now.values], zeros, strict=True):
        if name == "numbers" and len(before.ids) and len(now.ids):
            place = np.minimum(np.searchsorted(before.ids, now.ids), len(before.ids) - 1)
            same = np.flatnonzero((before.ids[place] == now.ids) & (before.sizes[place] == now.sizes))
            starts = [np.cumsum(some.sizes) - some.sizes for some in (now, before)]
            to, source = (_runs(s[at], now.sizes[same]) for s, at in zip(starts, (same, place[same]), strict=True))
            base[to] = held[name][source]
        elif name in held and len(before.keys) and len(now.keys):
            place = np.minimum(np.searchsorted(before.keys, now.keys), len(before.keys) - 1)
            same = before.keys[place] == now.keys
            base[same] = held[name][place[same]]
        out.append(base)
    return out


def _runs(starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The places of runs of numbers, one after the other."""
    ends = np.cumsum(sizes)
    return np.repeat(starts - (ends - sizes), sizes) + np.arange(int(sizes.sum()))


def _planes(array: np.ndarray) -> bytes:
    return array.view(np.uint8).reshape(-1, array.itemsize).T.tobytes()


def _unplaned(raw: np.ndarray, kind: np.dtype) -> np.ndarray:
    return np.ascontiguousarray(raw.reshape(kind.itemsize, -1).T).view(kind).reshape(-1)


def _steps(numbers: np.ndarray) -> bytes:
    return _planes(np.diff(numbers.astype("<i8"), prepend=0))


def _summed(raw: np.ndarray) -> np.ndarray:
    return np.cumsum(_unplaned(raw, np.dtype("<i8")))


def _thin(path: Path, share: float) -> None:
    """Write the file anew with fewer records, each as the difference to the one that is now before it."""
    epochs = {record.header["epoch"]: bool(record.header.get("event")) for record in _records(path)}
    events = [epoch for epoch, event in epochs.items() if event]
    kept = set(thinned(epochs, events, max(1, int(len(epochs) * share / 2))))
    with written_aside(path) as aside, open(aside, "wb") as file:
        before = None
        for some in read(path):
            if some.epoch in kept:
                file.write(_coded(some, before, epochs[some.epoch]))
                before = some
