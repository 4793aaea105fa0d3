"""The page in a real browser: what stands on the screen, and what clicks and keys do."""

import base64
import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("selenium", reason="selenium is not installed")

from neurograph import NeuronGraph
from neurograph.analysis.examples import Examples
from neurograph.analysis.observations import Observations
from neurograph.analysis.past import weights_of
from neurograph.builders import metanet_cnn, mlp, random_field
from tests.neurograph.view.browsing import NO_WEBGL, chromium
from tests.neurograph.view.histories import HOSTILE, epochs_on, grown, hostile, metrics, trained


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def run_page(tmp_path_factory):
    """A network that grew, with errors: as `neurograph view RUN` makes it."""
    g, moments = grown()
    epochs_on(g)
    return g.view(tmp_path_factory.mktemp("pages") / "run.html", metrics=metrics(), title="A run"), g, moments


RESET = """
document.activeElement.blur(); app.pause(); app.select(null); app.setMode('weight'); app.setShare(1);
app.goTo(app.data.timeline.end);
app.stage.sigma.getCamera().setState({x: 0.5, y: 0.5, ratio: 1});
"""


@pytest.fixture
def run(browser, run_page):
    """The page of the run as it is when opened, which it is once for all the tests that only look at it."""
    if browser.driver.current_url != run_page[0].as_uri():
        browser.open(run_page[0])
    browser.run(RESET)
    return browser


def changed(before, after):
    """How many pixels differ by more than dithering would."""
    return int((abs(before - after).max(axis=2) > 24).sum())


def counts(g):
    return f"{len(g):,} neurons · {g.number_of_edges():,} synapses"


def test_it_opens_from_disk_without_a_request_or_a_complaint(run, run_page):
    path, g, _ = run_page
    run.open(path)
    assert run.driver.title == "A run"
    assert run.text("#title") == "A run"
    assert run.text("#counts").startswith(counts(g))
    labels = dict(line.split("\n") for line in run.texts(".label"))
    assert labels == {name: str(len(members)) for name, members in g.populations.items()}
    assert run.requests() == [path.as_uri()]
    assert run.complaints() == []
    assert len({tuple(colour) for colour in run.pixels().reshape(-1, 3)[::7]}) > 50  # something is drawn


def test_it_opens_on_growth_with_the_numbers_of_the_journal(browser, run_page):
    path, g, moments = run_page
    browser.open(path)
    born = sum(len(entry.neurons_born) for entry in g.journal)
    died = sum(len(entry.neurons_died) for entry in g.journal)
    assert browser.text("#headline") == f"{len(g) - born + died} → {len(g)} neurons, {len(g.journal)} events"
    assert len(moments[0]) == len(g) - born + died
    assert browser.run("return app.mode") == "origin"
    colours = browser.run("return Array.from(app.model.born, (_, i) => app.neuronColour(i))")
    first = browser.run("return Array.from(app.model.born, (b) => b < -1e8)")
    grey = browser.run("return app.palette.origin[0]")
    assert [colour == grey for colour in colours] == first
    widths = browser.run("return app.model.widths.map((w) => [...w])")
    assert [list(column) for column in zip(*widths, strict=True)] == [
        [
            len(m.population(p["name"])) if p["name"] in m.populations else 0
            for p in browser.run("return app.data.populations")
        ]
        for m in moments
    ]


def test_a_hover_over_a_mark_shows_the_event_as_a_sentence(run):
    chart = run.driver.find_element("id", "chart")
    box = chart.rect
    place = run.run("return app.model.events[1].at / app.data.timeline.end")
    run.hover(box["x"] + 44 + place * (box["width"] - 56), box["y"] + box["height"] - 28)
    assert run.text("#tip") == "epoch 4: hidden1 lost 2 (by RemoveNeurons)"


def test_events_without_births_or_deaths_are_folded_away(browser, tmp_path):
    g, _ = grown()
    g.nodes[12 if 12 in g else 11]["activation"] = "tanh"
    browser.open(g.view(tmp_path / "p.html"))
    browser.run("app.tab = 'Journal'; app.select(null)")
    assert len(browser.texts("#side > div > .rows .event")) == 5
    assert browser.text("#side summary") == "1 event without births or deaths"
    assert browser.text("#headline").endswith(", 5 events")


