"""What newborns are held against: every birth in a Parameter of its own, stepped by an optimizer of its own."""

import numpy as np
import torch

Number = tuple[str, int]  # a space's name, and an id or a key in it


def numbers(net) -> list[Number]:
    """Every trained number of a network of scalars."""
    return [(quantity[0], n) for quantity in net.slots.quantities for n in net.slots.numbers(quantity, True).tolist()]


def values(net, pick=lambda p: p) -> dict[Number, float]:
    """What `pick` makes of each Parameter, by number."""
    found = [net.slots.gather(quantity, pick, trained=True).tolist() for quantity in net.slots.quantities]
    return dict(zip(numbers(net), [v for vector in found for v in vector], strict=True))


def set_gradients(net, rng: np.random.Generator, scale: float = 1.0) -> None:
    """Gradients of very different sizes, which mean something else for every number."""
    for quantity in net.slots.quantities:
        size = len(net.slots.numbers(quantity, True))
        drawn = torch.from_numpy(rng.normal(size=size) * 10.0 ** rng.uniform(-3, 1, size) * scale)
        for parameter in net.parameters():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        net.slots.scatter(quantity, drawn, lambda p: p.grad, trained=True)


class Apart:
    """The reference: one Parameter and one optimizer for all that were born together."""

    def __init__(self, make, device: str = "cpu") -> None:
        self.make, self.device, self.births = make, device, []

    def tensor(self, numbers: list[float]) -> torch.Tensor:
        return torch.tensor(numbers, dtype=torch.float64, device=self.device)

    def born(self, net) -> None:
        """Take in what is there now and was not before, and values that an edit wrote (a donor's shared weights)."""
        known = {number for names, _, _ in self.births for number in names}
        now = values(net)
        new = [number for number in now if number not in known]
        for names, parameter, _ in self.births:
            parameter.data = self.tensor([now.get(n, v) for n, v in zip(names, parameter.tolist(), strict=True)])
        if new:
            parameter = torch.nn.Parameter(self.tensor([now[n] for n in new]))
            self.births.append((new, parameter, self.make([parameter])))

    def step(self, gradients: dict[Number, float]) -> None:
        """Step every birth by the gradients of those of it that are alive."""
        for names, parameter, optimizer in self.births:
            parameter.grad = self.tensor([gradients.get(n, 0.0) for n in names])
            optimizer.step()

    def assert_equals(self, net, tolerance=1e-13) -> None:
        """Every number that is alive is where it would be in a Parameter of its own."""
        wanted = {n: v for names, p, _ in self.births for n, v in zip(names, p.tolist(), strict=True)}
        found = values(net)
        wanted = np.array([wanted[n] for n in found])
        np.testing.assert_allclose(np.array(list(found.values())), wanted, rtol=tolerance, atol=tolerance)
