"""From effects that undo to effects that another graph carries out."""

from collections.abc import Iterable

from neurograph.core.effects.base import Effect
from neurograph.core.effects.past import Past
from neurograph.core.state import GraphState


def forward(graph: GraphState, effects: Iterable[Effect]) -> list[Effect]:
    """The effects that a copy of the graph as it was before would toggle, in order, to become as it is.

    Births carry what was born: read from the graph where it is still alive, else from the death that the same list
    holds.
    """
    past = Past(graph)
    ahead = [turned for effect in reversed(list(effects)) for turned in effect.forward(past)]
    return ahead[::-1]
