"""Networks with a history, for the tests of the page."""

import numpy as np

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import Proliferate, RemoveNeurons, RemoveSynapses, SplitEdge

HOSTILE = (
    "</script><script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "'\"--><svg onload=document.title=1>{{data}}",
    "\u0001 \u0000 \ud800 `${1}`",
)


def grown() -> tuple[NeuronGraph, list[NeuronGraph]]:
    """A network that grew and lost neurons, and copies of it at the start and after each entry of its journal."""
    g = mlp([9, 6, 5, 3], seed=0)
    moments = [g.copy()]
    for edit in (
        Proliferate("hidden1", 3, seed=1),
        RemoveNeurons([10, 12]),
        SplitEdge(0, 9),
        RemoveSynapses([(1, 9), (2, 9)]),
        Proliferate("hidden2", 2, seed=2),
    ):
        g.apply(edit)
        moments.append(g.copy())
    return g, moments


def trained() -> tuple[NeuronGraph, dict[int, NeuronGraph]]:
    """A network that grew while its weights moved, and copies of it after some epochs, as checkpoints keep them."""
    g, kept = grown()[1][0], {}
    rng = np.random.default_rng(0)
    for epoch in range(1, 8):
        for _, _, data in g.edges(data=True):
            data["weight"] = float(np.float32(data["weight"] + 0.3 * rng.normal()))
        if epoch in (3, 5):
            g.apply(Proliferate("hidden1", 2, "fresh", seed=epoch))
            g.journal[-1].details["event"] = {"kind": "metabolism", "epoch": epoch}
        if epoch % 2:
            kept[epoch] = g.copy()
    return g, kept


def metrics(epochs: int = 12) -> list[dict]:
    """Rows as a run directory keeps them."""
    errors = 60.0 * np.exp(-np.arange(epochs) / 3) + 2
    return [
        {"epoch": at + 1, "train_error": float(e), "validation_error": float(e) + 1, "edit": None}
        for at, e in enumerate(errors)
    ]


def epochs_on(g: NeuronGraph, every: int = 2) -> None:
    """Let the journal's entries say after which epoch they came, as those of a run do."""
    for at, entry in enumerate(g.journal):
        entry.details["event"] = {
            "kind": "metabolism",
            "epoch": every * (at + 1),
            "loss_before": 0.5,
            "loss_after": 0.4,
        }


def hostile() -> NeuronGraph:
    """A network whose names are markup, wherever a file may have one."""
    g = NeuronGraph(name=HOSTILE[3])
    g.add_population(HOSTILE[0], 2, role="input", names=HOSTILE[:2])
    g.add_population(HOSTILE[1], 2, is_output=True, bias=0.0, names=HOSTILE[2:], note=HOSTILE[1])
    g.connect(HOSTILE[0], HOSTILE[1], weight=[[0.5, -0.5], [1.0, 2.0]])
    g.restart_journal()
    g.apply(Proliferate_one())
    return g


class Proliferate_one:
    """An edit whose own name and details are markup."""

    def apply(self, graph: NeuronGraph):
        from neurograph.edits.base import Outcome

        graph.add_neuron(population=HOSTILE[1], bias=1.0)
        return Outcome({"population": HOSTILE[0]}, details={HOSTILE[1]: HOSTILE[0]})
