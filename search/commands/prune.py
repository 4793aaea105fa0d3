"""`neurograph prune`."""

from functools import partial

from search.commands.starting import add_training
from search.growth.pruning import PruneOptions

add = partial(
    add_training,
    name="prune",
    options=PruneOptions,
    hidden=(300, 100),
    help="train a network while it loses the synapses that matter least",
)
