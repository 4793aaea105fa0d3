"""The papers' tables, a command each: `python -m benchmarks.papers self-expanding-mnist`."""
