"""What the synapses between feature maps do: each distinct operation, with both shapes, is a window."""

from dataclasses import dataclass
from math import prod

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.schema.synapse import POOLS, SynapseForm

Pair = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """One operation on feature maps: what slides over maps of which shape, and what it makes.

    Parameters
    ----------
    op
        As in `SynapseForm`.
    source, target
        The maps' shape, and that of what is made: () for a scalar.
    kernel
        Of a kernel or pool; the map's own shape where a map is read into a scalar, (1, 1) for an identity.
    stride, padding, dilation, count_include_pad, ceil_mode
        As in `SynapseForm`; their defaults where they have no meaning.
    """

    op: str
    source: tuple[int, ...]
    target: tuple[int, ...]
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    count_include_pad: bool = True
    ceil_mode: bool = False

    @property
    def identity(self) -> bool:
        """Whether it hands on what it reads."""
        return self.op == "identity"

    @property
    def pools(self) -> bool:
        """Whether it is a pool."""
        return self.op in POOLS

    @property
    def flattens(self) -> bool:
        """Whether it is a weight that reads whole maps into scalars."""
        return self.op == "weight" and self.target == ()

    @property
    def slides(self) -> bool:
        """Whether it is a kernel from map to map."""
        return self.op == "weight" and self.target != ()

    @property
    def taps(self) -> int:
        """Numbers in one kernel, or values under a pool."""
        return prod(self.kernel)

    def __str__(self) -> str:
        size = "x".join(map(str, self.kernel))
        text = {"identity": "identity", "weight": f"{size} kernels"}.get(self.op, f"{self.op} {size}")
        text += f", stride {self.stride}" if self.stride != (1, 1) else ""
        return text + f" of {self.source}"


OpCodes = tuple[Window | None, ...]
NUMBER, SAME = 0, 1  # the first two op codes: weights and identities between scalars, which need no window


def find_windows(arrays: GraphArrays) -> tuple[np.ndarray, OpCodes]:
    """The op code of every synapse.

    Returns
    -------
    tuple
        (E,) op codes of synapses, and the window of each; codes 0 and 1 are numbers and identities between scalars.
    """
    identity = np.array([form.op == "identity" for form in arrays.forms], bool)[arrays.form]
    if all(kind.shape == () for kind in arrays.kinds):
        return identity, (None, None)
    shapes = list(dict.fromkeys(kind.shape for kind in arrays.kinds))
    shape = np.array([shapes.index(kind.shape) for kind in arrays.kinds], np.int64)[arrays.kind]
    code, radices = np.zeros(len(arrays.ids), np.int64), (len(shapes), len(shapes), len(arrays.pools) + 1)
    for digit, radix in zip((shape[arrays.source], shape[arrays.target], arrays.pool + 1), radices, strict=True):
        code = code * radix + digit
    code = code * len(arrays.forms) + arrays.form
    op_code = np.zeros(len(code), np.int64)
    found: list[Window | None] = [None, None]
    op_codes: dict[Window | None, int] = {None: NUMBER}
    for one in _distinct(code).tolist():
        left, form = divmod(one, len(arrays.forms))
        left, pool = divmod(left, radices[2])
        source, target = divmod(left, radices[1])
        weight = arrays.pools[pool - 1].shape[1:] if pool else ()
        window = _window(arrays.forms[form], weight, shapes[source], shapes[target])
        if window is not None and window not in op_codes:
            op_codes[window] = len(found)
            found.append(window)
        number = SAME if window is None and arrays.forms[form].op == "identity" else op_codes[window]
        if number != NUMBER:
            op_code[code == one] = number
    return op_code, tuple(found)


def _distinct(code: np.ndarray) -> np.ndarray:
    if len(code) and code.max() < 4 * len(code) + 4096:
        seen = np.zeros(int(code.max()) + 1, bool)
        seen[code] = True
        return np.flatnonzero(seen)
    code = np.sort(code)
    return code[np.diff(code, prepend=-1) != 0]


def _window(
    form: SynapseForm, weight: tuple[int, ...], source: tuple[int, ...], target: tuple[int, ...]
) -> Window | None:
    if source == ():
        return None
    if form.op == "identity" or (target == () and form.op == "weight"):
        return Window(form.op, source, target, (1, 1) if form.op == "identity" else (source[0], source[1]))
    slides = (form.stride, form.padding, form.dilation)
    if form.op == "weight":
        return Window(form.op, source, target, (weight[0], weight[1]), *slides)
    assert form.kernel_size is not None
    average = form.op == "avg_pool" and any(form.padding)
    return Window(
        form.op, source, target, form.kernel_size, *slides, form.count_include_pad or not average, form.ceil_mode
    )
