"""CompNet: a trained network gets one more layer, as small as it can be, and trains on."""

from search.morphing.events import Insertion
from search.morphing.morph import MORPH, morph, report
from search.morphing.options import MorphOptions
from search.morphing.presets import PRESETS, Preset

__all__ = ["MORPH", "PRESETS", "Insertion", "MorphOptions", "Preset", "morph", "report"]
