"""`neurograph train`."""

from functools import partial

from search.commands.starting import add_training
from search.growth.method import GrowingOptions

add = partial(
    add_training,
    name="train",
    options=GrowingOptions,
    hidden=(16, 16),
    help="train a network that stays as it is",
)
