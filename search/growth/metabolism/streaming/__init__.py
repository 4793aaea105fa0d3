"""A network that trains on data that keep coming, and whose neurons die and are born meanwhile."""
