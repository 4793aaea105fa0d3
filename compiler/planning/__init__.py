"""From regions to a program: what runs together, by which lowering, at which cost."""
