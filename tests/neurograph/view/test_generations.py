"""The page of a search: bests, ancestry and small multiples in a real browser."""

import base64
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from neurograph.builders import mlp
from neurograph.errors import FileError, OptionError
from neurograph.view import Best, Bred, Generations, Newer, view_generations
from tests.neurograph.view.histories import HOSTILE


def evolved():
    """Three generations; 5 comes from 2 and 3, 2 from 0, 4 failed."""
    bred = [
        Bred(0, 0, (), 0.5),
        Bred(1, 0, (), 0.9),
        Bred(2, 1, (0,), 0.3, "split: 1 neuron born"),
        Bred(3, 1, (1, 0), 0.6, "crossover"),
        Bred(4, 1, (1,), None, HOSTILE[1]),
        Bred(5, 2, (2, 3), 0.1, "crossover, connect: 1 synapse born"),
    ]
    five = mlp([2, 3, 1])
    newer = Newer(five.keys_of([2, 3, 4]), np.sort(five.arrays().ids)[:4])
    bests = [
        Best(0, 0.5, 0, "one of the first"),
        Best(1, 0.3, 2, "from the best before it by split: 1 neuron born", newer=Newer(), lost=(0, 0)),
        Best(2, 0.3, 2),
        Best(3, 0.1, 5, "from the best before it by crossover", newer=newer, lost=(0, 1)),
    ]
    return Generations(HOSTILE[0], "error", True, "generation", bred, bests, [5, 2], {5: five, 2: mlp([2, 1])})


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    pytest.importorskip("selenium", reason="selenium is not installed")
    from tests.neurograph.view.browsing import chromium

    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    path = view_generations(evolved(), tmp_path_factory.mktemp("pages") / "p.html")
    browser.open(path)
    browser.until("window.neurograph")
    return path


def test_bests_say_what_changed_and_the_living_are_small_pictures(browser, page):
    assert browser.text("#headline") == "3 generations, 6 born, best error 0.1, individual 5"
    cards = [card.split("\n") for card in browser.texts("#bests .one")]
    assert [card[0] for card in cards] == ["gen. 0", "gen. 1", "gen. 2", "gen. 3"]
    assert cards[3][2] == "+3 neurons, +4 −1 synapses" and cards[1][2] == "weights alone differ"
    green = "return document.querySelectorAll('#bests .one:nth-child(4) path[stroke=\"#009e73\"]').length"
    assert browser.run(green) == 2 and browser.text("#newer") == "newer than in the best before it"
    assert cards[1][1] == "0.3" and "by split: 1 neuron born" in cards[1][-1] and cards[2][-1] == "the same"
    living = browser.texts("#living .one")
    assert [card.split("\n")[0] for card in living] == ["#5", "#2"]
    assert "6 neurons, 9 synapses" in living[0]
    assert browser.run("return document.querySelectorAll('#living svg').length") == 2
    assert browser.driver.title.startswith("</script>")  # a name is text
    assert browser.requests() == [page.as_uri()] and browser.complaints() == []


def test_the_ancestry_of_whoever_is_chosen_is_shown(browser, page):
    assert browser.text("#chosen") == "Individual 5"  # the best
    assert [line.split(",")[0] for line in browser.texts("#side li")] == ["#2", "#0"]
    before = browser.pixels()
    x, y = browser.run(
        "document.getElementById('tree').scrollIntoView({block: 'center'});"
        "const box = document.getElementById('tree').getBoundingClientRect();"
        "const [x, y] = app.places.find(([, , number]) => number === 3); return [box.left + x, box.top + y]"
    )
    browser.hover(x, y)
    assert browser.text("#tip") == "#3, generation 1 · error 0.6 · from #1 and #0 · crossover"
    browser.run("document.getElementById('tree').onclick({clientX: arguments[0], clientY: arguments[1]})", x, y)
    assert browser.text("#chosen") == "Individual 3"
    assert [line.split(",")[0] for line in browser.texts("#side li")] == ["#1"]
    assert (abs(before - browser.pixels()).max(axis=2) > 24).sum() > 100
    browser.run("app.choose(4)")
    assert HOSTILE[1] in browser.text("#side") and "failed" in browser.text("#side")
    assert browser.run("return document.querySelectorAll('main img, aside img').length") == 0
    browser.press("t")
    assert browser.pixels()[5, 5].max() < 60
    assert browser.complaints() == []


