"""Evolve a network for XOR from two synapses: wiring by mutation and crossover, weights by gradient.

python examples/evolve_xor.py
"""

import torch
import torch.nn.functional as F
from neurograph.search.evolution import EvolutionOptions, Learning, Policy, evolve, make_toolbox

from neurograph.builders import mlp


def main(generations: int = 30, population: int = 50, seed: int = 0) -> None:
    """Evolve, and print who was found and where it came from."""
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    found = evolve(
        mlp([2, 1], seed=seed),
        lambda one, net: (net(x) - y).square().mean(),
        EvolutionOptions(population, generations, objectives={"error": -1.0}, goal=0.01, seed=seed),
        learning=Learning((x, y), F.mse_loss, steps=30, rate=0.1),
        toolbox=make_toolbox(Policy(activations=("tanh", "relu"), split=0.2, connect=0.3)),
        progress=lambda search, record: print(f"{record['generation']:>3} {record['min'][0]:.4f}", search.best),
    )
    number = found.best.number
    while number in found.ancestry:
        generation, parents, changes = found.ancestry[number]
        print(f"generation {generation}: {number} from {parents or 'the start'} by {', '.join(changes) or 'nothing'}")
        number = parents[0] if parents else -1


if __name__ == "__main__":
    main()
