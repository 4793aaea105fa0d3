// The side: the whole network, or what was clicked: a neuron, a bundle, a population.

function showDetails(app, stay = false) {
  const side = document.getElementById("side"),
    top = stay ? side.scrollTop : 0;
  side.replaceChildren();
  fillDetails(app, side);
  side.scrollTop = top;
}

function fillDetails(app, side) {
  const chosen = app.selected;
  if (!chosen) return showNetwork(app, side);
  const up = text("button", "up", "← Whole network", side);
  up.onclick = () => app.select(null);
  if (chosen.neuron !== undefined) showNeuron(app, side, chosen.neuron);
  else if (chosen.bundle) showBundle(app, side, chosen.bundle);
  else showPopulation(app, side, chosen.population);
}

// ------------------------------------------------------------------------------------------------ the network
function showNetwork(app, side) {
  const { data, model } = app,
    [neurons, synapses] = model.counts[momentAt(model, app.time)],
    [neurons0, synapses0] = model.counts[0];
  text("h2", "", "Network", side);
  const grown = data.timeline.entries.length > 0,
    then = data.older ? "before the edits that are kept" : "at the start";
  definitions(side, [
    ["Neurons", neurons.toLocaleString("en") + (grown ? `, ${neurons0.toLocaleString("en")} ${then}` : "")],
    ["Synapses", synapses.toLocaleString("en") + (grown ? `, ${synapses0.toLocaleString("en")} ${then}` : "")],
    ...(grown ? [["Events", model.events.filter((event) => !event.empty).length.toLocaleString("en")]] : []),
  ]);
  for (const note of data.notes) text("p", "note", note[0].toUpperCase() + note.slice(1) + ".", side);
  const views = { Populations: listPopulations, Bundles: listBundles, ...(grown ? { Journal: listJournal } : {}), ...(data.examples ? { Examples: listExamples } : {}) };
  const tabs = element("div", "tabs", side),
    body = element("div", "", side);
  tabs.setAttribute("role", "tablist");
  const open = (name) => {
    app.tab = name;
    for (const tab of tabs.children) tab.setAttribute("aria-selected", String(tab.textContent === name));
    body.replaceChildren();
    views[name](app, body);
  };
  for (const name of Object.keys(views)) {
    const tab = text("button", "", name, tabs);
    tab.setAttribute("role", "tab");
    tab.onclick = () => open(name);
  }
  open(views[app.tab] ? app.tab : "Populations");
}

function row(parent, what, much, under, click) {
  const made = element("button", "row", element("li", "", parent));
  const label = element("span", "what", made);
  if (what instanceof Node) label.append(what);
  else label.textContent = what;
  text("span", "much", much, made);
  if (under) text("span", "under", under, made);
  made.onclick = click;
  return made;
}

function swatched(app, number, words) {
  const label = document.createDocumentFragment(),
    dot = element("i", "swatch" + (app.data.populations[number].tiles ? " tile" : ""), label);
  dot.style.background = app.mode === "population" ? kindColour(app.palette, number) : app.palette.tile;
  label.append(words);
  return label;
}

function listPopulations(app, body) {
  const list = element("ul", "rows", body);
  list.style.marginTop = "8px";
  app.data.populations.forEach((p, number) => {
    const what = [
      p.input ? "input" : "",
      p.output ? "output" : "",
      ...p.activations.filter((a) => a !== "identity"),
      ...p.shapes.filter(Boolean).map((s) => s.replace("x", " × ")),
    ];
    row(
      list,
      swatched(app, number, p.name),
      app.populationCounts[number].toLocaleString("en"),
      what.filter(Boolean).join(", "),
      () => app.select({ population: p }),
    );
  });
}

function listBundles(app, body, wanted = () => true) {
  const list = element("ul", "rows", body),
    { data, palette } = app;
  list.style.marginTop = "8px";
  for (const b of data.bundles.filter(wanted)) {
    const then = bundleAt(app.model, b, app.time);
    const made = row(list, bundleName(app, b), then.living.toLocaleString("en"), "", () => app.select({ bundle: b }));
    const canvas = element("canvas", "", made);
    canvas.setAttribute("aria-hidden", "true");
    if (then.reach) requestAnimationFrame(() => canvas.isConnected && paintHistogram(canvas, then, palette));
    else canvas.remove();
  }
}

const bundleName = (app, b) => `${app.data.populations[b.source].name} → ${app.data.populations[b.target].name}`;

// Events as sentences; those without births or deaths are folded away.
function listJournal(app, body) {
  const { events } = app.model,
    quiet = events.filter((event) => event.empty);
  listEvents(
    app,
    body,
    events.filter((event) => !event.empty),
  );
  if (quiet.length) {
    const fold = element("details", "fold", body);
    text("summary", "", `${counted(quiet.length, "event")} without births or deaths`, fold);
    listEvents(app, fold, quiet);
  }
  markJournal(app);
}

function listEvents(app, body, events) {
  const list = element("ul", "rows", body);
  list.style.marginTop = "8px";
  for (const event of events) {
    const made = element("button", "row event", element("li", "", list));
    text("span", "", event.sentence, made);
    made.onclick = () => app.goTo(event.at, true);
    made.dataset.event = app.model.events.indexOf(event);
  }
}

