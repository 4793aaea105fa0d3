"""What a neuron and a synapse may carry."""
