"""`neurograph expand`."""

from functools import partial

from search.commands.starting import add_training
from search.growth.expansion import PRESETS, ExpandOptions

add = partial(
    add_training,
    name="expand",
    options=ExpandOptions,
    hidden=(),
    help="train a network whose synapses become neurons where they have to",
    presets=PRESETS,
)
