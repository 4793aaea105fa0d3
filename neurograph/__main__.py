"""`python -m neurograph`: the command line, which lives above. The one upward import of the house."""

from search.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
