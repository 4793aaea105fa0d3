"""A graph and its network in step: values back to the graph, edits into the network, optimizer state along."""
