"""The parser of the command line: help in groups, and the word that was probably meant."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neurograph.errors import did_you_mean

Add = Callable[[Any], None]
_MARGIN = 20  # columns before what a command does


class Parser(argparse.ArgumentParser):
    """A parser that names the choice, or the flag, that is close to an unknown one."""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            meant = did_you_mean(value, map(str, action.choices or ()))
            raise argparse.ArgumentError(action, f"{error.message}{meant}") from None

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """As argparse does, but for what is said of an unknown flag."""
        given, unknown = self.parse_known_args(args, namespace)
        if unknown:
            flags = _flags(subparsers(self).get(getattr(given, "chosen", ""), self))
            words = [f"{word}{did_you_mean(word.split('=')[0], flags)}" for word in unknown]
            self.error(f"unrecognized arguments: {' '.join(words)}")
        return given


def add_commands(parser: argparse.ArgumentParser, groups: Mapping[str, Sequence[Add]]) -> None:
    """Declare the commands, and list them in the parser's help by group.

    Parameters
    ----------
    parser
        Of the whole command line.
    groups
        Title -> what declares its commands.
    """
    commands = parser.add_subparsers(required=True, metavar="command", dest="chosen", parser_class=Parser)
    commands.help, lines = "one of these; neurograph COMMAND --help says more", []
    for title, adders in groups.items():
        before = len(commands._choices_actions)
        for add in adders:
            add(commands)
        found = commands._choices_actions[before:]
        lines += [f"{title}:", *(f"  {action.dest:<{_MARGIN - 2}}{action.help}" for action in found), ""]
    commands._choices_actions.clear()
    parser.epilog = "\n".join(lines)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def subparsers(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """The parsers of the commands, by name."""
    found: Any = next((a for a in parser._actions if isinstance(a, argparse._SubParsersAction)), None)
    return found.choices if found else {}


def _flags(parser: argparse.ArgumentParser) -> list[str]:
    return [flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")]


def words_of(parser: argparse.ArgumentParser) -> dict[str, tuple[str, ...]]:
    """Each flag of a command, and the words that may follow it, where these are known."""
    return {
        flag: tuple(map(str, getattr(action, "words", None) or action.choices or ()))
        for action in parser._actions
        for flag in action.option_strings
        if flag.startswith("--")
    }
