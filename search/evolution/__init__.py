"""Evolution of whole graphs: their wiring by mutation and crossover, their weights by gradient in between.

    learning = Learning((x, y), loss, steps=20)
    found = evolve(graph, fitness, EvolutionOptions(population=150), learning=learning, run="runs/xor")
    found.best.graph, found.best.fitness.values, found.logbook, found.ancestry

Beneath it, `Evolution` is asked and told:

    search = Evolution(graph, options, make_toolbox(Policy(split=0.1)))
    for _ in range(generations):
        for one in search.ask():
            one.score((value,))
        search.tell()

And beneath that, verbs over graphs:

    mutate(graph, rng, Policy(split=0.05, connect=0.1))     # in place, by valid edits
    child = crossover(fitter, other, rng)                   # aligned by innovation
    distance(a, b)                                          # NEAT's

| file | what it is |
|---|---|
| `innovations.py` | what a neuron is known by in every genome of a lineage; genomes aligned by that |
| `policy.py`, `genome.py`, `mutation.py` | rates and limits; what there is to draw from; the changes |
| `crossover.py`, `distance.py` | a child of two; how far two are apart |
| `genomes.py`, `vocabulary.py` | many genomes as arrays side by side, and what their numbers stand for |
| `as_graphs.py`, `compiling.py`, `seats.py` | these as graphs and graphs as these; as one program; whose is where |
| `changes.py`, `drawing.py`, `changing.py`, `mutations.py` | what `mutation.py` does, to all of them at once |
| `crossovers.py`, `tied.py`, `distances.py` | what `crossover.py` and `distance.py` do, likewise |
| `breeding.py` | the children of a generation |
| `individual.py`, `selection.py` | individuals as DEAP knows them; tournaments and species |
| `pareto.py`, `diversity.py` | NSGA-II and NSGA-III; lexicase, archives of elites, ageing |
| `options.py`, `strategy.py` | sizes and learning; ask and tell |
| `evaluation.py`, `together.py` | a population trained and scored as one program |
| `problem.py`, `shared_out.py` | what any process can work at; newborns shared out in chunks |
| `evolving.py`, `evolve.py` | an evolution under way; the whole of it, and `resume` |
| `islands.py`; `steady.py`, `arriving.py` | populations that exchange their best; one without generations |
| `ancestry.py`, `progress.py` | who came from whom, from a run directory; what is seen of it |
| `neat.py`, `neat_genes.py` | genomes of neat-python |
| `kept.py`, `bests.py` | an evolution as plain data, and the best of each generation, for run directories |
| `page.py`, `pictures.py` | a run directory as a page, and as pictures |
"""

from .ancestry import Birth, births, line
from .diversity import MapElites, lexicase, youngest
from .evolve import evolve, resume
from .evolving import Evolved, fitness_statistics
from .genomes.crossover import crossover
from .genomes.distance import distance
from .genomes.innovations import mark
from .genomes.mutation import NoMutationError, mutate
from .genomes.neat import from_neat
from .genomes.policy import Policy
from .individual import Individual
from .islands import Islands
from .options import EvolutionOptions, Learning
from .pareto import Nsga3, nsga2
from .problem import Problem
from .selection import Species, tournament
from .showing.pictures import redraw
from .showing.progress import ShowEvolution
from .steady import SteadyState
from .strategy import Evolution, make_toolbox
from .together import Part

__all__ = [
    "Birth",
    "Evolution",
    "EvolutionOptions",
    "Evolved",
    "Individual",
    "Islands",
    "Learning",
    "MapElites",
    "NoMutationError",
    "Nsga3",
    "Part",
    "Policy",
    "Problem",
    "ShowEvolution",
    "Species",
    "SteadyState",
    "births",
    "crossover",
    "distance",
    "evolve",
    "fitness_statistics",
    "from_neat",
    "lexicase",
    "line",
    "make_toolbox",
    "mark",
    "mutate",
    "nsga2",
    "redraw",
    "resume",
    "tournament",
    "youngest",
]
