"""Make a network: one file a family."""

from neurograph.builders.enas import enas_macro
from neurograph.builders.lenet import lenet4, lenet5
from neurograph.builders.metanet_cnn import metanet_cnn
from neurograph.builders.mlp import mlp
from neurograph.builders.parameters import parameter_count
from neurograph.builders.random_field import random_field
from neurograph.builders.vgg import vgg

__all__ = ["enas_macro", "lenet4", "lenet5", "metanet_cnn", "mlp", "parameter_count", "random_field", "vgg"]
