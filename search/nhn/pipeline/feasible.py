"""What stages would refuse hours later, asked before the first begins."""

from dataclasses import replace

from neurograph.builders.enas import Gene
from neurograph.errors import EditError, OptionError

from ....compiler.runtime.devices import usable_device
from ...datasets import Dataset, hold_out
from ...executors.cluster import require_scheduler
from ..addons import AddOnOptions, Locations
from ..addons.memory import usable_bytes
from ..kernels.events import has_kernels
from ..layers.estimate import require_memory
from ..layers.space import MacroSpace
from ..locations.walk import Walk
from .options import NeuronHierarchyOptions


def check_stages(options: NeuronHierarchyOptions, data: Dataset) -> None:
    """Refuse options that do not fit the data, the machine or each other.

    Parameters
    ----------
    options
        Of all stages.
    data
        As loaded.

    Raises
    ------
    OptionError
        Naming the stage: data that are no square images of classes, a device that is not there, changes that images
        are too small for, more examples than there are, batches larger than the data, weights shared in line elsewhere;
        a supernet that does not fit into memory; networks without kernels to prune or places for add-ons; a scheduler
        that nobody answers for.
    """
    space = options.hierarchy.space(data)
    split = hold_out(data, options.batches.validation, options.batches.seed)
    for name in ("hierarchy", "train", "prune", "retrain", "final"):
        stage = getattr(options, name)
        with _of(name):
            usable_device(stage.device)
            stage.augmentation().check(tuple(data.input_shape))
    with _of("hierarchy"):
        wanted, count = options.hierarchy.examples, len(data.train_y)
        if wanted > count:
            raise OptionError(f"examples={wanted} is more than the {count} that {data.name} has to train on")
        device = usable_device(options.hierarchy.device)
        require_memory(space, options.hierarchy.batch_size, options.hierarchy.optimizer, device)
    _check_networks(options, space)
    with _of("addons"):
        usable_device(options.addons.device)
        _check_room(options.addons, space)
    with _of("batches"):
        Walk(split, options.batches)
    with _of("executor"):
        if options.executor.executor == "dask":
            require_scheduler(options.executor.address)
    for name in ("locations", "directions"):
        if options.executor.executor != "serial" and getattr(options, name).sharing == "sequential":
            raise OptionError(
                f"{name}: sharing=sequential trains one individual after the other, in this process; "
                f"executor={options.executor.executor} needs sharing=synchronous"
            )


def _check_networks(options: NeuronHierarchyOptions, space: MacroSpace) -> None:
    """Refuse what no network of the space could go through: a thin one of each operation stands for all."""
    thin, failures = replace(space, channels=2, widen=1, stem=0), []
    prune = replace(options.prune, ratios={}, ratio=float(options.prune.ratio == 1))  # of a few kernels others round
    for operation in space.operations:
        graph = thin.graph([Gene(operation, ())] * space.layers)
        try:
            with _of("prune"):
                has_kernels(graph, prune)
        except OptionError as error:
            failures.append(error)
    if len(failures) == len(space.operations):
        raise failures[0]
    try:
        Locations(graph, options.shared.kernels)
    except (OptionError, EditError) as error:
        raise OptionError(f"add-ons: {error}") from None
    largest = 2 * space.image - 1  # beyond, a kernel's rim meets nothing but padding
    if max(options.shared.kernels) > largest:
        raise OptionError(
            f"kernels={options.shared.kernels}: of a kernel more than {largest} wide, maps of {space.image} x "
            f"{space.image} never meet the rim; choose smaller ones"
        )


def _check_room(options: AddOnOptions, space: MacroSpace) -> None:
    """Refuse less memory than the values of the thinnest network take: the images, and one map a layer."""
    maps = space.inputs * space.image**2 + sum(space.side(space.segment(layer)) ** 2 for layer in range(space.layers))
    least = 4 * options.together * options.batch_size * maps
    free = usable_bytes(options, usable_device(options.device))
    if free and free < least:
        raise OptionError(
            f"memory={options.memory:g}, which is {free / 2**30:.3g} GiB here, is less than together="
            f"{options.together} individuals on a batch of batch_size={options.batch_size} take in any network of the "
            f"space, {least / 2**30:.2g} GiB: allow more, or choose smaller ones"
        )


class _of:
    """Puts the stage's name before an error."""

    def __init__(self, stage: str) -> None:
        self.stage = stage

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OptionError):
            raise OptionError(f"{self.stage}: {error}") from None
