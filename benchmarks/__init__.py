"""Side by side measurements; each file is a command: `python -m benchmarks.graph`."""