def saved(browser):
    """What the two buttons save: the drawing's text, and the picture."""
    browser.run(
        "window.saved = [];"
        "HTMLAnchorElement.prototype.click = function () { window.saved.push([this.download, this.href]); };"
        "const made = URL.createObjectURL; URL.createObjectURL = (blob) => { window.blob = blob; return made(blob); };"
    )
    browser.click("#svg")
    lines = browser.driver.execute_async_script("const done = arguments[0]; window.blob.text().then(done)")
    browser.click("#png")
    browser.until("window.saved.length > 1")
    names = browser.run("return window.saved.map(([name]) => name)")
    pixels = browser.run("return window.saved[1][1]").split(",")[1]
    return names, lines, np.asarray(Image.open(io.BytesIO(base64.b64decode(pixels))).convert("RGB")).astype(int)


def test_the_buttons_save_the_bests_and_everyone(browser, page):
    browser.open(page)
    browser.until("window.neurograph")
    (svg, png), lines, pixels = saved(browser)
    assert svg.endswith(".svg") and png == svg.replace(".svg", ".png")
    drawing = ET.fromstring(lines)
    words = ["".join(text.itertext()) for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert words[0] == browser.text("#headline")
    assert {"gen. 0", "gen. 1", "gen. 3", "+3 neurons, +4 −1 synapses"} <= set(words) and "gen. 2" not in words
    green = (abs(pixels - [0, 0x9E, 0x73]).max(axis=2) < 12).sum()
    assert green > 100 and (abs(pixels - pixels[2, 2]).max(axis=2) > 60).mean() > 0.005
    assert browser.complaints() == []


def test_an_address_names_who_was_chosen(browser, page):
    browser.open(page)
    browser.until("window.neurograph")
    browser.run("app.choose(3)")
    address = browser.driver.current_url
    assert address.endswith("#individual=3")
    browser.driver.get("about:blank")
    browser.driver.get(address)
    browser.until("window.neurograph")
    assert browser.text("#chosen") == "Individual 3"
    for odd in ("#individual=99", "#individual=<b>", "#x"):
        browser.driver.get("about:blank")
        browser.driver.get(page.as_uri() + odd)
        browser.until("window.neurograph")
        assert browser.text("#chosen") == "Individual 5"
    assert browser.complaints() == []


def test_generations_without_a_change_share_a_card(browser, tmp_path):
    bests = [Best(g, 0.5 if g < 9 else 0.4, int(g >= 9), "new" if g in (0, 9) else "") for g in range(12)]
    found = Generations("s", "error", True, "generation", [Bred(0, 0, (), 0.5), Bred(1, 9, (0,), 0.4)], bests)
    browser.open(view_generations(found, tmp_path / "p.html"))
    browser.until("window.neurograph")
    heads = [card.split("\n")[0] for card in browser.texts("#bests .one")]
    assert heads == ["gen. 0", "gen. 1 to 8", "gen. 9", "gen. 10 to 11"]


def test_genes_that_changed_are_marked(browser, tmp_path):
    bests = [
        Best(1, 20.0, None, "the first", (0, -1, 2)),
        Best(2, 18.0, None, "gene 2: -1 to 1", (0, 1, 2), (0, -1, 2)),
    ]
    found = Generations("s", "error", True, "cycle", [Bred(0, 1, (), 20.0), Bred(1, 2, (), 18.0)], bests, percent=True)
    browser.open(view_generations(found, tmp_path / "p.html"))
    browser.until("window.neurograph")
    assert browser.text("#headline") == "2 cycles, 2 evaluated, best error 18 %"
    changed = "return [...document.querySelectorAll('#bests .one:nth-child(2) .genes i')].map((i) => i.className)"
    assert browser.run(changed) == ["", "changed", ""]
    assert browser.complaints() == []


def test_of_too_many_those_go_that_nobody_living_comes_from(tmp_path, monkeypatch):
    monkeypatch.setattr("neurograph.view.generations.MOST", 3)
    from neurograph.view.generations import _shown

    assert {one.number for one in _shown(evolved())} == {0, 1, 2, 3, 5}


def test_a_search_that_has_not_begun_and_a_file_that_is_there_are_refused(tmp_path):
    with pytest.raises(OptionError, match="no generation"):
        view_generations(Generations("s", "error", True, "generation", [], []), tmp_path / "p.html")
    (tmp_path / "p.html").write_text("mine")
    with pytest.raises(FileError, match="there already"):
        view_generations(evolved(), tmp_path / "p.html")
