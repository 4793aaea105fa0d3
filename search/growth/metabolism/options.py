"""What can be chosen about a network's metabolism."""

from dataclasses import dataclass

from neurograph.edits.selectors import SELECTORS, Selector, selector
from neurograph.edits.selectors.low_representational_power import MEASURES
from neurograph.edits.support.outgoing import OUTGOING
from neurograph.initializers.newborns import NEWBORN_INITIALIZERS, NewbornInitializer, newborn_initializer

from ...options import MOST_RATE, Checked, of_option, option
from ..options import GrowingOptions

MADE = ("kernel_ridge", "fresh", "gradmax", "firefly")  # initializers whose weights are no copies


@dataclass(frozen=True)
class MetabolismOptions(Checked):
    """When to grow and by how many; the texts below say what each field means.

    A number counts for every population that may grow; a table gives each of them its own.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    populations: tuple[str, ...] | None = option(None, "which populations metabolize; none means every inner one")
    cycle: int = option(5, "length of a metabolism cycle in epochs (Delta c of eq. 1)", least=1)
    first_cycle: int = option(8, "length of the first cycle; the paper wants it longer, the network is new", least=1)
    cycles: str = option(
        "fixed",
        "whether later cycles have that length, or one between it and the first's by the share of newborns (adaptive)",
        choices=("fixed", "adaptive"),
    )
    cool_down: int = option(1, "epochs after an edit that no cycle counts, so that newborns train first", least=0)
    settle: int = option(
        0, "epochs at the end in which nothing is born or eaten, so that what is there settles", least=0
    )
    slope: float = option(0.01, "grow when the loss falls by no more than this an epoch (eq. 1's threshold)")
    rule: str = option(
        "slope",
        "what says at the end of a cycle whether and where to grow: the loss's slope (eq. 1), or what newborns would "
        "add to the natural-gradient score (natural)",
        choices=("slope", "natural"),
    )
    natural_gain: float = option(
        0.1, "grow a population whose newborns would raise the score by more than this share (rule natural)", least=0
    )
    growth: str = option(
        "dynamic", "what sets the number of newborns: c_l alone, or eq. 2", choices=("static", "dynamic")
    )
    variance: str = option(
        "held_out",
        "of which error eq. 2 takes the variance: of held-out training data, or, as in the paper, of the test data",
        choices=("held_out", "test"),
    )
    newborns: int | dict[str, int] = option(
        8, "c_l, the least number of neurons a population grows by", least=0, reach=100_000
    )
    growth_rate: float | dict[str, float] = option(1.0, "theta_l of eq. 2", least=0)
    growth_limit: int | dict[str, int] = option(128, "neurons a population never grows beyond", least=1)
    initializer: str = option(
        "random",
        "newborns' weights: eq. 3, 4 or 5, fresh ones, or by gradient (gradmax, firefly)",
        choices=NEWBORN_INITIALIZERS,
    )
    initializer_options: dict[str, int | float | str] = option(
        {}, "the initializer's own, such as {ridge = 0.1, noise = 0.5} for kernel_ridge"
    )
    outgoing: str = option("zero", "what newborns' outgoing synapses weigh", choices=tuple(OUTGOING))
    noise: float | None = option(
        None,
        "of newborns' incoming weights, in their donors' standard deviations; none means 1 for copies (eq. 3 and 4) "
        "and 0 for weights that are made: eq. 5's, fresh ones and those by gradient",
        least=0,
        reach=MOST_RATE,
    )
    balanced: bool = option(False, "whether newborns' incoming weights are scaled to the variance of eq. 12 and 13")
    autophagy: str = option(
        "low_representational_power", "who is eaten: eq. 9 to 15", choices=lambda: ("none", *SELECTORS)
    )
    autophagy_options: dict[str, int | float | str] = option(
        {}, "the selector's own, such as {alpha = 2.0, beta = 0.01} for weight_distribution, {bins = 16} for density"
    )
    autophagy_level: float = option(0.1, "nu of eq. 14", least=0)
    autophagy_measure: str = option("mean", "what nu is measured in", choices=tuple(MEASURES))
    autophagy_before: bool = option(True, "whether it comes before each proliferation, as in the paper")
    autophagy_every: int = option(
        0, "epochs between autophagies without proliferation; 0 means there are none", least=0
    )
    autophagy_floor: int = option(4, "neurons of a population that are never eaten", least=1)
    autophagy_age: int = option(0, "epochs since its birth in which a neuron is not eaten", least=0)
    observed: int = option(4096, "training examples that activation variances are taken over", least=2)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.noise is None:
            object.__setattr__(self, "noise", 0.0 if self.initializer in MADE else 1.0)
        with of_option("initializer_options"):
            self.newborn_initializer()
        with of_option("autophagy_options"):
            self.selector()

    def newborn_initializer(self) -> NewbornInitializer:
        """Where newborns' weights come from."""
        return newborn_initializer(self.initializer, **self.initializer_options)

    def needs_deltas(self) -> bool:
        """Whether newborns, or where they are born, are chosen by recorded values and deltas."""
        return (
            self.rule == "natural"
            or self.outgoing == "gradient"
            or getattr(self.newborn_initializer(), "needs_deltas", False)
        )

    def selector(self) -> Selector | None:
        """The selector of who is eaten, or None where nobody is."""
        if self.autophagy == "none":
            return None
        eq_14 = {"nu": self.autophagy_level, "measure": self.autophagy_measure}
        own = eq_14 if self.autophagy == "low_representational_power" else {}
        return selector(self.autophagy, **own | self.autophagy_options)


@dataclass(frozen=True)
class MetabolizeOptions(MetabolismOptions, GrowingOptions):
    """All options of `search.metabolize` and `neurograph metabolize`: training and metabolism in one table.

    `variance="test"` turns `watch_test` on, and every event that used it says so.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.variance == "test":
            object.__setattr__(self, "watch_test", True)
