"""What runs: stages, their neurons, and what happens around a forward pass."""
