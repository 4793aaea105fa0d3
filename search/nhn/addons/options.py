"""What can be chosen about a supernet of add-on neurons."""

from dataclasses import dataclass

from ....compiler.activations import FUNCTIONS, IDENTITY
from ...options import MOST_RATE, MOST_SEED, Checked, option


@dataclass(frozen=True)
class AddOnOptions(Checked):
    """How add-on neurons are made and trained; `option`'s texts below say what each field means.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    count: int = option(
        0, "add-on neurons at a place; 0 means as many as the layer they feed has", least=0, reach=2**20
    )
    sparsity: float = option(0.1, "share of all possible connections of add-ons that are made", above=0, most=1)
    activation: str = option("relu", "of add-on neurons; one without a slope", choices=(*FUNCTIONS, IDENTITY))
    start: str = option(
        "smooth",
        "kernels of 3 x 3 and 5 x 5 at the start: drawn and smoothed as those of the layers are, or as they are drawn",
        choices=("smooth", "drawn"),
        before="drawn",
    )
    sensitivity: str = option(
        "change",
        "which kernels are sensitive: those that changed most since the start, or that deviate most from their mean",
        choices=("change", "deviation"),
        before="deviation",
    )
    momentum: float = option(
        0.9, "of Nesterov's method, begun anew for each individual; 0 is plain descent", least=0, below=1
    )
    weight_decay: float = option(0.0, "L2 penalty on the add-ons' weights", least=0, reach=MOST_RATE)
    clip: float = option(5.0, "norm that an individual's gradients are scaled down to; 0 means never", least=0)
    together: int = option(1, "individuals that train at once, in one forward; their gradients add up", least=1)
    rows: int = option(512, "samples that go through the network at a time when only evaluating", least=1)
    batch_size: int = option(100, "samples of a training batch, for the estimate of memory", least=1)
    memory: float = option(0.0, "GiB that may be used; 0 means what the device has free", least=0)
    seed: int = option(0, "of the add-ons' first weights and their own directions", least=0, reach=MOST_SEED)
    device: str = option("cpu", "where to compute, in torch's words: cpu, cuda, cuda:1")
