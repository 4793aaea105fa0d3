"""Streams by name, as the command line knows them."""

from collections.abc import Callable
from typing import Any

from neurograph.errors import OptionError

from ..datasets import Dataset
from .classes import class_incremental, class_pairs
from .drifting import bit_flipping
from .images import permuted_pixels, random_labels
from .stream import Stream

STREAMS: dict[str, Callable[..., Stream]] = {
    "random_labels": random_labels,
    "permuted_pixels": permuted_pixels,
    "class_incremental": class_incremental,
    "class_pairs": class_pairs,
    "bit_flipping": bit_flipping,
}
WITHOUT_DATA = ("bit_flipping",)


def make_stream(name: str, data: Dataset | None = None, **settings: Any) -> Stream:
    """A stream by its name.

    Parameters
    ----------
    name
        One of `STREAMS`.
    data
        What it is made of, but for those that make everything up.
    settings
        Its own: tasks, images, passes, batch_size, seed, ...

    Raises
    ------
    OptionError
        No such stream, a setting that it does not have or that cannot be, or no data.
    """
    if name not in STREAMS:
        raise OptionError(f"no stream {name!r}; there are {', '.join(STREAMS)}")
    for key, value in settings.items():
        if (
            value is not None
            and key not in ("beta", "seed")
            and (isinstance(value, bool) or not isinstance(value, int) or value < 1)
        ):
            raise OptionError(f"{name}: {key} must be a whole number of at least 1, not {value!r}")
    if name not in WITHOUT_DATA and data is None:
        raise OptionError(f"stream {name} is made of a data set: give one")
    given = () if name in WITHOUT_DATA else (data,)
    try:
        return STREAMS[name](*given, **settings)
    except TypeError as error:
        raise OptionError(f"stream {name}: {error}") from None
