"""Location-direction search: where add-on neurons go and whom they connect, by evolution over shared weights.

    task = add_on_task("pruned.safetensors", "cifar10")           # plain data: any process can build what it names
    found = search(task, EvolutionOptions(), run="runs/search")   # resume("runs/search") goes on with it
    found.best.genome, found.best.error

    grown = locate_and_direct(task, run="runs/lds")               # algorithm 1 whole: locations, then directions
    grown.graph, grown.error, grown.bare_error

Beneath it, `Evolution` is asked and told:

    strategy = Evolution(space, options)
    for _ in range(options.cycles):
        individuals = strategy.ask()
        strategy.tell([Score(error, loss) for ... in individuals])

| file | what it is |
|---|---|
| `genes.py`, `individual.py` | spaces and genomes; individuals as DEAP knows them |
| `operators.py`, `toolbox.py` | mating, mutation and draws; DEAP's toolbox, in which each can be replaced |
| `answered.py` | what operators answer, checked |
| `options.py`, `strategies.py` | what can be chosen; ask and tell: evolution, and random search at equal budget |
| `turns.py`, `sharing.py` | what evaluators are asked and answer; a cycle, weights shared in line or from a snapshot |
| `loop.py`, `found.py`, `progress.py`, `picture.py` | the search, its result, what a person sees of it |
| `walk.py`, `supernet.py` | data as numbered batches; the evaluator over a supernet of add-on neurons |
| `objectives.py`, `surrogate.py`, `designed.py` | objectives by name; what a place is worth; search by that |
| `ranks.py` | whether a fitness ranks as long training does |
| `lds.py`, `ablations.py` | both searches in a row; what the paper's discussion takes away |
"""

from .ablations import compare_strategies, neighbours, perturb, total_ablation, without_add_ons
from .designed import Designed, DesignOptions, design
from .found import Found, RankedIndividual
from .genes import ABSENT, Genome, Seeds, Space, Table
from .individual import Individual
from .lds import AddOnsFound, locate_and_direct
from .loop import Searching
from .objectives import front, hypervolume
from .options import PAPER, EvolutionOptions
from .ranks import Agreement, agreement
from .redraw import redraw
from .searches import resume, search
from .strategies import STRATEGIES, Evolution, RandomSearch, Score
from .supernet import add_on_task
from .toolbox import make_toolbox
from .turns import Evaluator, Result, Turn
from .walk import BatchOptions

__all__ = [
    "ABSENT",
    "PAPER",
    "STRATEGIES",
    "AddOnsFound",
    "Agreement",
    "BatchOptions",
    "DesignOptions",
    "Designed",
    "Evaluator",
    "Evolution",
    "EvolutionOptions",
    "Found",
    "Genome",
    "Individual",
    "RandomSearch",
    "RankedIndividual",
    "Result",
    "Score",
    "Searching",
    "Seeds",
    "Space",
    "Table",
    "Turn",
    "add_on_task",
    "agreement",
    "compare_strategies",
    "design",
    "front",
    "hypervolume",
    "locate_and_direct",
    "make_toolbox",
    "neighbours",
    "perturb",
    "redraw",
    "resume",
    "search",
    "total_ablation",
    "without_add_ons",
]
