"""Passes over arrays that find what can run together: pure functions, no torch, one file a pass."""
