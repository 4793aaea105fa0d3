"""Two networks side by side: in a real browser, one timeline that moves both."""

import xml.etree.ElementTree as ET

import pytest

from neurograph.analysis.past import weights_of
from neurograph.builders import mlp
from neurograph.errors import FileError, OptionError
from neurograph.view import Side, beside
from tests.neurograph.view.histories import epochs_on, grown, metrics, trained
from tests.neurograph.view.test_generations import saved


def sides():
    g, moments = grown()
    epochs_on(g)
    fixed = mlp([9, 6, 5, 3], seed=1)
    return Side("grown", g, metrics(), test_error=3.1), Side("fixed", fixed, metrics(8), test_error=4.2), moments


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    pytest.importorskip("selenium", reason="selenium is not installed")
    from tests.neurograph.view.browsing import chromium

    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    one, other, moments = sides()
    return beside(one, other, tmp_path_factory.mktemp("pages") / "two.html"), one.graph, other.graph, moments


def opened(browser, page):
    browser.open(page)
    browser.until("window.neurograph")


def inside(browser, number, script):
    """The result of a function body in which `app` is the state of one of the two."""
    return browser.run(f"return ((app) => {{ {script} }})(app.apps[{number}])")


def test_both_are_drawn_from_disk_without_a_request_or_a_complaint(browser, page):
    path, grown_, fixed, _ = page
    opened(browser, path)
    assert browser.driver.title == "grown beside fixed"
    fewer = f"{len(grown_) - len(fixed)} neurons fewer"
    assert browser.text("#headline").startswith(f"fixed has {fewer}")
    assert browser.text("#headline").endswith("and a test error 1.10 points higher, beside grown")
    heads = browser.texts(".side > p")
    assert heads[0].endswith(f"{len(fixed)} → {len(grown_)} neurons, 5 events, test error 3.10 %")
    assert heads[1].endswith(f"{len(fixed)} neurons, no events, test error 4.20 %")
    for number, graph in enumerate((grown_, fixed)):
        counts = inside(
            browser, number, "return app.stage.container.ownerDocument.getElementById('counts').textContent"
        )
        assert counts.startswith(f"{len(graph)} neurons · {graph.number_of_edges()} synapses")
    assert [address for address in browser.requests() if not address.startswith("about:")] == [path.as_uri()]
    assert browser.complaints() == []
    assert len({tuple(colour) for colour in browser.pixels().reshape(-1, 3)[::7]}) > 50


def test_one_timeline_moves_both_and_says_where_each_is(browser, page):
    path, _, fixed, moments = page
    opened(browser, path)
    browser.run("app.goTo(4.9)")  # after the second event; the fixed one's rows end at epoch 8
    assert [inside(browser, number, "return app.time") for number in (0, 1)] == [4.9, 4.9]
    told = browser.texts("#edit .of")
    error = metrics()[3]["validation_error"]
    assert f"{len(moments[2])} neurons, {moments[2].number_of_edges()} synapses" in told[0]
    assert f"validation error {error:.4g} %" in told[0]
    assert "epoch 4: hidden1 lost 2 (by RemoveNeurons)" in told[0]
    assert f"{len(fixed)} neurons" in told[1] and "epoch 4" not in told[1]
    browser.run("app.goTo(11)")
    assert [inside(browser, number, "return app.time") for number in (0, 1)] == [11, 8]
    browser.press("\ue012")  # arrow left: the event before
    assert browser.run("return app.time") == pytest.approx(10.7)
    inside(browser, 0, "app.setMode('weight'); return 0")  # from within a frame: both
    assert [inside(browser, number, "return app.mode") for number in (0, 1)] == ["weight", "weight"]


def test_a_hover_in_a_sides_row_shows_its_event(browser, page):
    opened(browser, page[0])
    chart = browser.driver.find_element("id", "chart").rect
    place = browser.run("return app.data.sides[0].events[1].at / app.end")
    x = chart["x"] + 44 + place * (chart["width"] - 56)
    browser.hover(x, chart["y"] + chart["height"] - 18 - 30)
    assert browser.text("#tip") == "grown, epoch 4: hidden1 lost 2 (by RemoveNeurons)"
    browser.hover(x, chart["y"] + chart["height"] - 18 - 10)  # the other's row
    assert not browser.driver.find_element("id", "tip").is_displayed()


