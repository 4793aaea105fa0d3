"""Steps of gradient descent on the weights that a few individuals use, and on no others."""

import torch
from torch import Tensor, nn

from .options import AddOnOptions
from .sharing import Masks
from .weights import PARTS, SharedWeights


class Descent:
    """Nesterov's method on the connections of some individuals' add-ons (Nesterov 1983; as torch.optim.SGD has it).

    Connections that none of them makes get no gradient and do not decay.

    Parameters
    ----------
    weights
        The shared weights.
    masks
        Of all places and directions that are active.
    options
        Momentum, weight decay, clip.
    """

    def __init__(self, weights: SharedWeights, masks: Masks, options: AddOnOptions) -> None:
        self.options = options
        self.made: list[tuple[nn.Parameter, Tensor | None]] = []
        for place in sorted({place for place, _ in masks}):
            mine = [masks[active] for active in masks if active[0] == place]
            reads, feeds = (torch.stack(side).amax(0) for side in zip(*mine, strict=True))
            for part, mask in zip(PARTS, (reads, None, feeds), strict=True):
                self.made.append((weights.held[place][part], mask))
        momentum = options.momentum
        parameters = [parameter for parameter, _ in self.made]
        self.optimizer = (
            torch.optim.SGD(parameters, lr=1.0, momentum=momentum, nesterov=momentum > 0) if parameters else None
        )

    def step(self, loss: Tensor, rate: float) -> None:
        """One step down; nothing where nobody has an add-on."""
        if self.optimizer is None or not loss.requires_grad:
            return
        self.optimizer.zero_grad()
        loss.backward()
        if self.options.clip:
            nn.utils.clip_grad_norm_([parameter for parameter, _ in self.made], self.options.clip)
        if self.options.weight_decay:
            self._decay()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()

    def _decay(self) -> None:
        with torch.no_grad():
            for parameter, mask in self.made:
                if parameter.grad is not None:
                    held = parameter if mask is None else parameter * mask
                    parameter.grad.add_(held, alpha=self.options.weight_decay)
