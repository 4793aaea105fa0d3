"""Neuron hierarchical networks: layers found, pruned to neurons, add-on neurons placed by evolution."""
