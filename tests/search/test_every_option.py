"""Every option of every command, with what it cannot be: refused in words that name it, before anything is written.

The commands, their flags and their options are read off the parser, the registry and the options dataclasses, so that a
new one is tested without another line here.
"""

import argparse
import os
import re
from dataclasses import fields
from types import NoneType
from typing import get_args, get_origin

import numpy as np
import pytest

from neurograph.builders import enas_macro
from neurograph.errors import OptionError
from search import cli
from search.growth import running as growth
from search.growth.metabolism.streaming.options import StreamOptions
from search.methods import METHODS
from search.nhn.layers.space import MacroSpace
from search.nhn.locations.designed import DesignOptions
from search.nhn.pipeline import run as pipeline
from search.nhn.pipeline.options import TABLES, SharedOptions

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
PARSER = cli.make_parser()
COMMANDS = next(a.choices for a in PARSER._actions if isinstance(a, argparse._SubParsersAction))
NOTHING = ("", "nope", "\ud800", "nan", "inf", "-inf", "1e300", "-1e300", "[[1]]", "9" * 5000)  # no option may be these
ALONE = (StreamOptions, MacroSpace, DesignOptions)  # options of what is no training method, nor a stage
NAMES = {tuple: '["nope"]', dict: "{nope = 1}"}  # no population, operation or option of another part


class Begun(BaseException):
    """A run would be begun: all that was asked for was taken."""


@pytest.fixture(autouse=True)
def nothing_begins(monkeypatch, tmp_path):
    """Whoever gets as far as to make a run directory is stopped there; the parser is made once."""

    def began(*_args, **_options):
        raise Begun

    for module in (growth, pipeline):
        monkeypatch.setattr(module, "started_run", began)
    monkeypatch.setattr(cli, "make_parser", lambda: PARSER)
    monkeypatch.chdir(tmp_path)
    graph = enas_macro([["conv3"], ["conv3", 0]], channels=4, segments=1, size=8, inputs=1, initializer="he_normal")
    graph.save("maps.safetensors")


def status_of(words, capsys):
    """The exit status of a command, "begun" where it would begin a run; and what it printed to standard error."""
    try:
        status = cli.main(words)
    except SystemExit as ended:
        status = ended.code
    except Begun:
        status = "begun"
    return status, capsys.readouterr().err


# ------------------------------------------------------------------------------------------- fields of options
def of_methods():
    """(command, its options, the words before an option's value) for every way to train one network."""
    for name, method in METHODS.items():
        start = ["--graph", "maps.safetensors"]
        if method.hidden is not None:
            start = ["--hidden", *["12"] * max(1, len(method.hidden))]
        words = [name, *start, "--data", "digits:60", "--run", "run"]
        yield name, method.options, lambda f, words=words: [*words, "--set", f"{f.name}="]


def of_stages():
    """The same for the tables of `search`."""
    words = ["search", "--preset", "digits", "--data", "digits:300", "--run", "run"]
    for table, options in {"": SharedOptions, **TABLES}.items():
        prefix = f"{table}." if table else ""
        yield f"search {table}", options, lambda f, prefix=prefix: [*words, "--set", f"{prefix}{f.name}="]


def every_option():
    """Each field of each options dataclass, where it is checked otherwise than in a command before."""
    seen = set()
    for command, options, words in (*of_methods(), *of_stages()):
        for number, f in enumerate(fields(options)):
            about = f.name, str(f.type), repr(f.default), repr(sorted(f.metadata.items(), key=str))
            if SOAK or about not in seen or not number:
                seen.add(about)
                yield pytest.param(f, words(f), id=f"{command} {f.name}")


def kinds_of(f):
    """The types that a field may have, lists and tables by what they are."""
    given = (f.type,) if get_origin(f.type) in (tuple, dict) else get_args(f.type) or (f.type,)
    return [get_origin(kind) or kind for kind in given]


