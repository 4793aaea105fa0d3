"""Make a network: one file a family."""

from neurograph.builders.mlp import mlp
from neurograph.builders.random_field import random_field

__all__ = ["mlp", "random_field"]
