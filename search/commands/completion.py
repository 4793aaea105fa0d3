"""`neurograph completion`: a script by which a shell completes commands, flags and their words."""

import argparse
from typing import Any

from .parsing import words_of

SHELLS = ("bash", "zsh", "fish")


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "completion",
        help="print a script by which a shell completes these commands",
        description='For bash and zsh: eval "$(neurograph completion bash)" in ~/.bashrc, or zsh in ~/.zshrc. '
        "For fish: neurograph completion fish | source.",
    )
    parser.add_argument("shell", choices=SHELLS, help="which shell")
    parser.set_defaults(command=_run, commands=commands)


def _run(given: argparse.Namespace) -> None:
    print(script(given.shell, given.commands.choices))


def script(shell: str, commands: Any) -> str:
    """The script for a shell.

    Parameters
    ----------
    shell
        One of `SHELLS`.
    commands
        The parsers by name.
    """
    known = {name: words_of(parser) for name, parser in commands.items()}
    if shell == "fish":
        return "\n".join(_fish(known))
    zsh = ["autoload -U +X compinit bashcompinit && compinit && bashcompinit"] if shell == "zsh" else []
    return "\n".join([*zsh, *_bash(known)])


def _bash(known: dict[str, dict[str, tuple[str, ...]]]) -> list[str]:
    lines = [
        "_neurograph() {",
        '    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=""',
        '    if [ "$COMP_CWORD" -eq 1 ]; then',
        f'        COMPREPLY=($(compgen -W "{" ".join(known)} --help --version" -- "$word"))',
        "        return",
        "    fi",
        '    case "${COMP_WORDS[1]} $before" in',
    ]
    for command, flags in known.items():
        for flag, words in flags.items():
            if words:
                lines.append(f'        "{command} {flag}") words="{" ".join(words)}" ;;')
    lines += [
        "    esac",
        '    if [ -z "$words" ] && [ "${word#-}" != "$word" ]; then',
        '        case "${COMP_WORDS[1]}" in',
    ]
    lines += [f'            {command}) words="{" ".join(flags)}" ;;' for command, flags in known.items()]
    return [
        *lines,
        "        esac",
        "    fi",
        '    if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$word"))',
        '    else COMPREPLY=($(compgen -f -- "$word")); fi',
        "}",
        "complete -o filenames -F _neurograph neurograph",
    ]


def _fish(known: dict[str, dict[str, tuple[str, ...]]]) -> list[str]:
    lines = [f'complete -c neurograph -n __fish_use_subcommand -f -a "{" ".join(known)}"']
    for command, flags in known.items():
        for flag, words in flags.items():
            line = f'complete -c neurograph -n "__fish_seen_subcommand_from {command}" -l {flag[2:]}'
            lines.append(f'{line} -x -a "{" ".join(words)}"' if words else line)
    return lines