def test_a_click_tells_of_a_neuron(run, run_page):
    _, g, _ = run_page
    number = run.run("return app.data.names.indexOf('11')")
    run.click_neuron(number)
    assert run.text("#chosen") == "Neuron 11"
    side = run.text("#side")
    assert "hidden1, neuron 3 of 9" in side
    assert "relu" in side
    assert "there from the start" in side
    assert run.texts("#side h3") == [
        f"Incoming\n{g.in_degree[11]} synapses",
        f"Outgoing\n{g.out_degree[11]} synapses",
    ]
    strongest = max(g.in_edges(11, data="weight"), key=lambda edge: abs(edge[2]))
    first = run.texts("#side .synapse")[0].split("\n")
    assert first[0] == str(strongest[0])
    assert float(first[1].replace("−", "-")) == pytest.approx(strongest[2], rel=1e-3)
    run.press("\ue00c")  # escape
    assert run.text("#side h2") == "Network"


def test_a_newborn_tells_where_it_came_from_and_a_click_goes_there(run, run_page):
    _, g, _ = run_page
    born, heir = g.journal[0].neuron_heirs[0]
    run.run("app.select({neuron: app.data.names.indexOf(arguments[0])})", str(g.names_of([born])[0]))
    assert "Proliferate hidden1, epoch 2" in run.text("#side")
    assert f"heir of {heir}" in run.text("#side").replace("\n", " ")
    run.click("#side dd .link")
    assert run.text("#edit .sentence") == "epoch 2: hidden1 gained 3 (by Proliferate)"
    assert run.text("#moment") == "epoch 2"


def test_time_shows_every_moment_as_it_was(run, run_page):
    _, _, moments = run_page
    run.run("app.goTo(0)")
    assert run.text("#counts").startswith(counts(moments[0]))
    assert run.text("#edit b") == "At the start"
    seen = [run.pixels()]
    for then in moments[1:]:
        run.press("\ue014")  # arrow right
        assert run.text("#counts").startswith(counts(then))
        seen.append(run.pixels())
    assert all(changed(a, b) > 40 for a, b in pairwise(seen))
    run.press("\ue012")  # arrow left
    assert run.text("#counts").startswith(counts(moments[-2]))
    assert "2 neurons born" in run.text("#edit") or "synapses died" in run.text("#edit")


def test_it_plays_and_stops_at_the_end(run):
    run.run("app.goTo(0)")
    run.run("app.data.timeline.end; document.getElementById('play').click()")
    run.until("window.neurograph.time > 0.5")
    assert run.text("#play") == "Pause"
    run.run("app.goTo(11.9)")
    run.until("!window.neurograph.playing")
    assert run.run("return app.time") == 12
    assert run.text("#play") == "Play"
    assert run.complaints() == []


def test_a_drag_on_the_chart_moves_the_time(run):
    chart = run.driver.find_element("id", "chart")
    chart.click()  # its middle
    assert 5 < run.run("return app.time") < 7
    assert chart.get_attribute("aria-valuetext") == run.text("#moment")


def test_the_slider_hides_weak_synapses(run):
    before, every = run.pixels(), run.run("return app.stage.drawn")
    run.press("[", "[", "[", "[")
    assert run.text("#shown") == "strongest 15 %"
    few = run.run("return app.stage.drawn")
    assert few == pytest.approx(every * 0.1526, abs=8)
    living = int(run.text("#counts").split(" · ")[2].removesuffix(" drawn one by one"))
    assert few * 0.6 < living <= few  # what died is drawn while it fades
    assert changed(before, run.pixels()) > 100
    slider = run.driver.find_element("id", "share")
    run.run("const s = document.getElementById('share'); s.value = 0; s.dispatchEvent(new Event('input'))")
    assert slider.get_attribute("value") == "0"
    assert run.run("return app.stage.drawn") == every
    assert changed(before, run.pixels()) < 20


