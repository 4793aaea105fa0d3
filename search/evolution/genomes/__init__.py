"""What a genome is and what may become of it, of one graph (in the singular) and of all in arrays (in the plural)."""
