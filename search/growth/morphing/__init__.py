"""CompNet: a trained network gets one more layer, as small as it can be, and trains on."""

from .events import Insertion
from .morph import morph, report
from .options import MorphOptions
from .presets import PRESETS, Preset

__all__ = ["PRESETS", "Insertion", "MorphOptions", "Preset", "morph", "report"]