def test_search_finds_neurons_and_populations(run):
    run.press("/", "hid")
    assert [line.split("\n")[0] for line in run.texts("#found li")] == ["hidden1", "hidden2", "input-hidden1"]
    run.press("\ue015", "\ue007")  # down, enter
    assert run.text("#chosen") == "hidden2"
    run.press("/", "20", "\ue007")
    assert run.text("#chosen") == "Neuron 20"
    run.press("/", "no such thing")
    assert run.texts("#found li") == ["Nothing has that name."]


def test_keys_walk_from_neuron_to_neuron(run):
    run.run("app.select({neuron: app.data.names.indexOf('9')})")
    run.press("\ue015")  # down: the next of its population that lives; 10 died
    assert run.text("#chosen") == "Neuron 11"
    run.press("\ue013")
    assert run.text("#chosen") == "Neuron 9"
    before = run.run("return app.stage.sigma.getCamera().ratio")
    run.press("+")
    run.until(f"window.neurograph.stage.sigma.getCamera().ratio < {before * 0.9}")


@pytest.mark.parametrize("mode", ["origin", "population"])
def test_colours_by_origin_and_population(run, mode):
    before = run.pixels()
    run.run(
        "const m = document.getElementById('mode'); m.value = arguments[0]; m.dispatchEvent(new Event('change'))", mode
    )
    assert changed(before, run.pixels()) > 300
    assert run.texts("#legend")[0].startswith({"origin": "there from the start", "population": "input"}[mode])


def test_dark_and_light_follow_the_system_and_the_button(browser, run_page):
    browser.open(run_page[0], theme="dark")
    dark = browser.pixels()
    assert dark[5, 5].max() < 40
    browser.press("t")
    assert browser.pixels()[5, 5].min() > 220


def test_colours_by_gradient_where_they_are_given(browser, tmp_path):
    g = mlp([6, 5, 3], seed=0)
    ids = np.sort(g.arrays().ids)
    size = np.arange(1.0, len(ids) + 1)
    seen = Observations(np.sort(g.keys_of(list(g))), np.zeros(14), np.ones(14), ids, size, size, size)
    browser.open(g.view(tmp_path / "p.html", observations=seen))
    before = browser.pixels()
    browser.press("c", "c")
    assert browser.run("return app.mode") == "gradient"
    assert browser.text("#legend").startswith("small mean gradient")
    assert changed(before, browser.pixels()) > 100
    browser.run("app.select({neuron: 8})")
    assert "Activation variance" in browser.text("#side")


def test_names_from_a_file_never_become_markup(browser, tmp_path):
    browser.open(hostile().view(tmp_path / "p.html"))
    before = browser.driver.title
    for number in range(5):
        browser.run("app.select({neuron: arguments[0]})", number)
    assert browser.run("app.select({neuron: app.data.names.indexOf(arguments[0])}); return 1", HOSTILE[1]) == 1
    assert browser.text("#chosen") == HOSTILE[1]
    browser.run("app.select({population: app.data.populations[0]})")
    assert browser.text("#chosen") == HOSTILE[0]
    browser.run("app.select({bundle: app.data.bundles[0]}); app.tab = 'Journal'")
    browser.run("app.select(null); app.goTo(0); app.goTo(9)")
    assert HOSTILE[1] in browser.text("#edit")
    browser.press("/", "img")
    assert HOSTILE[1] in browser.texts("#found li")[0]
    assert (
        browser.run(
            "return document.querySelectorAll('main img, main script, aside img, aside svg, header img').length"
        )
        == 0
    )
    assert browser.driver.title == before
    assert browser.complaints() == []


def test_bundles_of_many_synapses_are_ribbons_until_they_are_opened(browser, tmp_path):
    g = mlp([64, 60, 40, 10], seed=0)
    browser.open(g.view(tmp_path / "p.html"))
    assert browser.text("#counts") == f"{len(g)} neurons · 6,640 synapses · 400 drawn one by one"
    assert browser.text(".note").startswith("2 bundles are drawn whole")
    before = browser.pixels()
    browser.run("app.select({bundle: app.data.bundles[0]})")
    assert browser.text("#chosen") == "input → hidden1"
    assert [card for card in browser.texts(".card") if card] == ["3,840 synapses"]
    assert "100 % of all pairs" in browser.text("#side")
    browser.click("#toggle")
    assert browser.text("#counts") == f"{len(g)} neurons · 6,640 synapses · 4,240 drawn one by one"
    assert not [card for card in browser.texts(".card") if card]
    browser.press("\ue00c")
    assert changed(before, browser.pixels()) > 5000


