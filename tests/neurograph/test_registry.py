"""Parts by name: ours, those that packages bring, and what becomes of those that cannot be had."""

from importlib.metadata import EntryPoint

import pytest

from neurograph.registry import PluginWarning, Registry

SUM, NO_PART, NO_MODULE = "builtins:sum", "builtins:max", "no_such_module_anywhere:part"


@pytest.fixture
def installed(monkeypatch):
    """A function that pretends packages were installed; counts how often they are asked for."""
    asked = []

    def pretend(**points):
        def found(*, group):
            asked.append(group)
            return [EntryPoint(name, value, group) for name, value in points.items()]

        monkeypatch.setattr("neurograph.registry.entry_points", found)
        return asked

    return pretend


def test_ours_come_first_and_others_in_the_order_of_their_names(installed):
    installed(zeal=SUM, add="operator:add")
    parts = Registry("some.group", {"own": max, "another": min})
    assert list(parts) == ["own", "another", "add", "zeal"]
    assert parts["zeal"] is sum and len(parts) == 4 and "add" in parts and "none" not in parts


def test_nobody_is_asked_for_a_part_of_ours_and_others_once(installed):
    asked = installed(zeal=SUM)
    parts = Registry("some.group", {"own": max})
    assert parts["own"] is max and "own" in parts and not asked
    assert list(parts) == list(parts) == ["own", "zeal"] and asked == ["some.group"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (NO_MODULE, "ModuleNotFoundError"),
        ("builtins:nothing", "AttributeError"),
        (NO_PART, "no such part"),
    ],
)
def test_a_part_that_cannot_be_had_is_left_out_and_the_rest_goes_on(installed, value, why):
    installed(broken=value, zeal=SUM)
    parts = Registry("some.group", {"own": max}, fits=lambda part: part is sum)
    with pytest.warns(PluginWarning, match=f"'broken' of some.group, which is left out: .*{why}"):
        assert list(parts) == ["own", "zeal"]
    with pytest.raises(KeyError):
        parts["broken"]


def test_nobody_takes_a_name_of_ours(installed):
    installed(own=SUM)
    parts = Registry("some.group", {"own": max})
    with pytest.warns(PluginWarning, match="the name 'own' is taken"):
        assert dict(parts) == {"own": max}


def test_variants_come_of_both_sorts(installed):
    installed(zeal=SUM)
    parts = Registry("g", {"own": max}, variants=lambda name, part: {name: part, f"{name}_twice": (part, part)})
    assert list(parts) == ["own", "own_twice", "zeal", "zeal_twice"]


def test_a_package_that_looks_while_it_is_imported_sees_ours(installed, monkeypatch):
    parts = Registry("some.group", {"own": max})
    seen = []

    class Looks(EntryPoint):
        def load(self):
            seen.append(list(parts))
            return sum

    monkeypatch.setattr("neurograph.registry.entry_points", lambda *, group: [Looks("zeal", SUM, group)])
    assert list(parts) == ["own", "zeal"] and seen == [["own"]]


def test_parts_are_lent_for_a_while(installed):
    installed(zeal=SUM)
    parts = Registry("some.group", {"own": max})
    with pytest.raises(KeyError), parts.lending({"lent": min, "own": sum}):
        assert parts["lent"] is min and parts["own"] is sum and list(parts) == ["own", "lent", "zeal"]
        raise KeyError
    assert parts["own"] is max and list(parts) == ["own", "zeal"]
