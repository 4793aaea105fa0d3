"""What a user pinned with `lowering=`, as a question that can be put about any bundle."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from neurograph.errors import CompileError

from ..lowering.spec import BundleSpec


@dataclass(frozen=True)
class NamedBundle(BundleSpec):
    """A bundle, or a region, with the names at its ends, as a pin or an error sees it; its size as in `BundleSpec`.

    Parameters
    ----------
    sources, target
        Populations; several sources where thin bundles are merged.
    levels
        Of a whole region of blocks that read one another, synapses on its longest path; 0 of a bundle.
    """

    sources: tuple[str, ...] = ()
    target: str = ""
    levels: int = 0

    def __str__(self) -> str:
        if self.levels:
            return f"the region of {self.target!r}"
        return f"bundle {' + '.join(map(repr, self.sources))} -> {self.target!r}"


BLOCKS = "blocks"  # in place of a name: every block on its own, in no region

Pin = str | Mapping[Any, str] | Callable[[NamedBundle], str | None] | None


def check_pin(pin: Any) -> Any:
    """Refuse what can be no pin."""
    if pin is None or isinstance(pin, str | Mapping) or callable(pin):
        return pin
    raise CompileError(
        f"lowering={pin!r}: give a name, a dict {{(source population, target population): name}} or "
        "{target population: name}, or a function of a bundle that returns a name or None"
    )


def pinned(pin: Pin, bundle: NamedBundle) -> str | None:
    """The lowering that is pinned for a bundle, or None."""
    if pin is None or isinstance(pin, str):
        return pin
    if isinstance(pin, Mapping):
        pairs = [pin[source, bundle.target] for source in bundle.sources if (source, bundle.target) in pin]
        return pairs[0] if pairs else pin.get(bundle.target)
    return pin(bundle)


def unused(pin: Pin, populations: set[str], pairs: set[tuple[str, str]]) -> list:
    """Keys of a dict that name no bundle: a pin that would silently do nothing."""
    if not isinstance(pin, Mapping):
        return []
    return [key for key in pin if key not in populations and key not in pairs]
