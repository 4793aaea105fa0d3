"""Options as frozen dataclasses: checked when made, read from TOML and `key=value`, turned into command-line flags.

A field made by `option` carries its help and its range; `Checked` refuses what lies outside. Everything that takes
options from people goes through `read_options`, so a file, `--set` and a flag mean the same.
"""

from .fields import MOST_NUMBER, MOST_RATE, MOST_SEED, MOST_TEXT, MOST_WHOLE, describe, option
from .reading import of_option, read_config, read_options, read_toml, settled, split_setting, stored
from .values import Checked

__all__ = [
    "MOST_NUMBER",
    "MOST_RATE",
    "MOST_SEED",
    "MOST_TEXT",
    "MOST_WHOLE",
    "Checked",
    "describe",
    "of_option",
    "option",
    "read_config",
    "read_options",
    "read_toml",
    "settled",
    "split_setting",
    "stored",
]