def test_a_chosen_neuron_is_told_of_in_its_own_frame_with_the_weights_of_the_moment(browser, tmp_path):
    g, kept = trained()
    past = [weights_of(k, e) for e, k in kept.items()]
    opened(
        browser,
        beside(Side("a", g, metrics(8), past=past), Side("b", mlp([9, 6, 5, 3]), metrics(8)), tmp_path / "p.html"),
    )
    browser.run("app.goTo(3.9)")
    panel = inside(
        browser,
        0,
        "app.select({neuron: app.data.names.indexOf('11')});"
        "return app.stage.container.ownerDocument.querySelector('#side .synapse .much').textContent",
    )
    strongest = max((abs(w) for _, _, w in kept[3].in_edges(11, data="weight")))
    assert abs(float(panel.replace("−", "-"))) == pytest.approx(strongest, rel=1e-3)


def test_an_address_brings_both_back(browser, page):
    opened(browser, page[0])
    browser.run("app.goTo(4.9); app.setMode('weight')")
    inside(browser, 0, "app.select({neuron: 12}); return 0")
    inside(browser, 1, "app.stage.sigma.getCamera().setState({x: .4, y: .6, ratio: .5}); return 0")
    assert browser.run(
        "return app.apps.map((one) => !one.stage.container.ownerDocument.getElementById('map').hidden)"
    ) == [False, True]
    browser.until("location.hash.includes('2.at=')")
    address = browser.driver.current_url
    assert "1.neuron=12" in address and "t=4.9" in address
    browser.driver.get("about:blank")
    browser.driver.get(address)
    browser.until("window.neurograph && document.documentElement.dataset.state === 'ready'")
    assert browser.run("return [app.time, app.mode]") == [4.9, "weight"]
    assert inside(browser, 0, "return app.selected.neuron") == 12
    assert inside(browser, 1, "return [app.selected, app.stage.sigma.getCamera().ratio]") == [None, 0.5]
    browser.driver.get("about:blank")
    browser.driver.get(page[0].as_uri() + "#t=x&1.neuron=99999&colour=<b>&2.at=1,2&3.neuron=1")
    browser.until("window.neurograph")
    assert browser.run("return app.time") == browser.run("return app.end")
    assert browser.complaints() == []


def test_the_buttons_save_both_and_the_timeline(browser, page):
    opened(browser, page[0])
    (svg, png), lines, pixels = saved(browser)
    assert (svg, png) == ("grown-beside-fixed.svg", "grown-beside-fixed.png")
    drawing = ET.fromstring(lines)
    words = ["".join(text.itertext()) for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert words[0] == browser.text("#headline")
    assert sum(word.startswith(("grown: ", "fixed: ")) for word in words) == 2 and "epoch" in words
    assert len(drawing.findall("{http://www.w3.org/2000/svg}svg")) == 2
    half = pixels.shape[1] // 2
    for side in (pixels[:, :half], pixels[:, half:]):
        assert (abs(side - pixels[2, 2]).max(axis=2) > 60).mean() > 0.005
    assert browser.complaints() == []


def test_timelines_that_have_nothing_in_common_are_refused(tmp_path):
    by_edits, by_epochs = grown()[0], grown()[0]
    epochs_on(by_epochs)
    with pytest.raises(OptionError, match="no common timeline"):
        beside(Side("a", by_edits), Side("b", by_epochs), tmp_path / "p.html")
    assert not list(tmp_path.iterdir())
    path = beside(Side("a", by_edits), Side("b", mlp([2, 1])), tmp_path / "p.html")
    with pytest.raises(FileError, match="there already"):
        beside(Side("a", by_edits), Side("b", mlp([2, 1])), path)