def wrong_values(f):
    """Texts that the option cannot be: of no type it has, beyond its bounds and reach, names of nothing."""
    kinds, about = kinds_of(f), f.metadata
    found = [*NOTHING, *(text for kind, text in NAMES.items() if kind in kinds)]
    if not {int, float}.isdisjoint(kinds):
        bounds = [("least", -1), ("most", 1), ("reach", 1), ("above", 0), ("below", 0)]
        found += [repr(about[name] + by) for name, by in bounds if about.get(name) is not None]
        found += ["none"] if NoneType not in kinds else []
    choices = about.get("choices") or ()
    return [text for text in found if text not in (choices() if callable(choices) else choices)]


@pytest.mark.parametrize("f, words", list(every_option()))
def test_what_an_option_cannot_be_is_refused_by_its_name_before_anything_is_written(f, words, capsys, tmp_path):
    for text in wrong_values(f):
        status, said = status_of([*words[:-1], words[-1] + text], capsys)
        assert status == 2, (text[:80], status)
        assert said.startswith("neurograph: ") and f.name in said, (text[:80], said)
        assert len(said) < 2000
        assert [path.name for path in tmp_path.iterdir()] == ["maps.safetensors"]


def test_each_command_alone_would_begin(capsys):
    """So that it is the option which is refused."""
    for _, options, words in (*of_methods(), *of_stages()):
        assert status_of(words(fields(options)[0])[:-2], capsys) == ("begun", "")


CLASSES = dict.fromkeys([*(method.options for method in METHODS.values()), SharedOptions, *TABLES.values(), *ALONE])


def right_values(f):
    """Values that the option may have by itself."""
    about, kinds = f.metadata, kinds_of(f)
    choices = about.get("choices") or ()
    found = [*(choices() if callable(choices) else choices)]
    if bool in kinds:
        found += [False, True]
    for kind in {int, float}.intersection(kinds) if not found else ():
        least = about.get("least", about.get("above", 0)) or 0
        most = about.get("most", about.get("below", about.get("reach", 1000))) or 1000
        found += [
            kind(value) for value in (least, least + 1, least + 5, most, most / 2, 0.5, 3) if kind(value) == value
        ]
    return found + ([None] if NoneType in kinds else [])


@pytest.mark.parametrize("options", CLASSES, ids=lambda options: options.__name__)
def test_options_that_cannot_go_together_are_refused_by_name_and_value(options):
    """In words like epochs=6, or as what that one must be: so that one knows which flag to change."""
    rng = np.random.default_rng(0)
    values = {f.name: right_values(f) for f in fields(options)}
    names = [name for name, found in values.items() if found]
    for _ in range(2000 if SOAK else 300):
        some = rng.choice(names, min(len(names), int(rng.integers(1, 5))), replace=False).tolist()
        given = {name: values[name][rng.integers(len(values[name]))] for name in some}
        try:
            options(**given)
        except OptionError as err:
            assert re.search(rf"\b({'|'.join(values)})(=|: | must| needs)", str(err)), (given, str(err))


# ------------------------------------------------------------------------------------------- flags of commands
def every_flag():
    """Each flag and each word of each command that is no option of a dataclass."""
    for command, parser in COMMANDS.items():
        for action in parser._actions:
            if action.nargs != 0 and not str(action.dest).startswith("option:"):
                yield pytest.param(command, action, id=f"{command} {action.dest}")


def words_with(command, tried, text):
    """A command with a network where it needs one, and one of its words or flags tried."""
    found = [command]
    for action in COMMANDS[command]._actions:
        value = text if action is tried else "maps.safetensors"
        if not action.option_strings:
            found.insert(1, value)
        elif action is tried or action.required:
            found.append(f"{action.option_strings[0]}={value}")
    return found


@pytest.mark.parametrize("text", ["", "nope", "\ud800", "a\0b", "-1", "n" * 5000])
@pytest.mark.parametrize("command, action", list(every_flag()))
def test_a_flag_with_anything_is_taken_or_refused_in_our_words(command, action, text, capsys, tmp_path):
    status, said = status_of(words_with(command, action, text), capsys)
    if status == 2:
        assert "neurograph: " in said or f"neurograph {command}: error: " in said
        assert [path.name for path in tmp_path.iterdir()] == ["maps.safetensors"]
    else:
        assert status in (0, "begun")
        assert text or action.dest == "title"  # what is empty names nothing
