"""`python -m neurograph`: the command line, which lives above. With `packages`, the upward imports of the house."""

from importlib import import_module

main = import_module("neurograph.search.cli").main

if __name__ == "__main__":
    raise SystemExit(main())
