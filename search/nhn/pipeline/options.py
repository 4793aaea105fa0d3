"""What can be chosen about the pipeline: a table of options for each stage, and what they share."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from neurograph.errors import OptionError, did_you_mean
from neurograph.initializers import INITIALIZERS

from ...executors import ExecutorOptions
from ...growth.options import GrowingOptions
from ...options import MOST_SEED, Checked, describe, option, read_config, read_options, read_toml, split_setting, stored
from ..addons import AddOnOptions
from ..kernels import PruneNetworkOptions
from ..layers import HierarchyOptions
from ..locations import EvolutionOptions
from ..locations.walk import BatchOptions

BEGINNINGS = ("kept", "drawn")


@dataclass(frozen=True)
class SharedOptions(Checked):
    """What holds for every stage unless its own table says otherwise; the texts below say what each field means.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    seed: int = option(0, "of everything random", least=0, reach=MOST_SEED)
    device: str = option("cpu", "where to train, in torch's words: cpu, cuda, cuda:1")
    validation: float = option(
        0.1, "share of the training examples held out; every stage is judged on the same ones", above=0, below=1
    )
    standardise: bool = option(True, "whether each channel's mean and deviation are taken out of the images")
    kernels: tuple[int, ...] = option((3, 5), "sizes of the add-on neurons' kernels", least=1, reach=1024)
    retrain_from: str = option(
        "kept", "weights that the pruned network is trained again from: its own, or drawn anew", choices=BEGINNINGS
    )
    final_from: str = option(
        "kept", "weights that the network with add-ons is trained from: its own, or drawn anew", choices=BEGINNINGS
    )
    initializer: str = option("he_smooth", "of weights that are drawn anew", choices=INITIALIZERS)
    ablations: bool = option(True, "whether the pruned network is also trained on without add-ons, to compare with")


TABLES: dict[str, type[Checked]] = {
    "hierarchy": HierarchyOptions,
    "train": GrowingOptions,
    "prune": PruneNetworkOptions,
    "retrain": GrowingOptions,
    "addons": AddOnOptions,
    "batches": BatchOptions,
    "locations": EvolutionOptions,
    "directions": EvolutionOptions,
    "executor": ExecutorOptions,
    "final": GrowingOptions,
}
_PASSED_ON = ("seed", "device", "validation", "standardise", "initializer")


@dataclass(frozen=True)
class NeuronHierarchyOptions:
    """All options of `search.neuron_hierarchy`; made by `read_stage_options`.

    Parameters
    ----------
    shared
        What holds for all stages.
    hierarchy
        The search for a layer hierarchy.
    train, retrain, final
        Training of the hierarchy that was found, of what pruning left, and of the network with its add-ons.
    prune
        Dynamic pruning of kernels.
    addons, batches, locations, directions
        The supernet of add-ons, what its individuals see, and the two searches over it.
    executor
        Where individuals are evaluated.
    """

    shared: SharedOptions
    hierarchy: HierarchyOptions
    train: GrowingOptions
    prune: PruneNetworkOptions
    retrain: GrowingOptions
    addons: AddOnOptions
    batches: BatchOptions
    locations: EvolutionOptions
    directions: EvolutionOptions
    executor: ExecutorOptions
    final: GrowingOptions

    def plain(self) -> dict[str, Any]:
        """As nested tables, which `read_stage_options` takes back."""
        tables = asdict(self)
        return tables.pop("shared") | tables


def stored_stages(tables: Mapping[str, Any]) -> dict[str, Any]:
    """A pipeline's options as its run wrote them down; see `search.options.stored`."""
    return dict(tables) | {name: stored(cls, tables.get(name, {})) for name, cls in TABLES.items()}


def _of_file(file: str | Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    config = read_config(Path(file))
    return read_toml(Path(file)) if config is None else stored_stages(config["options"])


def read_stage_options(
    file: str | Path | None = None,
    settings: Mapping[str, Any] | Iterable[str] = (),
    preset: Mapping[str, Any] | None = None,
) -> NeuronHierarchyOptions:
    """Options from a preset, a TOML file and settings, the later winning.

    Parameters
    ----------
    file
        TOML: shared options at the top, a table for each stage (`[final]`); or the config.json of a pipeline; or None.
    settings
        A mapping, nested or with names such as "final.epochs"; or texts `final.epochs=10`.
    preset
        Nested tables; see `PRESETS`.

    Raises
    ------
    OptionError
        For a file that cannot be read, a table or an option that does not exist, or a value it may not have.

    Warns
    -----
    UserWarning
        Where an executor of other processes brings sharing=synchronous with it.

    Examples
    --------
    >>> options = read_stage_options(settings=["seed=3", "final.epochs=7"])
    >>> options.final.epochs, options.final.seed, options.prune.seed
    (7, 3, 3)
    """
    given: dict[str, dict[str, Any]] = {"": {}}
    pairs = settings.items() if isinstance(settings, Mapping) else [split_setting(setting) for setting in settings]
    for source in (preset or {}, _of_file(file), dict(pairs)):
        for name, value in _flat(source):
            table, _, key = name.rpartition(".")
            given.setdefault(table, {})[key] = value
    unknown = sorted(set(given) - {"", *TABLES})
    if unknown:
        meant = did_you_mean(unknown[0], TABLES)
        raise OptionError(f"there is no stage {unknown[0]!r}{meant}; there are {', '.join(TABLES)}")
    shared = read_options(SharedOptions, settings=given[""])
    passed = {name: getattr(shared, name) for name in _PASSED_ON}
    switched: list[str] = []
    if given.get("executor", {}).get("executor", "serial") != "serial":  # weights that one leaves to the next cannot
        for name in ("locations", "directions"):  # be shared elsewhere
            if "sharing" not in given.setdefault(name, {}):
                given[name]["sharing"] = "synchronous"
                switched.append(f"{name}.sharing=synchronous")
    made: dict[str, Any] = {}
    for name, cls in TABLES.items():
        known = {f.name for f in fields(cls)}
        settings_of_stage = {key: value for key, value in passed.items() if key in known} | given.get(name, {})
        try:
            made[name] = read_options(cls, settings=settings_of_stage)
        except OptionError as error:
            raise OptionError(f"{name}: {error}") from None
    if switched:
        warnings.warn(
            f"executor={given['executor']['executor']} goes with {' and '.join(switched)}: individuals share weights "
            "otherwise than with executor=serial, whose numbers differ unless it is given the same",
            stacklevel=2,
        )
    return NeuronHierarchyOptions(shared=shared, **made)


def _flat(source: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Names with dots, and values; a table that is an option's own value (such as `ratios`) stays whole."""
    for name, value in source.items():
        if isinstance(value, Mapping) and name in TABLES:
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            yield name, value


def described() -> str:
    """All options, a line each, for `--help`."""
    lines = ["options of all stages:"]
    for name, cls in {"": SharedOptions, **TABLES}.items():
        lines += [f"\n{name}:"] if name else []
        prefix = f"{name}." if name else ""
        lines += [f"  {prefix}{f.name}  {f.metadata['help']} ({describe(f)})" for f in fields(cls)]
    return "\n".join(lines)