def test_a_hovered_neuron_shows_its_own_synapses_and_a_hovered_synapse_says_its_weight(browser, tmp_path):
    g = mlp([64, 60, 40, 10], seed=0)
    browser.open(g.view(tmp_path / "p.html"))
    before = browser.pixels()
    browser.run("app.hover(arguments[0])", 70)
    assert len(browser.run("return app.picked")) == 64 + 40
    assert changed(before, browser.pixels()) > 1000
    browser.run("app.hover(null)")
    assert changed(before, browser.pixels()) < 20
    browser.run("app.select({neuron: 70})")
    u, v, weight = max(g.in_edges(70, data="weight"), key=lambda edge: abs(edge[2]))
    x, y = browser.run(
        "const m = app.model.of, to = (i) => app.stage.sigma.graphToViewport({x: m.x[i], y: m.y[i]});"
        "const a = to(arguments[0]), b = to(70), box = app.stage.container.getBoundingClientRect();"
        "return [box.left + a.x + (b.x - a.x) * .3, box.top + a.y + (b.y - a.y) * .3]", u,
    )  # fmt: skip
    browser.hover(x, y)
    ends, size, age = browser.text("#tip").split(" · ")[:3]
    assert ends == f"{u} → {v}"
    assert float(size.removeprefix("weight ").replace("−", "-")) == pytest.approx(weight, rel=1e-3)
    assert age == "there from the start"


def recurrent():
    """Synapses of every shape: straight, over columns, delayed (back, within a population, to itself)."""
    g = mlp([3, 4, 3, 2], seed=0)
    g.connect("input", "output", weight=np.full((3, 2), 0.5))
    hidden, second = g.population("hidden1"), g.population("hidden2")
    g.add_edge(hidden[1], hidden[1], weight=0.25, delay=1)
    g.add_edge(hidden[0], hidden[3], weight=-0.75, delay=1)
    g.add_edge(second[0], hidden[2], weight=0.625, delay=1)
    g.restart_journal()
    return g, [(hidden[1], hidden[1]), (hidden[0], hidden[3]), (second[0], hidden[2]), (0, g.population("output")[1])]


