"""Populations: many graphs that run, train and change as one program."""
