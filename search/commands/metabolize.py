"""`neurograph metabolize`."""

from functools import partial

from search.commands.starting import add_training
from search.growth.metabolism import MetabolizeOptions

add = partial(
    add_training,
    name="metabolize",
    options=MetabolizeOptions,
    hidden=(16, 16),
    help="train a network that grows where it has to (MetaNet)",
)
