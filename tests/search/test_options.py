import json
from dataclasses import asdict, dataclass

import pytest

from neurograph.errors import OptionError
from search.options import Checked, option, read_options, settled, stored


@dataclass(frozen=True)
class Options(Checked):
    epochs: int = option(3, "passes", least=0)
    rate: float = option(0.1, "learning rate", above=0, below=1)
    slope: float = option(0.0, "any finite number")
    kind: str = option("a", "which", choices=("a", "b"))
    name: str = option("digits", "any text")
    live: bool = option(False, "switch")
    sizes: tuple[int, ...] = option((16,), "layers", least=1)
    limit: int | dict[str, int] = option(128, "of a population", least=1)
    stop: int | None = option(None, "if at all", least=1)


def test_defaults_stand():
    options = Options()
    assert (options.epochs, options.rate, options.sizes, options.limit, options.stop) == (3, 0.1, (16,), 128, None)


def test_settings_win_over_the_file_and_both_are_read_alike(tmp_path):
    file = tmp_path / "options.toml"
    file.write_text('epochs = 7\nrate = 0.5\nname = "12"\nsizes = [2, 3]\n[limit]\nfirst = 9\n')
    options = read_options(Options, file, ["epochs=8", "live=true", "name=34", "stop=none", "kind=b"])
    assert (options.epochs, options.rate, options.name, options.sizes) == (8, 0.5, "34", (2, 3))
    assert (options.limit, options.live, options.stop, options.kind) == ({"first": 9}, True, None, "b")


def test_settings_may_be_values_or_texts():
    assert read_options(Options, settings={"sizes": [4], "rate": 0.25}).sizes == (4,)
    assert read_options(Options, settings=["limit={first=2}", "sizes=[5, 6]", "stop=4"]) == Options(
        limit={"first": 2}, sizes=(5, 6), stop=4
    )


@pytest.mark.parametrize(("text", "value"), [(".5", 0.5), ("+.5", 0.5), (".5e-1", 0.05), ("1.E-2", 0.01)])
def test_numbers_are_read_as_shells_users_write_them(text, value):
    assert read_options(Options, settings=[f"rate={text}"]).rate == value


@pytest.mark.parametrize("text", [".", ".e1", "0,5", ".5.", "1e", "٫5", ".1e9999"])
def test_what_is_no_number_is_refused_as_it_stands(text):
    with pytest.raises(OptionError, match="rate must be a number"):
        read_options(Options, settings=[f"rate={text}"])


def test_a_whole_number_serves_as_a_number_and_becomes_one():
    @dataclass(frozen=True)
    class Real(Checked):
        x: float = option(1, "a number")

    assert isinstance(Real().x, float)
    assert isinstance(Real(x=3).x, float)


def test_options_come_back_from_json():
    options = Options(sizes=(4, 5), limit={"first": 3}, stop=2, name="12", live=True)
    assert read_options(Options, settings=json.loads(json.dumps(asdict(options)))) == options


@pytest.mark.parametrize(
    ("name", "value", "range_in_words"),
    [
        ("epochs", -1, "at least 0"),
        ("epochs", 1.5, "a whole number"),
        ("epochs", True, "a whole number"),
        ("rate", 0, "above 0"),
        ("rate", 1.0, "below 1"),
        ("rate", float("nan"), "above 0"),
        ("slope", float("inf"), "a number"),
        ("kind", "c", "one of a, b"),
        ("name", 3, "a text"),
        ("live", 1, "true or false"),
        ("sizes", (4, 0), "at least 1"),
        ("sizes", 4, "a list"),
        ("limit", {"first": 0}, "at least 1"),
        ("limit", "many", "a table of names"),
        ("stop", 0, "or none"),
    ],
)
def test_impossible_values_are_refused_naming_option_range_and_value(name, value, range_in_words):
    with pytest.raises(OptionError) as error:
        Options(**{name: value})
    assert str(error.value).startswith(name)
    assert range_in_words in str(error.value)
    assert repr(value) in str(error.value)


def test_unknown_options_and_bad_files_are_refused(tmp_path):
    with pytest.raises(OptionError, match="no option 'epoch'.*epochs"):
        read_options(Options, settings=["epoch=3"])
    with pytest.raises(OptionError, match="no '='"):
        read_options(Options, settings=["epochs"])
    with pytest.raises(OptionError, match=r"missing\.toml"):
        read_options(Options, tmp_path / "missing.toml")
    (tmp_path / "bad.toml").write_text("epochs = = 3")
    with pytest.raises(OptionError, match=r"bad\.toml is not TOML"):
        read_options(Options, tmp_path / "bad.toml")


def test_options_that_came_later_mean_what_was_so_before():
    @dataclass(frozen=True)
    class Options(Checked):
        old: int = option(1, "there from the beginning")
        new: str = option("better", "came later", choices=("better", "worse"), before="worse")

    assert stored(Options, {"old": 3}) == {"old": 3, "new": "worse"}
    assert stored(Options, {"new": "better"}) == {"new": "better"}
    assert settled(Options, asdict(Options(old=3, new="worse"))) == {"old": 3}
    assert settled(Options, asdict(Options())) == {"old": 1, "new": "better"}
