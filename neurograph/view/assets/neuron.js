// The side, when a neuron was clicked: what it is, where it came from, what it reads and what reads it.

const LISTED = 12; // synapses of a list before "show more"

function showNeuron(app, side, i) {
  const { data, model } = app,
    p = data.populations[model.population[i]],
    kind = data.kinds[model.of.kind[i]];
  text("h2", "", neuronTitle(app, i), side).id = "chosen";
  const sub = element("p", "sub", side);
  sub.append(
    swatched(app, model.population[i], `${p.name}, ${p.tiles ? "map" : "neuron"} ${i - p.first + 1} of ${p.count}${p.living < p.count ? " that ever were" : ""}`),
  );
  const unborn = model.born[i] > app.time;
  if (unborn) {
    const words = text("p", "note unborn", `Not born yet: ${eventOf(app, model.of.born[i]).sentence}. `, side);
    const link = text("button", "link", "Go there", words);
    link.onclick = () => app.goTo(model.born[i], true);
  }
  definitions(side, [
    ...Object.entries(kind).map(([name, value]) => [
      name.replaceAll("_", " ").replace("is output", "output"),
      typeof value === "boolean"
        ? value
          ? "yes"
          : "no"
        : name === "shape"
          ? value.replace("x", " × ")
          : String(value),
    ]),
    ...["bias", "slope", "gamma", "beta", "running_mean", "running_var", "activation_mean", "activation_variance"]
      .filter((n) => model.of[n] && model.of[n][i] === model.of[n][i])
      .map((n) => [n.replaceAll("_", " "), figure(model.of[n][i])]),
    ...Object.entries(data.own[i] ?? {}),
    ["Came from", birthOf(app, i)],
    ...(model.died[i] <= app.time ? [["Died", momentLink(app, model.of.died[i])]] : []),
  ]);
  if (unborn) return;
  if (app.time >= model.end) showActivity(app, side, i);
  showPaths(app, side, i);
  noteWeights(app, side);
  for (const [side_, title] of [
    ["target", "Incoming"],
    ["source", "Outgoing"],
  ])
    listSynapses(app, side, i, side_, title);
}

// A bare number says what it is.
const neuronTitle = (app, i) => (/^\d+$/.test(app.data.names[i]) ? `Neuron ${app.data.names[i]}` : app.data.names[i]);

function birthOf(app, i) {
  const { data, model } = app,
    held = document.createDocumentFragment(),
    moment = model.of.born?.[i] ?? 0;
  if (!moment) {
    held.append(data.timeline.entries.length ? "there from the start" : "there from the start of the journal");
    return held;
  }
  held.append(momentLink(app, moment));
  const heir = model.of.heir?.[i];
  if (heir) {
    held.append(element("br"), "heir of ");
    const link = text("button", "link", data.names[heir - 1], held);
    link.onclick = () => app.select({ neuron: heir - 1 });
  }
  return held;
}

const eventOf = (app, moment) => app.model.events.find((event) => event.first <= moment && moment <= event.last);

function momentLink(app, moment) {
  const entry = app.data.timeline.entries[moment - 1],
    link = document.createElement("button");
  link.className = "link";
  link.title = eventOf(app, moment).sentence;
  link.textContent = `${entryTitle(entry)}, ${whenOf(app, entry, moment - 1)}`;
  link.onclick = () => app.goTo(entry.at, true);
  return link;
}

function listSynapses(app, parent, neuron, side, title) {
  const { data, model } = app,
    found = synapsesOf(model, neuron, side, app.time),
    other = side === "target" ? "source" : "target";
  const degree = model.of[side === "target" ? "fan_in" : "fan_out"][neuron],
    head = element("h3", "", parent);
  head.dataset.side = side;
  text("span", "", title, head);
  text("span", "", counted(app.time >= model.end ? Math.max(degree, found.length) : found.length, "synapse"), head);
  if (found.length < degree && app.time >= model.end)
    text("p", "sub", `the strongest ${found.length.toLocaleString("en")} are in this page`, parent);
  if (side === "target") fieldPicture(app, parent, found);
  const kernels = found.filter((e) => model.of.kernels && kernelOf(model, e)).slice(0, 48);
  if (kernels.length) kernelStrip(app, parent, kernels, other);
  const list = element("ul", "rows", parent),
    most = (found.length && Math.abs(model.of.weight[found[1] ?? found[0]])) || 1; // the first may stand far out
  const add = (from, to) => found.slice(from, to).forEach((e) => synapseRow(app, list, e, model.of[other][e], most));
  add(0, LISTED);
  if (found.length <= LISTED) return;
  let shown = LISTED;
  const more = text("button", "more", "Show more", parent);
  more.onclick = () => {
    add(shown, shown + 60);
    shown += 60;
    if (shown >= found.length) more.remove();
  };
}

function synapseRow(app, list, e, far, most) {
  const { data, model, palette } = app,
    weight = model.of.weight[e],
    made = element("button", "row synapse", element("li", "", list));
  const name = element("span", "what", made);
  name.append(swatched(app, model.population[far], data.names[far]));
  const bar = element("span", "bar", made),
    fill = element("i", "", bar),
    size = Math.min(1, Math.abs(weight) / most) * 50;
  if (weight === weight) {
    fill.style.cssText = `width:${size}%; ${weight < 0 ? "right" : "left"}:50%`;
    fill.style.background = weight < 0 ? palette.negative : palette.positive;
  }
  text(
    "span",
    "much",
    weight === weight ? figure(weight) : (data.forms[model.of.form?.[e] ?? 0] || "none").split(",")[0],
    made,
  );
  const form = data.forms[model.of.form?.[e] ?? 0],
    gradient = model.of.gradient?.[e];
  made.title = [
    `${data.names[model.of.source[e]]} → ${data.names[model.of.target[e]]}`,
    form,
    gradient === gradient && gradient !== undefined ? `mean gradient ${figure(gradient)}` : "",
  ]
    .filter(Boolean)
    .join(", ");
  made.onclick = () => app.select({ neuron: far }, true);
}

// Weights from a population of pixels, as the image that they are.
function fieldPicture(app, parent, found) {
  const { data, model, palette } = app,
    byPopulation = new Map();
  for (const e of found) {
    const number = model.population[model.of.source[e]];
    if (!byPopulation.has(number)) byPopulation.set(number, []);
    byPopulation.get(number).push(e);
  }
  for (const [number, synapses] of byPopulation) {
    const p = data.populations[number],
      side = Math.sqrt(p.count);
    if (!p.input || p.tiles || side % 1 || side < 5) continue;
    const canvas = element("canvas", "field", parent),
      pen = canvas.getContext("2d"),
      most = peakOf(model, synapses);
    canvas.width = canvas.height = side;
    canvas.style.width = canvas.style.height = "168px";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `weights from ${p.name} as an image`);
    pen.fillStyle = palette.paper;
    pen.fillRect(0, 0, side, side);
    for (const e of synapses) {
      const place = model.of.source[e] - p.first;
      pen.fillStyle = signed(palette, model.of.weight[e] / most);
      pen.fillRect(place % side, Math.floor(place / side), 1, 1);
    }
  }
}

function kernelStrip(app, parent, synapses, other) {
  const strip = element("div", "kernels", parent);
  for (const e of synapses) {
    const picture = drawKernel(app, kernelOf(app.model, e));
    if (!picture) continue;
    picture.style.width = picture.style.height = "34px";
    picture.title = `${app.data.names[app.model.of[other][e]]}, size ${figure(Math.abs(app.model.of.weight[e]))}`;
    strip.append(picture);
  }
}
