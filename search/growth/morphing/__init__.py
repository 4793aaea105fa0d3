"""CompNet: a trained network gets one more layer, as small as it can be, and trains on."""

from search.growth.morphing.events import Insertion
from search.growth.morphing.morph import morph, report
from search.growth.morphing.options import MorphOptions
from search.growth.morphing.presets import PRESETS, Preset

__all__ = ["PRESETS", "Insertion", "MorphOptions", "Preset", "morph", "report"]
