"""What is read off a graph: statistics, segments, weights as vectors, the history of its neurons."""
