"""Arrays that take far more than they are packed into, unpacked to a file without a name: no memory is taken."""

import mmap
import tempfile
import zlib
from collections.abc import Iterable, Iterator

import numpy as np

FEWEST = 2**20  # bytes of an array that is worth a file of its own
_CHUNK = 2**16


def unpack_aside(packed: bytes, size: int) -> np.ndarray:
    """What was packed, as bytes that the system reads from a file when somebody looks at them.

    Parameters
    ----------
    packed
        By zlib.
    size
        How many bytes it must hold.

    Returns
    -------
    numpy.ndarray
        (size,) uint8, that may be written to: what is changed is memory then. Noughts take no room on the disk.

    Raises
    ------
    ValueError
        It holds more or fewer bytes, or there is no room for them.
    zlib.error
        It was not packed by zlib.
    """
    return _aside(_unpacked(packed, size), size)


def own_copy(array: np.ndarray) -> np.ndarray:
    """A copy that may be written to; in a file where the array is a large view of one number alone."""
    if array.nbytes < FEWEST or any(array.strides):
        return array.copy()
    item = array.flat[0].tobytes()
    chunks = (item * min(_CHUNK, array.size - start) for start in range(0, array.size, _CHUNK))
    return _aside(chunks, array.nbytes).view(array.dtype).reshape(array.shape)


def _aside(chunks: Iterable[bytes], size: int) -> np.ndarray:
    try:
        with tempfile.TemporaryFile() as file:
            for chunk in chunks:
                if chunk.strip(b"\0"):
                    file.write(chunk)
                else:
                    file.seek(len(chunk), 1)
            file.truncate(size)
            file.flush()
            return np.frombuffer(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY), np.uint8)
    except OSError as error:
        raise ValueError(f"no room for an array of {size:,} bytes in {tempfile.gettempdir()}: {error}") from None


def _unpacked(packed: bytes, size: int) -> Iterator[bytes]:
    unpacker, rest, done = zlib.decompressobj(), packed, 0
    while not unpacker.eof and done <= size:
        chunk = unpacker.decompress(rest, _CHUNK)
        if not chunk and not unpacker.eof and not unpacker.unconsumed_tail:
            break
        rest, done = unpacker.unconsumed_tail, done + len(chunk)
        yield chunk
    if done != size or not unpacker.eof:
        raise ValueError(f"an array does not hold {size:,} bytes")
