"""`python -m neurograph`: the command line, which lives above. With `packages`, the upward imports of the house."""

import sys
from importlib import import_module

try:
    main = import_module("neurograph.search.cli").main
except KeyboardInterrupt:  # the second or so before anything is asked
    print("\nneurograph: stopped", file=sys.stderr)
    raise SystemExit(130) from None

if __name__ == "__main__":
    raise SystemExit(main())
