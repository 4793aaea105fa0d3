"""What a graph is and how it changes: its state, mutations, effects and journal."""
