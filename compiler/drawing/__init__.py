"""A forward pass drawn as plain layers: what is written down of a network in its portable form."""
