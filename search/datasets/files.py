"""The authors' own file formats: IDX (MNIST, Fashion-MNIST) and the CIFAR-10 binaries. Bytes in, arrays out."""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from neurograph.disk.regular import regular
from neurograph.errors import DataError, reason

_CIFAR_RECORD = 1 + 3 * 32 * 32  # a label, then a red, a green and a blue plane
CIFAR_RECORDS = 10_000  # in each of the six files


def read_idx(path: Path) -> np.ndarray:
    """A file of unsigned bytes in the IDX format, plain or gzipped.

    Parameters
    ----------
    path
        The file; one whose name ends in .gz is unpacked.

    Returns
    -------
    numpy.ndarray
        uint8, of the dimensions the header gives.

    Raises
    ------
    DataError
        Naming the file, when it is truncated, damaged or of another format.
    """
    data = _bytes(path)
    if len(data) < 4 or data[:3] != b"\x00\x00\x08" or not data[3]:
        raise DataError(f"{path} is not an IDX file of bytes (it begins with {data[:4].hex() or 'nothing'})")
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise DataError(f"{path} is truncated: its header ends after {len(data)} bytes. {_AGAIN}")
    shape = struct.unpack(f">{data[3]}I", data[4:start])
    wanted = start + int(np.prod(shape, dtype=np.int64))
    if len(data) != wanted:
        raise DataError(f"{path} is damaged: {shape} bytes make {wanted} with the header, not {len(data)}. {_AGAIN}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def read_cifar(path: Path, records: int = CIFAR_RECORDS) -> tuple[np.ndarray, np.ndarray]:
    """One CIFAR-10 binary file.

    Parameters
    ----------
    path
        A `data_batch_*.bin` or `test_batch.bin`.
    records
        How many images it must hold.

    Returns
    -------
    images, labels
        (records, 3, 32, 32) and (records,), uint8.

    Raises
    ------
    DataError
        Naming the file, when it is truncated or damaged.
    """
    data = _bytes(path)
    if len(data) != records * _CIFAR_RECORD:
        raise DataError(f"{path} is damaged: it has {len(data)} bytes, not {records * _CIFAR_RECORD}. {_AGAIN}")
    rows = np.frombuffer(data, np.uint8).reshape(records, _CIFAR_RECORD)
    return rows[:, 1:].reshape(records, 3, 32, 32), rows[:, 0]


def check_labels(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Refuse labels that do not belong to the images: another number of them, or a class outside 0 to 9."""
    if labels.ndim != 1 or len(labels) != len(images) or not len(images):
        raise DataError(f"{path} has {labels.size} labels for {len(images)} images. {_AGAIN}")
    if labels.max() > 9:
        raise DataError(f"{path} is damaged: it has a class {labels.max()}, and there are 0 to 9. {_AGAIN}")


_AGAIN = "Delete it and fetch it again."


def _bytes(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=regular) as file:
            data = file.read()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}. {_AGAIN}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {reason(error)}") from None
