"""Growth in a training loop of one's own: `Grower`, and callbacks for Lightning and Hugging Face's Trainer over it."""

from .grower import Grower

__all__ = ["Grower"]