// Follow the time without building the list again.
function markJournal(app) {
  const now = eventsBy(app.model, app.time);
  for (const made of document.querySelectorAll("[data-event]")) {
    const i = Number(made.dataset.event);
    made.classList.toggle("future", i + 1 > now);
    if (i + 1 !== now) made.removeAttribute("aria-current");
    else if (!made.hasAttribute("aria-current")) {
      made.setAttribute("aria-current", "true");
      made.scrollIntoView({ block: "nearest" });
    }
  }
}

const whenOf = (app, entry, i) =>
  app.data.timeline.axis === "epoch" && entry.epoch !== null ? `epoch ${entry.epoch}` : `edit ${i + 1}`;
const entryTitle = (entry) =>
  [entry.verb, entry.options.population ?? entry.details.population].filter(Boolean).join(" ");

function entryCounts({ counts: [nb, nd, sb, sd] }) {
  return [
    nb && `${counted(nb, "neuron")} born`,
    nd && `${counted(nd, "neuron")} died`,
    sb && `${counted(sb, "synapse")} born`,
    sd && `${counted(sd, "synapse")} died`,
  ].filter(Boolean);
}

// ------------------------------------------------------------------------------------------------ a bundle, a population
function showBundle(app, side, bundle) {
  const { data } = app,
    b = bundleAt(app.model, bundle, app.time);
  text("h2", "", bundleName(app, b), side).id = "chosen";
  text(
    "p",
    "sub",
    counted(b.living, "synapse") + (b.gone ?? b.ever - b.living ? `, ${(b.gone ?? b.ever - b.living).toLocaleString("en")} died` : ""),
    side,
  );
  if (b.reach) paintHistogram(element("canvas", "hist", side), b, app.palette, true);
  noteWeights(app, side, b.today);
  const from = data.populations[b.source],
    to = data.populations[b.target],
    forms = b.forms.map((f) => data.forms[f]).filter(Boolean);
  definitions(side, [
    [
      "Density",
      from === to
        ? "wired among themselves"
        : `${figure((100 * b.living) / Math.max(1, countNow(app, from) * countNow(app, to)))} % of all pairs`,
    ],
    ...(b.mean === null
      ? []
      : [
          ["Mean", figure(b.mean)],
          ["Deviation", figure(b.deviation)],
          ["From", figure(b.least)],
          ["To", figure(b.most)],
        ]),
    ...(b.zeros ? [["Exactly zero", b.zeros.toLocaleString("en")]] : []),
    ...(forms.length ? [["Form", forms.join("; ")]] : []),
    ...(b.count < b.ever ? [["In this page", `the strongest ${b.count.toLocaleString("en")}`]] : []),
  ]);
  if (b.source === b.target || from.closed || to.closed || !b.count) return;
  const toggle = text("button", "more", app.isOpen(bundle) ? "Draw as one band" : "Draw its synapses", side);
  toggle.id = "toggle";
  toggle.onclick = () => app.toggleBundle(bundle);
}

const countNow = (app, p) => app.populationCounts[app.data.populations.indexOf(p)];

// Whose weights a panel shows, where they are not those of the moment for sure.
function noteWeights(app, side, today = false) {
  const words = app.time >= app.model.end ? "" : today ? "weights of today" : whoseWeights(app.model, app.time);
  if (words) text("p", "sub whose", words[0].toUpperCase() + words.slice(1), side);
}


function diedOf(model, p, time) {
  let dead = 0;
  for (let i = p.first; i < p.last; i++) if (model.died[i] <= time) dead++;
  return dead ? `, ${dead.toLocaleString("en")} died` : "";
}

function showPopulation(app, side, p) {
  const { data, model } = app,
    number = data.populations.indexOf(p);
  text("h2", "", p.name, side).id = "chosen";
  const sub = element("p", "sub", side);
  sub.append(
    swatched(
      app,
      number,
      counted(countNow(app, p), p.tiles ? "feature map" : "neuron") + diedOf(model, p, app.time),
    ),
  );
  let newborn = 0;
  for (let i = p.first; i < p.last; i++) if (model.born[i] > -1e8 && model.born[i] <= app.time) newborn++;
  definitions(side, [
    ["Activation", p.activations.join(", ")],
    ...(p.shapes.some(Boolean)
      ? [
          [
            "Shape",
            p.shapes
              .filter(Boolean)
              .map((s) => s.replace("x", " × "))
              .join(", "),
          ],
        ]
      : []),
    ["Role", [p.input ? "input" : "hidden", p.output ? "output" : ""].filter(Boolean).join(", ")],
    ...(newborn ? [["Born since", newborn.toLocaleString("en")]] : []),
  ]);
  for (const [title, wanted] of [
    ["Reads", (b) => b.target === number],
    ["Feeds", (b) => b.source === number],
  ]) {
    if (!data.bundles.some(wanted)) continue;
    text("h3", "", title, side);
    listBundles(app, side, wanted);
  }
  if (p.closed) return;
  const first = text("button", "more", "Go to its first neuron", side);
  first.onclick = () => app.select({ neuron: p.first }, true);
}
