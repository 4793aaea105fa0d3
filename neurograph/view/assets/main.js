// The page's state, and what changes it. Everything else reads it.

function makeApp(data) {
  const model = makeModel(data),
    open = new Set(
      data.bundles.filter((b) => !b.closed && !data.populations[b.source].closed && !data.populations[b.target].closed),
    );
  const app = {
    data,
    model,
    mode: data.living[0] && model.of.born ? "origin" : "weight",
    selected: null,
    hovered: null,
    playing: false,
    time: data.timeline.end,
    share: 1,
    tab: "Populations",
    stage: null,
    drawable: 0,
    glow: Math.max(0.35, data.timeline.end / 40),
    populationCounts: data.populations.map((p) => p.living),
    isOpen: (b) => open.has(b),
    isSelectedPopulation: (p) => app.selected?.population === p,
  };
  let weights = null; // of the chosen neuron's synapses, by the neuron at the other end
  let own = null; // how strong those synapses are beside each other
  app.linked = null; // those synapses themselves
  app.picked = []; // what is drawn one by one: of the chosen or hovered neuron, weak ones first

  function linkTo(i) {
    const into = synapsesOf(model, i, "target", app.time),
      out = synapsesOf(model, i, "source", app.time);
    weights = new Map();
    app.linked = new Map();
    own = new Map();
    for (const [list, far] of [
      [into, "source"],
      [out, "target"],
    ]) {
      const most = peakOf(model, list);
      for (const e of list) {
        weights.set(model.of[far][e], model.of.weight[e] / most);
        app.linked.set(model.of[far][e], e);
        const size = Math.abs(model.of.weight[e]) / most;
        own.set(e, size === size ? Math.min(1, size) : 0.5);
      }
    }
    app.picked = [...into, ...out];
    app.picked.sort((a, b) => own.get(a) - own.get(b));
  }

  app.neuronColour = (i) => {
    const { palette, selected } = app;
    if (data.lit !== null && data.lit !== undefined) {
      const share = lit(model, i);
      return share === share ? signed(palette, share) : mixed(palette.neuron, palette.paper, 0.78);
    }
    if (weights)
      return !weights.has(i)
        ? mixed(palette.neuron, palette.paper, 0.78)
        : weights.get(i) === weights.get(i)
          ? signed(palette, weights.get(i))
          : palette.zero;
    const p = model.population[i],
      apart = selected?.bundle
        ? p !== selected.bundle.source && p !== selected.bundle.target
        : selected?.population
          ? selected.population !== data.populations[p]
          : false;
    let colour = data.populations[p].tiles ? palette.tile : palette.neuron;
    if (app.mode === "population") colour = kindColour(palette, p);
    if (app.mode === "origin") colour = ramped(palette.origin, originOf(model, model.born[i]));
    return apart ? mixed(colour, palette.paper, 0.7) : colour;
  };

  app.redraw = (neurons = true) => {
    if (neurons) app.stage?.sigma.refresh({ skipIndexation: true });
    else drawLayers(app);
    tellCounts(app);
  };

  app.select = (chosen, fly = false, stay = false) => {
    app.selected = chosen;
    document.documentElement.toggleAttribute("data-chosen", Boolean(chosen));
    weights = app.linked = null;
    app.picked = [];
    own = null;
    if (chosen?.neuron !== undefined) linkTo(chosen.neuron);
    else if (chosen?.bundle && open.has(chosen.bundle) && chosen.bundle.count <= 100_000)
      app.picked = range(chosen.bundle.first, chosen.bundle.last).sort((a, b) => model.rank[a] - model.rank[b]);
    app.stage?.synapses?.pick(app.picked, own ? (e) => own.get(e) : undefined);
    showDetails(app, stay);
    showLegend(app);
    if (fly && chosen?.neuron !== undefined && app.stage && !data.populations[model.population[chosen.neuron]].closed)
      flyTo(app.stage, model, chosen.neuron);
    app.redraw();
  };

  // A hovered neuron's own synapses and neighbours, until the mouse leaves it.
  app.showNeighbours = (i) => {
    weights = null;
    app.picked = [];
    if (i !== null) linkTo(i);
    app.linked = null;
    app.stage?.synapses?.pick(app.picked, own ? (e) => own.get(e) : undefined);
    app.redraw();
  };

  // Colour the neurons by what they make of an example; null puts an end to it.
  app.light = (example) => {
    data.lit = example;
    if (example !== null && app.time < data.timeline.end) app.goTo(data.timeline.end);
    showDetails(app, true);
    showLegend(app);
    app.redraw();
  };

  // One path alone, in place of the chosen neuron's synapses.
  app.showPath = (path) => {
    app.stage?.synapses?.pick(path ?? app.picked, path ? () => 1 : (e) => own?.get(e) ?? model.strength[e]);
    app.redraw(false);
  };

  app.toggleBundle = (b) => {
    open.has(b) ? open.delete(b) : open.add(b);
    refillSynapses(app, app.stage);
    if (open.has(b) && app.share * app.drawable > AT_FIRST) app.setShare(AT_FIRST / app.drawable);
    app.select(app.selected);
  };

  app.setShare = (share) => {
    app.share = Math.min(1, Math.max(0.001, share));
    document.getElementById("share").value = placeOf(app.share);
    app.redraw(false);
  };

  app.setMode = (mode) => {
    app.mode = document.getElementById("mode").value = mode;
    showLegend(app);
    app.redraw();
  };

  app.fit = () => app.stage && fit(app.stage);

  app.setTheme = (theme) => {
    app.theme = document.documentElement.dataset.theme = theme;
    app.palette = PALETTES[theme];
    app.pictures = null;
    for (const card of document.querySelectorAll(".card")) card.hidden = true; // painted again when shown
    showDetails(app);
    showLegend(app);
    paintTimeline(app);
    app.redraw();
  };

  // ---------------------------------------------------------------------------------------------- time
  app.goTo = (time, stop = false) => {
    if (stop) app.pause();
    const moment = momentAt(model, app.time),
      before = app.time;
    app.time = Math.min(Math.max(time, 0), data.timeline.end);
    const worn = wearWeights(model, app.time),
      other = momentAt(model, app.time) !== moment;
    if (worn) app.pictures = null; // kernels are of the moment
    if (worn && app.stage) refillSynapses(app, app.stage);
    if (other) countPopulations(app);
    if (other || worn || app.time >= data.timeline.end || before >= data.timeline.end) app.select(app.selected, false, true);
    glow(app);
    tellEdit(app);
    paintTimeline(app);
    app.redraw();
  };
  app.step = (way) => {
    if (!data.timeline.entries.length) return;
    const places = model.events.filter((event) => !event.empty || model.events.length < 2).map((event) => event.at),
      next = way > 0 ? places.find((at) => at > app.time + 1e-6) : places.findLast((at) => at < app.time - 1e-6);
    app.goTo(next ?? (way > 0 ? data.timeline.end : 0), true);
  };
  app.pause = () => {
    app.playing = false;
    document.getElementById("play").textContent = "Play";
  };
  app.playOrPause = () => {
    if (app.playing || !data.timeline.entries.length) return app.pause();
    if (app.time >= data.timeline.end) app.goTo(0);
    app.playing = true;
    document.getElementById("play").textContent = "Pause";
    let last = performance.now();
    const tick = (now) => {
      if (!app.playing) return app.redraw(false);
      app.goTo(app.time + (Math.min(now - last, 200) / 1000) * (data.timeline.end / SECONDS));
      last = now;
      if (app.time >= data.timeline.end) app.pause();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  };

  // ---------------------------------------------------------------------------------------------- walking
  app.walk = (way) => {
    const i = app.selected?.neuron,
      p = i === undefined ? (app.selected?.population ?? data.populations[0]) : data.populations[model.population[i]];
    let to = i === undefined ? (way > 0 ? p.first : p.last - 1) : i + way;
    while (to >= p.first && to < p.last && !livesAt(model.born, model.died, to, app.time)) to += way;
    if (to >= p.first && to < p.last) app.select({ neuron: to });
  };
  app.cross = (side) => {
    const [strongest] = synapsesOf(model, app.selected.neuron, side, app.time);
    if (strongest !== undefined) app.select({ neuron: model.of[side === "target" ? "source" : "target"][strongest] });
  };

  app.hover = (i) => {
    app.hovered = i;
    app.overSynapse = null;
    if (!app.selected) app.showNeighbours(i);
    if (i === null) return app.tip(null);
    const at = app.stage.sigma.graphToViewport({ x: model.of.x[i], y: model.of.y[i] }),
      box = app.stage.container.getBoundingClientRect();
    app.tip(`${data.names[i]} · ${data.populations[model.population[i]].name}`, {
      clientX: at.x + box.left + 10,
      clientY: at.y + box.top + 6,
    });
  };
  app.tip = (words, at) => {
    const tip = document.getElementById("tip");
    tip.hidden = words === null;
    if (words === null) return;
    tip.textContent = words;
    const box = document.querySelector("main").getBoundingClientRect();
    const x = Math.min(at.clientX - box.left + 8, box.width - tip.offsetWidth - 8),
      y = Math.min(at.clientY - box.top + 8, box.height - tip.offsetHeight - 8);
    tip.style.transform = `translate(${Math.max(4, x)}px, ${y}px)`;
  };
  return app;
}

// Whether anything is just being born or dying; the legend names only what is seen.
function glow(app) {
  const fresh = (which) =>
    app.model.events.some((event) => event.at <= app.time && event.at > app.time - app.glow && which(event.counts));
  const now = [fresh(([nb, , sb]) => nb || sb), fresh(([, nd, , sd]) => nd || sd)];
  if (app.glowing?.join() === now.join()) return;
  app.glowing = now;
  showLegend(app);
}

const range = (from, to) => Uint32Array.from({ length: to - from }, (_, i) => from + i);

function countPopulations(app) {
  const { model, data, time } = app;
  data.populations.forEach((p, number) => {
    let count = 0;
    for (let i = p.first; i < p.last; i++) if (livesAt(model.born, model.died, i, time)) count++;
    app.populationCounts[number] = count;
  });
}

function tellCounts(app) {
  const moment = momentAt(app.model, app.time),
    key = [moment, app.share, app.drawable].join();
  if (app.counted === key) return; // counting a million takes a while
  app.counted = key;
  const [neurons, synapses] = app.model.counts[moment],
    drawn = app.stage?.synapses?.living(app.share, app.time) ?? 0;
  const parts = [counted(neurons, "neuron"), counted(synapses, "synapse")];
  const whole = app.data.bundles.filter((b) => !app.isOpen(b)).length;
  if (app.stage && whole && !drawn) parts.push(`${counted(whole, "bundle")} drawn whole`);
  else if (app.stage && drawn < synapses) parts.push(`${drawn.toLocaleString("en")} drawn one by one`);
  document.getElementById("counts").textContent = parts.join(" · ");
  document.getElementById("shown").textContent =
    !app.drawable ? "whole" : app.share >= 1 ? "all" : `strongest ${figure(Number((app.share * 100).toPrecision(2)))} %`;
}

// At most this many synapses are drawn before the slider asks for more.
const AT_FIRST = 40_000;

async function main() {
  const held = document.getElementById("data"),
    data = await readData(held.textContent);
  held.remove();
  const app = makeApp(data),
    query = matchMedia("(prefers-color-scheme: dark)");
  app.theme = document.documentElement.dataset.theme = query.matches ? "dark" : "light";
  app.palette = PALETTES[app.theme];
  showHeadline(data);
  query.addEventListener?.("change", (event) => app.setTheme(event.matches ? "dark" : "light"));
  const drawable = data.bundles.filter(app.isOpen).reduce((sum, b) => sum + b.count, 0);
  app.share = Math.max(0.001, Math.min(1, AT_FIRST / Math.max(1, drawable)));
  makeControls(app);
  showDetails(app);
  showLegend(app);
  makeTimeline(app); // before the stage, which takes the room that is left
  tellEdit(app);
  if (document.createElement("canvas").getContext("webgl2")) {
    app.stage = makeStage(app);
    app.stage.lines.addEventListener("webglcontextlost", () =>
      showStill("The graphics of this browser gave up; reload the page."),
    );
    app.redraw();
    document.documentElement.dataset.state = "ready";
  } else {
    showStill("This browser has no WebGL 2, so this is a still picture. The lists and the journal work all the same.");
  }
  tellCounts(app);
  glow(app);
  if (location.hash.length > 1) readAddress(app, location.hash);
  // for a page that holds this one
  Object.assign(app, { address: () => addressOf(app), go: (hash) => readAddress(app, hash), picture: () => pictureOf(app), drawing: drawingOf });
  follow(app);
  window.neurograph = app; // for the console
}

function showHeadline({ headline }) {
  const held = document.getElementById("headline");
  held.hidden = !headline;
  held.textContent = headline;
}

function showStill(why) {
  document.documentElement.dataset.state = "still";
  const still = document.getElementById("still");
  still.hidden = false;
  still.querySelector("figcaption").textContent = why;
}

main().catch((error) => {
  console.error(error);
  showStill(`The network could not be drawn: ${error.message}`);
});
