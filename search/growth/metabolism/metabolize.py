"""`metabolize`: train a network that grows where it has to."""

from ..method import Method
from .events import Metabolism, gathered_utility, require_growth
from .options import MetabolizeOptions
from .streaming.run import metabolize_stream

metabolize = Method(
    "metabolize",
    MetabolizeOptions,
    require_growth,
    Metabolism,
    help="train a network that grows where it has to (MetaNet)",
    gathered=gathered_utility,
    hidden=(16, 16),
    on_streams=metabolize_stream,
    open_ended=True,
    about="""Train a network that grows and eats its neurons while it trains (MetaNet, "Metabolize Neural Network").

After each metabolism cycle in which the loss no longer falls (eq. 1), neurons are eaten (eq. 9 to 15), and each
inner population gets newborns (eq. 2) with the weights of others (eq. 3 to 6). The optimizer's state follows.

Where `data` is a stream (`search.streams`) this is `search.metabolize_stream`, with options of its own.""",
    refused="An impossible option; a population that cannot grow; a run directory that is taken.",
    example=""">>> from neurograph.builders import mlp
>>> result = metabolize(mlp([64, 8, 10]), "digits", epochs=12, first_cycle=2, cycle=2, newborns=4, slope=1.0)
>>> len(result.graph.population("hidden1")) > 8
True""",
)

__test__ = {"metabolize": metabolize.example}
