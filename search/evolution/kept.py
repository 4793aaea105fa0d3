"""An evolution as plain data: what a run directory keeps of it, and the same evolution again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from itertools import count
from typing import Any

from deap import base

from neurograph import NeuronGraph
from neurograph.errors import FileError, NeuroGraphError, OptionError
from neurograph.files.container import Content
from neurograph.files.packing import pack
from neurograph.files.unpacking import unpack

from ..runs.shapes import COUNT, NUMBER, SCORE, TABLE, TEXT, Misfit, check, maybe, need
from .genomes.arrays import Genomes
from .genomes.innovations import odd_innovation
from .genomes.packed import packed, unpacked
from .genomes.vocabulary import Vocabulary
from .individual import Individual
from .options import EvolutionOptions, Learning
from .seats import Seat, gathered

COMMAND = "evolve"
LATER = ("racing", "again", "chunk", "islands", "migration", "migrants", "replacement", "ahead")  # than the first runs
ABOUT = {
    "number": COUNT,
    "parents": [COUNT],
    "changes": [TEXT],
    "failure": maybe(TEXT),
    "species": maybe(COUNT),
    "values": maybe([SCORE]),
}
GRAPH = {"arrays": TABLE, "text": TABLE, "digest": TEXT}
INDIVIDUALS = {"individuals": [TABLE], "genomes": maybe(TABLE)}


def graph_state(graph: Any) -> dict[str, Any]:
    """A graph as arrays and text."""
    content = pack(graph)
    return {"arrays": content.arrays, "text": content.text, "digest": content.digest}


def graph_from(state: Mapping[str, Any]) -> NeuronGraph:
    """A graph again, checked as one that is read from a file."""
    graph = NeuronGraph()
    unpack(Content(**state), graph)
    if odd := odd_innovation(graph):
        raise Misfit(odd)
    return graph


def individual_state(one: Individual) -> dict[str, Any]:
    """An individual as plain data."""
    genome = one.genome
    graph = genome.plain_graph() if isinstance(genome, Seat) else genome
    return _about(one) | {"graph": graph_state(graph)}


def _about(one: Individual) -> dict[str, Any]:
    """All of an individual but its genome."""
    held = {name: getattr(one, name) for name in ("number", "parents", "changes", "failure", "species")}
    held |= {"evaluations": one.evaluations} if one.evaluations > 1 else {}
    return held | {"values": one.fitness.values if one.fitness.valid else None}


def individual_from(state: Mapping[str, Any], fitness: type[base.Fitness]) -> Individual:
    """An individual again; `Misfit` where it is none, or its genome no graph."""
    return _individual(state, fitness, None)


def _individual(state: Any, fitness: type[base.Fitness], genomes: Genomes | None) -> Individual:
    noisy = {"evaluations": COUNT} if isinstance(state, dict) and "evaluations" in state else {}
    check(state, ABOUT | {"graph": TABLE} | noisy, "an individual")
    one = Individual(_genome_of(state, genomes), fitness(), state["number"], state["parents"], state["changes"])
    one.failure, one.species = state["failure"], state["species"]
    one.evaluations = max(1, state.get("evaluations", 1))
    values = state["values"]
    if values is not None:
        wanted = len(one.fitness.weights)
        if len(values) != wanted:
            raise Misfit(f"individual {one.number} has {len(values)} values, for {wanted} objectives")
        one.fitness.values = values
    return one


def _genome_of(state: Mapping[str, Any], genomes: Genomes | None) -> Any:
    """The seat of an individual, or its graph."""
    held, where = state["graph"], f"individual {state['number']}"
    if genomes is not None and "place" in held:
        check(held, {"place": COUNT}, f"the genome of {where}")
        need(held["place"] < len(genomes), f"the genome of {where}", f"is number {held['place']} of {len(genomes)}")
        return Seat(genomes, held["place"])
    check(held, GRAPH, f"the genome of {where}")
    try:
        return graph_from(held)
    except NeuroGraphError as error:
        raise Misfit(f"the genome of {where}: {error}") from None


def individuals_state(individuals: Sequence[Individual]) -> dict[str, Any]:
    """Individuals as plain data, those in arrays side by side."""
    seats = [one.seat for one in individuals if one.seat is not None]
    genomes = gathered(seats, seats[0].genomes.words) if seats else None
    places, held = count(), []
    for one in individuals:
        graph = graph_state(one.graph) if one.seat is None else {"place": next(places)}
        held.append(_about(one) | {"graph": graph})
    return {"individuals": held, "genomes": None if genomes is None else packed(genomes)}


def individuals_from(state: Any, fitness: type[base.Fitness], words: Vocabulary | None = None) -> list[Individual]:
    """Individuals again, in the words of a search; `FileError` where they are none."""
    if isinstance(state, list):  # as runs have it that knew no arrays
        return [individual_from(held, fitness) for held in state]
    check(state, INDIVIDUALS, "individuals")
    genomes = None if state["genomes"] is None else unpacked(state["genomes"], words or Vocabulary())
    return [_individual(held, fitness, genomes) for held in state["individuals"]]


def settings(options: EvolutionOptions, learning: Learning | None) -> dict[str, Any]:
    """What a search is, as plain JSON; functions and data aside."""
    held = asdict(options)
    held["objectives"] = [[name, float(weight)] for name, weight in options.objectives.items()]
    for field in fields(options):
        if field.name in LATER and held[field.name] == field.default:
            del held[field.name]  # as runs of before have it
    if learning is not None:
        rates = {name: getattr(learning, name) for name in ("steps", "rate", "batch", "inheritance")}
        rates |= {name: budget for name in ("flops", "seconds") if (budget := getattr(learning, name)) is not None}
        rates |= {"time": True} if learning.time else {}
        held["learning"] = rates | {"rows": len(learning.tensors[0])}
    return held


def options_from(plain: Any) -> EvolutionOptions:
    """The options that `settings` made plain; `FileError` where they are none."""
    names = {field.name for field in fields(EvolutionOptions)}
    known = {name: value for name, value in plain.items() if name != "learning"}
    if odd := next((name for name in known if name not in names), None):
        raise Misfit(f"options has an entry {odd!r:.60}, which is no option of an evolution")
    check(known.get("objectives"), [(TEXT, NUMBER)], "options.objectives")
    try:
        named: dict[str, Any] = known | {"objectives": dict(known["objectives"])}
        return EvolutionOptions(**named)
    except OptionError as error:
        raise Misfit(f"options: {error}") from None


def check_settings(path: Any, config: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse, by `FileError`, to go on with a run of another search; more generations are no other search."""
    if config.get("command") != COMMAND:
        raise FileError(f"{path} is a run of {config.get('command')!r}, not an evolution")
    found = config["options"]
    for name in (*wanted, *found):
        there, here = found.get(name), wanted.get(name)
        if name not in ("generations", "goal") and there != here:
            raise FileError(f"{path} is a run of another search: its {name} is {there!r}, and this one's {here!r}")
