"""Evolution of whole graphs.

    mutate(graph, rng, Policy(split=0.05, connect=0.1))     # in place, by valid edits
    child = crossover(fitter, other, rng)                   # aligned by innovation
    distance(a, b)                                          # NEAT's

| file | what it is |
|---|---|
| `innovations.py` | what a neuron is known by in every genome of a lineage; genomes aligned by that |
| `policy.py`, `genome.py`, `mutation.py` | rates and limits; what there is to draw from; the changes |
| `crossover.py`, `distance.py` | a child of two; how far two are apart |
"""

from search.evolution.crossover import crossover
from search.evolution.distance import distance
from search.evolution.innovations import mark
from search.evolution.mutation import mutate
from search.evolution.policy import Policy

__all__ = ["Policy", "crossover", "distance", "mark", "mutate"]
