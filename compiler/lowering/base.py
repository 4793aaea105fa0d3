"""What every lowering is: a name, what it accepts, what it costs, and a unit that owns the weights and runs."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..slots import Slots
from .bare import BareModule
from .layout import ProductLayout
from .portable_form import PortableForm
from .rates import Calibration, Rates, Sample
from .sealed import Sealed, Unparametrized, refuse_reparametrization
from .spec import BundleSpec, Number

MAPS = "it is between scalars, and these synapses are of feature maps"
NOT_MAPS = "it is for feature maps, and these synapses are between scalars"


def not_sliding(spec: BundleSpec) -> str | None:
    """Why a convolution cannot run a bundle: it is between scalars, or reads maps in another way; else None."""
    if spec.window is None:
        return NOT_MAPS
    return None if spec.window.slides else f"it slides kernels over maps, and these synapses are {spec.window}"


class Unit(BareModule):
    """What owns the tensors of one bundle (or of one block's neurons) and computes with them.

    Its entries in a state_dict are the network's affair: they are canonical, whatever the layout. Its Parameters stay
    what they were made as: every number has its slot there, so none can be computed from others.
    """

    by_feature = False  # whether `run` would rather have x laid out neuron by neuron in memory
    sealed = False  # whether it has all of its tensors

    def run(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """What the bundle contributes, (batch, outputs), plus the bias where one is given; x is (batch, inputs).

        Feature maps have two dimensions more: (batch, channels, height, width).
        """
        raise NotImplementedError

    def slots(self) -> list[Slots]:
        """Where its numbers live."""
        raise NotImplementedError

    def seal(self) -> None:
        """Have all of its tensors: from now on none is added and none goes."""
        self.keep(sealed=True, _parameters=Sealed(type(self).__name__, self._parameters))

    @property
    def parametrizations(self) -> nn.ModuleDict:
        """None, as torch asks for them; to have one of a tensor is refused."""
        return Unparametrized(self)

    def register_parameter(self, name: str, param: nn.Parameter | None) -> None:
        """Take a Parameter while the unit is made; afterwards there is no place for another."""
        if self.sealed and param is not None and name not in self._parameters:
            refuse_reparametrization(type(self).__name__, f"take a new Parameter {name!r}")
        super().register_parameter(name, param)

    def __delattr__(self, name: str) -> None:
        if self.sealed and (name in self._parameters or name in self._buffers):
            refuse_reparametrization(type(self).__name__, f"give {name!r} away")
        super().__delattr__(name)

    def _save_to_state_dict(self, *_args, **_kwargs) -> None:
        pass

    def _load_from_state_dict(self, *_args, **_kwargs) -> None:
        pass


@dataclass(frozen=True)
class Lowering:
    """One way to run a bundle.

    Parameters
    ----------
    name
        What `lowering=` takes.
    refuses
        Why it cannot run such a bundle, or None where it can.
    cost
        Seconds of a training step, forward and backward, from a `BundleSpec` (of numbers or arrays) and a
        `Calibration`.
    unit
        Makes the unit from (layout, dtype, device), its weights zero.
    rates
        What the cost goes by, shipped beside it.
    portable
        Draws a product that it runs in operators that other programs take; None for the plainest form of its wiring.
    samples
        Sizes at which a machine is timed for those rates: inputs, outputs, density (or a number of equal blocks), rows
        of the batch. None where the lowering has no rival, so that there is nothing to measure.
    on_cuda
        The same for a CUDA device.
    """

    name: str
    refuses: Callable[[BundleSpec], str | None]
    cost: Callable[[BundleSpec, Calibration], Number]
    unit: Callable[[ProductLayout, torch.dtype, torch.device], Unit]
    rates: tuple[Rates, ...] = ()
    portable: PortableForm | None = None
    samples: tuple[Sample, ...] = ()
    on_cuda: tuple[Sample, ...] = ()
