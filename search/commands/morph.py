"""`neurograph morph`."""

from functools import partial

from search.commands.starting import add_training
from search.growth.morphing import PRESETS, MorphOptions, report

add = partial(
    add_training,
    name="morph",
    options=MorphOptions,
    hidden=(32,),
    help="insert a layer, as small as it can be, into a network (CompNet)",
    presets=PRESETS,
    report=lambda result: report(result.graph),
)