def test_a_bent_synapse_is_hit_where_it_is_drawn(browser, tmp_path):
    g, ends = recurrent()
    browser.open(g.view(tmp_path / "p.html"))
    find = (
        "const m = app.model, names = app.data.names, of = m.of, [u, v] = arguments;"
        "const e = of.source.findIndex((s, i) => names[s] === u && names[of.target[i]] === v);"
    )
    for u, v in ends:
        # alone on the stage, its pixels say where it is drawn
        pick = "app.picked = [e]; app.stage.synapses.pick([e], () => 1); app.redraw(false); return e"
        browser.run(find + pick, str(u), str(v))
        browser.run("app.stage.synapses.fill([], () => false); app.redraw(false)")
        with_it = browser.pixels()
        browser.run("app.stage.synapses.pick([], () => 1); app.redraw(false)")
        drawn = np.argwhere(abs(with_it - browser.pixels()).max(axis=2) > 60)
        assert len(drawn) > 8, (u, v)
        box = browser.run("const b = app.stage.container.getBoundingClientRect(); return [b.left, b.top]")
        browser.run(find + "app.picked = [e]", str(u), str(v))
        at = browser.run(
            "return Array.from(app.model.of.x, (x, i) => app.stage.sigma.graphToViewport({x, y: app.model.of.y[i]}))"
        )
        free = [(y, x) for y, x in drawn.tolist() if all(np.hypot(p["x"] - x, p["y"] - y) > 11 for p in at)]
        assert len(free) > 3, (u, v)
        weight = f"weight {g[u][v]['weight']:.4g}".replace("-", "−")
        for y, x in free[:: max(1, len(free) // 4)]:
            browser.run(find + "app.picked = [e]; app.overSynapse = undefined; app.tip(null)", str(u), str(v))
            browser.hover(box[0] + x, box[1] + y)
            assert browser.text("#tip").startswith(f"{u} → {v} · {weight}"), (u, v, y, x)
    assert browser.complaints() == []


def test_a_ribbon_is_hit_where_it_is_drawn_and_says_what_it_joins(browser, tmp_path):
    g = mlp([64, 60, 40, 10], seed=0)
    browser.open(g.view(tmp_path / "p.html"))
    pixels, paper = browser.pixels(), browser.pixels()[2, 2]
    x = browser.run(
        "const p = app.data.populations, to = (x) => app.stage.sigma.graphToViewport({x, y: 0}).x;"
        "return (to(p[0].x + p[0].width) + to(p[1].x)) / 2"
    )
    inked = np.flatnonzero(abs(pixels[:, round(x)] - paper).max(axis=1) > 8)
    box = browser.run("const b = app.stage.container.getBoundingClientRect(); return [b.left, b.top]")
    browser.hover(box[0] + x, box[1] + float(np.median(inked)))
    assert browser.text("#tip").startswith("input → hidden1 · 3,840 synapses")
    browser.hover(box[0] + x, box[1] + inked.min() - 12)
    assert browser.text("#tip") == ""


def test_a_field_is_an_adjacency_matrix_below_its_diagonal_nothing(browser, tmp_path):
    g = random_field(2000, fan_in=8, levels=20, seed=0, inputs=100)
    page = g.view(tmp_path / "p.html")
    browser.open(page)
    matrix = browser.run("return [...app.model.of.matrix]")
    inner = set(g.population("field"))
    assert sum(matrix) == sum(u in inner and v in inner for u, v in g.edges)
    assert all(not matrix[row * 96 + column] for row in range(96) for column in range(row))
    assert browser.complaints() == []


def test_a_million_synapses_show_something_in_each_populations_place(browser, tmp_path):
    g = mlp([784, 900, 256, 10], seed=0)
    browser.open(g.view(tmp_path / "p.html"))
    assert browser.text("#counts").endswith("3 bundles drawn whole")
    assert browser.text("#shown") == "whole"
    pixels = browser.pixels()
    paper = pixels[2, 2]
    for number in range(4):
        places = browser.run(
            "const p = app.data.populations[arguments[0]], m = app.model.of;"
            "const to = (i) => app.stage.sigma.graphToViewport({x: m.x[i], y: m.y[i]});"
            "return [p.first, p.last - 1].map((i) => [to(i).x, to(i).y])", number,
        )  # fmt: skip
        for x, y in places:
            near = pixels[max(0, round(y) - 2) : round(y) + 3, max(0, round(x) - 2) : round(x) + 3]
            assert (abs(near - paper).max(axis=2) > 24).any(), (number, x, y)
    assert (abs(pixels - paper).max(axis=2) > 8).mean() > 0.2  # the ribbons between them
    assert browser.complaints() == []


def test_an_address_brings_back_what_was_seen_and_escape_the_whole(browser, run_page):
    path, _, _ = run_page
    browser.open(path)
    browser.run(
        "app.goTo(4.9); app.setMode('weight'); app.select({neuron: 12});"
        "app.stage.sigma.getCamera().setState({x: .4, y: .6, ratio: .5})"
    )
    assert browser.driver.find_element("id", "map").is_displayed()
    browser.until("location.hash.includes('at=')")
    address = browser.driver.current_url
    browser.driver.get("about:blank")
    browser.driver.get(address)
    browser.until("window.neurograph && document.documentElement.dataset.state === 'ready'")
    state = browser.run("return [app.time, app.mode, app.selected.neuron, app.stage.sigma.getCamera().ratio]")
    assert state == [4.9, "weight", 12, 0.5]
    browser.press("\ue00c")
    browser.until("Math.abs(window.neurograph.stage.sigma.getCamera().ratio - 1) < 1e-6")
    assert not browser.driver.find_element("id", "map").is_displayed()
    browser.driver.get("about:blank")
    browser.driver.get(path.as_uri() + "#t=x&neuron=99999&population=-1&colour=<b>&at=1,2")
    browser.until("window.neurograph")
    assert browser.complaints() == []


def test_a_network_made_by_hand_began_with_nothing_and_its_legend_does_not_name_it(browser, tmp_path):
    g = NeuronGraph()
    g.add_population("input", 2, role="input")
    g.add_population("output", 1, is_output=True)
    g.connect("input", "output", weight=np.ones((2, 1)))
    browser.open(g.view(tmp_path / "p.html"))
    assert "born first" in browser.text("#legend") and "from the start" not in browser.text("#legend")


def test_the_legend_names_only_what_is_seen(run):
    run.run("app.goTo(3.5)")
    assert "newborn" not in run.text("#legend")
    run.run("app.goTo(2.75)")
    assert "newborn" in run.text("#legend")
    assert "dying" not in run.text("#legend")


def test_the_picture_button_saves_what_is_seen(run):
    run.run(
        "window.saved = [];"
        "HTMLAnchorElement.prototype.click = function () { window.saved.push([this.download, this.href]); };"
    )
    run.click("#png")
    run.click("#svg")
    (png, data), (svg, blob) = run.run("return window.saved")
    assert (png, svg) == ("A-run.png", "A-run.svg")
    picture = Image.open(io.BytesIO(base64.b64decode(data.split(",")[1])))
    assert len({colour for _, colour in picture.convert("RGB").getcolors(10**6)}) > 50
    assert blob.startswith("blob:")


def test_feature_maps_are_tiles_with_their_kernels(browser, tmp_path):
    g = metanet_cnn(4, seed=0, inputs=1)
    browser.open(g.view(tmp_path / "p.html"))
    assert {"1 map", "4 maps", "10"} == {line.split("\n")[1] for line in browser.texts(".label")}
    browser.click_neuron(browser.run("return app.data.names.indexOf('1')"))
    assert browser.text("#chosen") == "Neuron 1"
    assert browser.run("return document.querySelectorAll('.kernels canvas').length") == 1 + 4
    assert browser.complaints() == []


def test_without_webgl_there_is_the_still_picture(browser, run_page):
    added = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": NO_WEBGL})
    try:
        browser.open(run_page[0])
        assert browser.run("return document.documentElement.dataset.state") == "still"
        assert "no WebGL 2" in browser.text("#still figcaption")
        assert browser.driver.find_element("css selector", "#still svg").is_displayed()
        assert "hidden1" in browser.text("#still svg")
        browser.press("\ue012")  # the journal still tells
        assert "hidden2 gained 2 (by Proliferate)" in browser.text("#edit")
        assert len({tuple(colour) for colour in browser.pixels().reshape(-1, 3)[::7]}) > 20
        assert browser.complaints() == []
    finally:
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def strongest_shown(browser):
    """What the panel lists first: the neuron at the other end, and the weight."""
    far, weight = browser.texts("#side .synapse")[0].split("\n")
    return int(far), float(weight.replace("−", "-"))


@pytest.mark.parametrize("epoch", [1, 3, 5])
def test_the_panel_shows_the_weights_of_the_moments_checkpoint(browser, tmp_path, epoch):
    g, kept = trained()
    path = tmp_path / "checkpoint.safetensors"
    kept[epoch].save(path)
    then = type(g).load(path)
    browser.open(g.view(tmp_path / "p.html", metrics=metrics(8), past=[weights_of(k, e) for e, k in kept.items()]))
    browser.run("app.select({neuron: app.data.names.indexOf('11')})")
    today = strongest_shown(browser)
    browser.run("app.goTo(arguments[0] + 0.9)", epoch)
    incoming = then.in_edges(11, data="weight")
    source, _, weight = max(incoming, key=lambda edge: abs(edge[2]))
    assert strongest_shown(browser) == (source, pytest.approx(weight, rel=1e-3))
    assert browser.text("#side .whose") == f"Weights of epoch {epoch}"
    assert f"weights of epoch {epoch}" in browser.text("#legend")
    assert browser.text("#side h3").split("\n")[1] == f"{then.in_degree[11]} synapses"
    browser.run("app.goTo(app.data.timeline.end)")
    assert strongest_shown(browser) == today
    assert not browser.texts("#side .whose")
    assert browser.complaints() == []


def test_panels_of_populations_and_bundles_are_of_the_moment(browser, tmp_path):
    g, kept = trained()
    browser.open(g.view(tmp_path / "p.html", metrics=metrics(8), past=[weights_of(k, e) for e, k in kept.items()]))
    browser.run("app.goTo(1.5)")
    then = kept[1]
    assert f"Neurons\n{len(then)}, {len(then)} at the start" in browser.text("#side")
    browser.run("app.select({bundle: app.data.bundles[0]})")
    weights = [then[u][v]["weight"] for u in then.population("input") for v in then.population("hidden1")]
    assert browser.text("#side .sub") == f"{len(weights)} synapses"
    side = browser.text("#side").replace("−", "-").split("\n")
    assert float(side[side.index("Mean") + 1]) == pytest.approx(sum(weights) / len(weights), rel=2e-3)
    assert float(side[side.index("To") + 1]) == pytest.approx(max(weights), rel=2e-3)
    assert "Density\n100 %" in browser.text("#side")


def test_where_no_weights_were_kept_it_says_that_they_are_todays(run):
    run.run("app.goTo(5); app.select({neuron: app.data.names.indexOf('11')})")
    assert run.text("#side .whose") == "Weights of today"
    assert "weights of today" in run.text("#legend")


def test_a_neuron_not_yet_born_says_when_it_will_be(run, run_page):
    _, g, _ = run_page
    newborn = str(g.names_of(g.journal[4].neurons_born[:1])[0])
    run.run("app.goTo(1); app.select({neuron: app.data.names.indexOf(arguments[0])})", newborn)
    assert "Not born yet: epoch 10: hidden2 gained 2 (by Proliferate)." in run.text("#side .unborn")
    assert not run.texts("#side h3")
    run.click("#side .unborn .link")
    assert run.run("return app.time") >= 10
    assert run.texts("#side h3")


def responses(g, count=60, seed=0):
    """Examples with three classes, and activations that can be told apart."""
    rng = np.random.default_rng(seed)
    keys = np.sort(g.table.keys())
    activations = rng.normal(size=(count, len(keys)))
    return Examples(rng.random((count, 9)), np.arange(count) % 3, keys, activations)


def test_a_neurons_panel_shows_what_it_does_with_examples(browser, tmp_path):
    g = mlp([9, 6, 5, 3], seed=0)
    seen = responses(g)
    browser.open(g.view(tmp_path / "p.html", data=seen))
    browser.run("app.select({neuron: 11})")
    mine = seen.activations[:, 11]
    shown = [float(words.replace("−", "-")) for words in browser.texts("#side .examples .example")]
    assert shown == pytest.approx(sorted(mine)[::-1][:9], abs=0.02)
    bars = [float(words.replace("−", "-")) for words in browser.texts("#side .class .much")]
    assert bars == pytest.approx([mine[seen.labels == label].mean() for label in range(3)], abs=0.02)
    best = int(np.argmax(mine))
    browser.click("#side .examples .example")
    assert f"activations by example {best + 1}, class {best % 3}" in browser.text("#legend")
    most = np.abs(seen.activations).max(axis=0)
    colours = browser.run("return Array.from(app.model.born, (_, i) => app.neuronColour(i))")
    strongest = int(np.argmax(np.abs(seen.activations[best]) / most))
    weakest = int(np.argmin(np.abs(seen.activations[best]) / most))
    paper = browser.run("return app.palette.paper")
    far = [max(abs(int(c[i : i + 2], 16) - int(paper[i : i + 2], 16)) for i in (1, 3, 5)) for c in colours]
    assert far[strongest] > 100 > far[weakest]
    browser.press("\ue00c")
    assert "example" not in browser.text("#legend")
    assert browser.complaints() == []


def test_an_outputs_strongest_path_is_the_largest_product_of_weights(browser, tmp_path):
    g = mlp([9, 6, 5, 3], seed=0)
    browser.open(g.view(tmp_path / "p.html"))
    output = g.population("output")[1]
    browser.run("app.select({neuron: arguments[0]})", output)
    weight = lambda u, v: abs(g[u][v]["weight"])  # noqa: E731
    every = [
        (weight(a, b) * weight(b, c) * weight(c, output), (a, b, c, output))
        for a in g.population("input")
        for b in g.population("hidden1")
        for c in g.population("hidden2")
    ]
    product, path = max(every)
    names, shown = browser.texts("#side .paths .row")[0].split("\n")
    assert names == " → ".join(map(str, path))
    assert float(shown) == pytest.approx(product, rel=2e-3)


def test_feature_maps_show_what_they_make_of_examples(browser, tmp_path):
    g = metanet_cnn(4, seed=0, inputs=1)
    keys = np.sort(g.table.keys())
    rng = np.random.default_rng(0)
    shapes = {k: g.nodes[n]["shape"] for n, k in zip(g, keys.tolist(), strict=True)}
    maps = {k: rng.random((2, *shape)) for k, shape in shapes.items() if shape}
    seen = Examples(rng.random((20, 1, 28, 28)), None, keys, rng.normal(size=(20, len(keys))), maps)
    browser.open(g.view(tmp_path / "p.html", data=seen))
    browser.run("app.select({neuron: 1})")
    assert browser.run("return document.querySelectorAll('#side .maps canvas').length") == 2
    assert browser.complaints() == []


def test_delayed_synapses_are_dashed_on_the_page_and_in_its_still_picture(browser, tmp_path):
    g = mlp([2, 1], seed=0)
    for weight, pair in ((1.0, (0, 2)), (-1.0, (1, 2))):
        g[pair[0]][pair[1]]["weight"] = weight
    whole = g.view(tmp_path / "whole.html")
    g.remove_edge(0, 2)
    g.remove_edge(1, 2)
    g.add_edge(0, 2, weight=1.0, delay=1)
    g.add_edge(1, 2, weight=-1.0, delay=1)
    g.restart_journal()
    dashed = g.view(tmp_path / "dashed.html")
    inked = []
    for page in (whole, dashed):
        browser.open(page)
        paper = browser.pixels()[2, 2]
        inked.append([(abs(browser.pixels() - paper).max(axis=2) > 40).sum(), browser.text("#legend")])
        assert browser.run("return app.stage.drawn") == 2
    assert 0.5 < inked[1][0] / inked[0][0] < 0.95  # the gaps
    assert "delayed by a step" in inked[1][1] and "delayed" not in inked[0][1]
    assert "stroke-dasharray" in dashed.read_text() and "stroke-dasharray" not in whole.read_text().split("<figure")[1]
    assert browser.complaints() == []


def test_kernels_of_the_past_are_those_of_the_moment(browser, tmp_path):
    g, kept = metanet_cnn(3, seed=0, inputs=1), {}
    for epoch in (1, 2):
        for _, _, data in g.edges(data=True):
            if getattr(data.get("weight"), "ndim", 0) == 2:
                data["weight"] = data["weight"][::-1].copy() * -1.0
        kept[epoch] = g.copy()
    path = g.view(tmp_path / "p.html", metrics=metrics(4), past=[weights_of(k, e) for e, k in kept.items()])
    browser.open(path)
    script = (
        "const m = app.model, e = m.of.target.findIndex((t, i) => app.data.names[t] === '1' && m.of.kernel[i]);"
        "return [...m.of.kernels.subarray(m.of.kernel[e] - 1, m.of.kernel[e] + 24)]"
    )
    for time, then in ((1.5, kept[1]), (2.5, kept[2]), (4, g)):
        browser.run("app.goTo(arguments[0])", time)
        kernel = np.asarray(then[0][1]["weight"], np.float64).ravel()
        assert browser.run(script)[: len(kernel)] == pytest.approx(np.rint(127 * kernel / abs(kernel).max()), abs=1)
    browser.run("app.goTo(1.5); app.select({neuron: app.data.names.indexOf('1')})")
    assert browser.run("return document.querySelectorAll('.kernels canvas').length") > 1
    assert browser.complaints() == []
