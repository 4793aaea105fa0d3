"""What can be chosen about how a network expands."""

from dataclasses import dataclass

from neurograph.edits.expand import CONNECTED, RULES, Expand
from neurograph.schema.activations import ACTIVATIONS

from ...options import MOST_RATE, Checked, option
from ..options import GrowingOptions
from .metrics import METRICS


@dataclass(frozen=True)
class ExpansionOptions(Checked):
    """Where, when and how to expand; the texts below say what each field means.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    into: tuple[str, ...] | None = option(
        None, "populations whose incoming synapses may be chosen; none means every one"
    )
    metric: str = option("gradient_absolute", "what synapses are chosen and pruned by", choices=METRICS)
    threshold: float = option(0.5, "score, 0 to 1 within a layer, from which a synapse is chosen", least=0, most=1)
    most: int = option(32, "synapses that one expansion replaces, at most: those of the highest scores", least=1)
    most_each: int = option(0, "of these, how many may lead to the same neuron; 0 means any number", least=0)
    skip_frozen: bool = option(False, "whether a metric of gradients passes over frozen synapses, else it refuses them")
    observed: int = option(4096, "training examples that the metric is taken over", least=1)
    window: int = option(3, "changes of the loss, one an epoch, whose mean is looked at", least=1)
    change: float = option(0.02, "expand when the mean absolute change of the loss is below this", least=0)
    pause: int = option(5, "epochs at least between two expansions, and before the first", least=1)
    expansions: int = option(3, "at most", least=0)
    settle: int = option(5, "epochs at the end in which nothing expands", least=0)
    prune_after: int = option(3, "epochs after an expansion, excess newborn synapses go; 0 means never", least=0)
    prune_threshold: float = option(
        0.02, "score up to which a newborn synapse is in excess; those born with a weight are spared", least=0, most=1
    )
    rule: str = option("exact", "what replaces a synapse; see neurograph.edits.Expand", choices=tuple(RULES))
    connected: str = option("event", "whom newborns are connected to besides their own two", choices=CONNECTED)
    neurons: int = option(1, "new neurons for each synapse", least=1, reach=10_000)
    noise: float = option(1e-8, "upper end of the newborns' other weights", least=0, reach=MOST_RATE)
    newborn_activation: str | None = option(None, "of the new neurons, with rule authors", choices=ACTIVATIONS)
    newborn_bias: float | None = option(0.0, "of the new neurons; none means they have none", reach=MOST_RATE)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.edit([(0, 1)], 0)  # refuses what the edit would

    def edit(self, synapses: list, seed: int, positive_inputs: bool = False) -> Expand:
        """The edit that replaces these synapses; whether inputs are never negative is for rule "by_sign"."""
        how = self.rule, self.connected, self.neurons, self.noise, self.newborn_activation, self.newborn_bias
        return Expand(synapses, *how, seed=seed, positive_inputs=positive_inputs)


@dataclass(frozen=True)
class ExpandOptions(ExpansionOptions, GrowingOptions):
    """All options of `search.expand` and `neurograph expand`: training and expansion in one table."""
