"""Optimizer state per synapse and per neuron: over a refresh, and in files."""
