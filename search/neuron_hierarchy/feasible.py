"""What stages would refuse hours later, asked before the first begins."""

from compiler.devices import usable_device
from neurograph.errors import OptionError
from search.datasets import Dataset, hold_out
from search.evolution.walk import Walk
from search.neuron_hierarchy.options import NeuronHierarchyOptions


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
        are too small for, more examples than there are, batches larger than the data, weights shared in line elsewhere.
    """
    options.hierarchy.space(data)
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
    with _of("addons"):
        usable_device(options.addons.device)
    with _of("batches"):
        Walk(split, options.batches)
    for name in ("locations", "directions"):
        if options.executor.executor != "serial" and getattr(options, name).sharing == "sequential":
            raise OptionError(
                f"{name}: sharing=sequential trains one individual after the other, in this process; "
                f"executor={options.executor.executor} needs sharing=synchronous"
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
