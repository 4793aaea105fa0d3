"""Evolve a controller that balances gymnasium's pole on a cart; without velocities it has to remember.

pip install 'neurograph-compiler[examples]'
python examples/evolve_cartpole.py
python examples/evolve_cartpole.py --partial
"""

import argparse
from typing import Any

import gymnasium
import numpy as np

import compiler
from neurograph import NeuronGraph
from neurograph.builders import mlp
from search.evolution import EvolutionOptions, Evolved, Individual, Part, Policy, Species, evolve, make_toolbox

SCALE = np.array([2.4, 3.0, 0.21, 3.0])  # where an episode ends, and usual speeds
SEEN = {"all": [0, 1, 2, 3], "partial": [0, 2]}  # where the cart is and how fast, the pole's angle and how fast


def balance(net: Any, world: Any, seen: list[int], seed: int) -> float:
    """How many steps, of 500 at most, a network keeps the pole up in one episode."""
    observation, _ = world.reset(seed=seed)
    remembers, state, steps = bool(net.memory), None, 0
    while True:
        row = (observation / SCALE)[seen]
        if remembers:
            (y,), state = net.act(row, *([] if state is None else [state]))
        else:
            (y,) = net.act(row)
        observation, _, fell, over, _ = world.step(int(y > 0))
        steps += 1
        if fell or over:
            return float(steps)


def begin(inputs: int, partial: bool, seed: int) -> NeuronGraph:
    """Inputs joined to the output; without velocities by two neurons too, which read each other's step before."""
    graph = mlp([inputs, 1], seed=seed)
    if partial:
        draw = np.random.default_rng(seed).normal
        hidden = graph.add_population("hidden", 2, activation="tanh", bias=0.0)
        graph.connect("input", hidden, weight=draw(size=(inputs, 2)))
        graph.connect(hidden, hidden, weight=draw(size=(2, 2)), delay=1)
        graph.connect(hidden, "output", weight=draw(size=(2, 1)))
    return graph


def main(
    partial: bool = False, generations: int = 60, population: int = 150, episodes: int = 4, seed: int = 0
) -> Evolved:
    """Evolve until a controller keeps the pole up to the end, and try it on episodes that it has not seen."""
    world, seen = gymnasium.make("CartPole-v1"), SEEN["partial" if partial else "all"]

    def fitness(one: Individual, net: Part) -> float:
        return float(np.mean([balance(net, world, seen, at) for at in range(episodes)]))

    policy = Policy(activations=("tanh",), split=0.05, connect=0.1, recur=0.2 if partial else 0.0, neurons=8, power=1.0)
    toolbox = make_toolbox(policy)
    toolbox.register("select", Species(threshold=2.0))
    found = evolve(
        begin(len(seen), partial, seed),
        fitness,
        EvolutionOptions(population, generations, elite=2, objectives={"steps": 1.0}, goal=500.0, seed=seed),
        toolbox=toolbox,
        progress=lambda search, record: print(f"{record['generation']:>3} {record['max'][0]:.0f}", search.best),
    )
    best = compiler.Actor(found.best.graph)
    steps = [balance(best, world, seen, 1000 + at) for at in range(100)]
    late = sum(1 for *_, delay in found.best.graph.edges(data="delay") if delay)
    print(f"{found.best}, {late} of its synapses read the step before")
    print(f"on 100 new episodes: {np.mean(steps):.0f} steps, {sum(s == 500 for s in steps)} to the end")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--partial", action="store_true", help="without velocities")
    parser.add_argument("--generations", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    main(given.partial, given.generations, seed=given.seed)
