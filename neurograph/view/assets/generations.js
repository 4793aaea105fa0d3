// A search over networks: the best of each generation, everyone by generation and worth, those that live at the end.

const SPACE = { left: 70, right: 14, top: 12, low: 24 };

function makeSearch(data) {
  const people = new Map();
  for (const [number, generation, parents, value, changes] of data.bred) people.set(number, { number, generation, parents, value, changes });
  const living = new Set(data.living),
    best = data.bests.reduce((a, b) => (better(data, b.value, a.value) ? b : a)),
    app = { data, people, living, chosen: best.number, best, places: [], theme: "light" };
  app.choose = (number) => {
    app.chosen = number;
    markChosen(app);
    paintCanvas(app);
    showOne(app);
    followAddress(app);
  };
  app.setTheme = (theme) => {
    app.theme = document.documentElement.dataset.theme = theme;
    app.palette = PALETTES[theme];
    fillBests(app);
    fillLiving(app);
    showSigns(app);
    app.choose(app.chosen);
  };
  return app;
}

const better = ({ lower }, a, b) => a !== null && (b === null || (lower ? a < b : a > b));

// Everyone that somebody came from, by number; the first parents alone make the line.
function ancestorsOf(app, number) {
  const found = new Set(),
    waiting = [number];
  while (waiting.length) {
    const next = waiting.pop();
    if (found.has(next) || !app.people.has(next)) continue;
    found.add(next);
    waiting.push(...app.people.get(next).parents);
  }
  return found;
}

function lineOf(app, number) {
  const line = [];
  for (let one = app.people.get(number); one && !line.includes(one); one = app.people.get(one.parents[0])) line.push(one);
  return line;
}

// What somebody is worth, in three digits that count.
const worth = ({ data }, value) => (value === null ? "failed" : figure(Number(value.toPrecision(3))) + (data.percent ? " %" : ""));

// ------------------------------------------------------------------------------------------------ cards
function genomePicture(kind, number) {
  const kept = document.getElementById(`${kind}-${number}`);
  return kept ? kept.content.firstElementChild.cloneNode(true) : null;
}

function genesOf(app, { genes, before }) {
  const held = element("div", "genes"),
    most = Math.max(1, ...genes);
  genes.forEach((gene, i) => {
    const cell = element("i", before.length && before[i] !== gene ? "changed" : "", held);
    cell.title = `gene ${i + 1}: ${gene}`;
    if (gene >= 0) cell.style.background = mixed(app.palette.ramp[1], app.palette.ramp[4], gene / most);
  });
  return held;
}

function card(app, parent, number, head, value, words, drawing) {
  const made = element("button", "one", parent),
    title = element("b", "", made);
  made.setAttribute("role", "listitem");
  text("span", "", head, title);
  text("span", "", worth(app, value), title);
  if (drawing) made.append(drawing);
  if (words) text("span", "", words, made).title = words;
  if (number !== null) {
    made.dataset.number = number;
    made.onclick = () => app.choose(number);
  }
  return made;
}

const shortUnit = ({ unit }) => (unit === "generation" ? "gen." : unit);

// What a network has that the best before it had not, and the other way round: "+1 neuron, +3 -1 synapses".
function differenceWords({ differs: [neurons, without, synapses, fewer] }) {
  const change = (more, less, what) => {
    const parts = [more ? `+${more.toLocaleString("en")}` : "", less ? `−${less.toLocaleString("en")}` : ""].filter(Boolean);
    return parts.length ? `${parts.join(" ")} ${what}${more + less === 1 ? "" : "s"}` : "";
  };
  return [change(neurons, without, "neuron"), change(synapses, fewer, "synapse")].filter(Boolean).join(", ") || "weights alone differ";
}

const isNewer = ({ differs: [neurons, , synapses] }) => neurons + synapses > 0;

// A card for each best that is another than the one before it; one narrow card for the generations in which it stays.
function fillBests(app) {
  const { data } = app,
    held = document.getElementById("bests");
  held.replaceChildren();
  data.bests.forEach((best, i) => {
    if (!best.changed && i && !data.bests[i - 1].changed) return; // said by the card of the first that is the same
    const after = data.bests.findIndex((one, at) => at > i && one.changed),
      last = data.bests.at(after < 0 ? -1 : after - 1).generation,
      when = best.changed || last === best.generation ? best.generation : `${best.generation} to ${last}`,
      drawing = !best.changed ? null : best.genes.length ? genesOf(app, best) : genomePicture("best", best.number),
      made = card(app, held, best.number, `${shortUnit(data)} ${when}`, best.value, best.changed || "the same", drawing);
    made.classList.toggle("same", !best.changed);
    if (best.differs) made.insertBefore(text("span", isNewer(best) ? "newer" : "", differenceWords(best)), made.lastChild);
  });
}

function fillLiving(app) {
  const { data, people } = app,
    held = document.getElementById("living");
  document.getElementById("living-of").hidden = held.hidden = !data.living.length;
  held.replaceChildren();
  for (const number of data.living) {
    const size = data.sizes[number],
      words = size ? `${counted(size[0], "neuron")}, ${counted(size[1], "synapse")}` : "";
    card(app, held, number, `#${number}`, people.get(number)?.value ?? null, words, genomePicture("genome", number));
  }
}

function markChosen(app) {
  for (const made of document.querySelectorAll("[data-number]"))
    made.setAttribute("aria-current", String(Number(made.dataset.number) === app.chosen));
}

// ------------------------------------------------------------------------------------------------ everyone
function paintCanvas(app) {
  const canvas = document.getElementById("tree"),
    pen = penFor(canvas);
  if (pen) app.places = paintTree(app, pen, canvas.clientWidth, canvas.clientHeight);
}

// Returns where everyone stands.
function paintTree(app, pen, width, height) {
  const { palette } = app,
    places = [];
  const scale = scaleOf(app, width, height);
  paintScale(app, pen, scale, width, height);
  const at = new Map();
  for (const one of app.people.values()) {
    const x = scale.x(one.generation),
      y = one.value === null ? height - SPACE.low - 2 : scale.y(one.value);
    at.set(one.number, [x, y]);
    places.push([x, y, one.number]);
  }
  const chosen = app.chosen === null ? new Set() : ancestorsOf(app, app.chosen);
  pen.lineWidth = 1;
  for (const strong of [false, true]) {
    pen.strokeStyle = strong ? palette.ink : palette.faint;
    pen.globalAlpha = strong ? 1 : Math.max(0.06, Math.min(0.5, 300 / app.people.size));
    pen.beginPath();
    for (const one of app.people.values())
      for (const parent of one.parents) {
        if (!at.has(parent) || (chosen.has(one.number) && chosen.has(parent)) !== strong) continue;
        const [x0, y0] = at.get(parent),
          [x1, y1] = at.get(one.number);
        pen.moveTo(x0, y0);
        pen.bezierCurveTo((x0 + x1) / 2, y0, (x0 + x1) / 2, y1, x1, y1);
      }
    pen.stroke();
  }
  pen.globalAlpha = 1;
  for (const one of app.people.values()) {
    const [x, y] = at.get(one.number),
      own = chosen.has(one.number);
    pen.fillStyle = one.value === null ? palette.dying : app.living.has(one.number) ? palette.newborn : own ? palette.ink : palette.faint;
    pen.beginPath();
    pen.arc(x, y, one.number === app.chosen ? 5.5 : own ? 3.6 : 2.4, 0, 7);
    pen.fill();
  }
  paintBest(app, pen, scale);
  return places;
}

// Worth upwards where more is better and where less is, so that better stands higher; by decades where it spans many.
function scaleOf(app, width, height) {
  const { data } = app,
    every = [...[...app.people.values()].map((one) => one.value), ...data.bests.map((one) => one.value)].filter((v) => v !== null).sort((a, b) => a - b),
    cut = every.slice(data.lower ? 0 : Math.floor(every.length * 0.03), data.lower ? Math.max(1, Math.ceil(every.length * 0.97)) : every.length),
    low = cut[0] ?? 0,
    high = cut[cut.length - 1] ?? 1,
    decades = low > 0 && high / low > 30,
    bend = decades ? Math.log : (v) => v,
    span = Math.max(1e-12, bend(high) - bend(low)),
    first = data.bests[0].generation,
    last = Math.max(data.bests.at(-1).generation, first + 1),
    place = (v) => Math.min(1, Math.max(0, (bend(Math.min(high, Math.max(low, v))) - bend(low)) / span)),
    tall = height - SPACE.top - SPACE.low - 12;
  return {
    low, high, decades, first, last,
    x: (g) => SPACE.left + ((g - first) / (last - first)) * (width - SPACE.left - SPACE.right),
    y: (v) => SPACE.top + (data.lower ? place(v) : 1 - place(v)) * tall,
  };
}

function paintScale(app, pen, scale, width, height) {
  const { palette, data } = app,
    marks = scale.decades
      ? Array.from({ length: 12 }, (_, i) => 10 ** (Math.floor(Math.log10(scale.low)) + i)).filter((v) => v >= scale.low && v <= scale.high)
      : Array.from({ length: 4 }, (_, i) => scale.low + ((scale.high - scale.low) * i) / 3);
  pen.font = "10.5px system-ui, sans-serif";
  pen.textAlign = "right";
  for (const mark of marks) {
    pen.fillStyle = palette.line;
    pen.fillRect(SPACE.left, Math.round(scale.y(mark)), width - SPACE.left - SPACE.right, 1);
    pen.fillStyle = palette.grey;
    pen.fillText(String(Number(mark.toPrecision(2))), SPACE.left - 7, scale.y(mark) + 3.5);
  }
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000].find((s) => ((scale.last - scale.first) / s) * 46 < width) ?? 10_000;
  pen.textAlign = "center";
  for (let g = Math.ceil(scale.first / step) * step; g <= scale.last; g += step) pen.fillText(String(g), scale.x(g), height - 6);
  pen.textAlign = "left";
  pen.fillText(data.unit, 0, height - 6);
}

// The best of each generation, one after the other.
function paintBest(app, pen, scale) {
  pen.strokeStyle = app.palette.kinds[3];
  pen.lineWidth = 2;
  pen.lineJoin = "round";
  pen.beginPath();
  app.data.bests.forEach((best, i) => {
    if (best.value === null) return;
    i ? pen.lineTo(scale.x(best.generation), scale.y(best.value)) : pen.moveTo(scale.x(best.generation), scale.y(best.value));
  });
  pen.stroke();
}

function showSigns(app) {
  const held = document.getElementById("legend"),
    { palette, data } = app;
  held.replaceChildren();
  const sign = (colour, words, kind) => {
    const item = element("span", "", held);
    element("i", kind, item).style.background = colour;
    item.append(words);
  };
  sign(palette.kinds[3], `best ${data.measure} of each ${data.unit}, better is higher`, "");
  if (data.living.length) sign(palette.newborn, "lives at the end", "dot");
  if (data.bred.some(([, , parents]) => parents.length)) sign(palette.ink, "ancestry of the chosen one", "dot");
  if (data.bred.some(([, , , value]) => value === null)) sign(palette.dying, "failed", "dot");
  if (data.left_out) text("span", "", `${data.left_out.toLocaleString("en")} that nobody living is descended from are left out`, held);
}

// Who is under the mouse.
function nearestOne(app, event) {
  const box = document.getElementById("tree").getBoundingClientRect();
  let near = null,
    by = 9;
  for (const [x, y, number] of app.places) {
    const away = Math.hypot(x - (event.clientX - box.left), y - (event.clientY - box.top));
    if (away < by) [near, by] = [number, away];
  }
  return near;
}

function wordsOf({ data }, { number, generation, parents, value, changes }) {
  const whose = data.living.length || parents.length ? `#${number}, ` : "";
  return [`${whose}${data.unit} ${generation}`, value === null ? "failed" : `${data.measure} ${worth({ data }, value)}`, parents.length ? `from #${parents.join(" and #")}` : "", changes].filter(Boolean).join(" · ");
}

// ------------------------------------------------------------------------------------------------ the side
function showOne(app) {
  const side = document.getElementById("side"),
    { data, people } = app,
    one = people.get(app.chosen);
  side.replaceChildren();
  if (!one) {
    text("h2", "", data.title, side);
    const last = data.bests.at(-1);
    if (last.genes.length) {
      text("p", "sub", `the best of ${data.unit} ${app.best.generation}: ${data.measure} ${worth(app, app.best.value)}`, side);
      side.append(genesOf(app, { genes: app.best.genes, before: [] }));
    }
    const changed = element("ol", "", side);
    for (const best of data.bests.filter((b) => b.changed).reverse()) {
      const made = element("button", "", element("li", "", changed));
      made.append(`${data.unit} ${best.generation}: ${data.measure} ${worth(app, best.value)}`);
      text("span", "", best.changed, made);
    }
    return;
  }
  text("h2", "", `Individual ${one.number}`, side).id = "chosen";
  const size = data.sizes[one.number];
  const best = data.bests.find((each) => each.number === one.number && each.changed),
    drawing = genomePicture("best", one.number) ?? genomePicture("genome", one.number);
  if (drawing) side.append(drawing);
  if (best?.differs) text("p", isNewer(best) ? "newer" : "sub", `${differenceWords(best)}, beside the best before it`, side);
  definitions(side, [
    [data.measure, worth(app, one.value)],
    [data.unit, String(one.generation)],
    ...(size ? [["Neurons", size[0].toLocaleString("en")], ["Synapses", size[1].toLocaleString("en")]] : []),
    ...(one.parents.length ? [["From", one.parents.map((p) => `#${p}`).join(" and ")]] : []),
    ...(one.changes ? [["By", one.changes]] : []),
  ]);
  const line = lineOf(app, one.number).slice(1);
  if (!line.length) return;
  const head = element("h3", "", side);
  text("span", "", "Line of descent", head);
  text("span", "", "by the fitter parent", head);
  const list = element("ol", "", side);
  for (const each of line) {
    const made = element("button", "", element("li", "", list));
    made.append(`#${each.number}, ${data.unit} ${each.generation}: ${worth(app, each.value)}`);
    if (each.changes) text("span", "", each.changes, made);
    made.onclick = () => app.choose(each.number);
  }
}

async function generations() {
  const held = document.getElementById("data"),
    app = makeSearch(await readData(held.textContent)),
    tree = document.getElementById("tree"),
    tip = document.getElementById("tip"),
    query = matchMedia("(prefers-color-scheme: dark)");
  held.remove();
  document.getElementById("headline").textContent = app.data.headline;
  document.getElementById("bests-of").textContent = `Best of each ${app.data.unit}, and what changed`;
  document.getElementById("newer").hidden = !app.data.bests.some((best) => best.differs);
  if (!app.data.bred.some(([, , parents]) => parents.length)) document.getElementById("tree-of").textContent = "Everyone";
  const hash = location.hash; // choosing changes it
  app.setTheme(query.matches ? "dark" : "light");
  readAddress(app, hash);
  query.addEventListener?.("change", (event) => app.setTheme(event.matches ? "dark" : "light"));
  document.getElementById("theme").onclick = () => app.setTheme(app.theme === "dark" ? "light" : "dark");
  document.getElementById("svg").onclick = () => saveLines(drawingOf(app), app.data.title);
  document.getElementById("png").onclick = async () => savePixels(await rasterised(drawingOf(app)), app.data.title);
  document.addEventListener("keydown", (event) => event.key === "t" && document.getElementById("theme").click());
  tree.onpointermove = (event) => {
    const near = nearestOne(app, event);
    tip.hidden = near === null;
    if (near === null) return;
    tip.textContent = wordsOf(app, app.people.get(near));
    tip.style.transform = `translate(${Math.max(4, Math.min(event.clientX + 10, innerWidth - tip.offsetWidth - 8))}px, ${event.clientY + 12}px)`;
  };
  tree.onpointerleave = () => (tip.hidden = true);
  tree.onclick = (event) => {
    const near = nearestOne(app, event);
    if (near !== null && (app.data.living.length || app.people.get(near).parents.length)) app.choose(near);
  };
  addEventListener("hashchange", () => readAddress(app, location.hash));
  new ResizeObserver(() => paintCanvas(app)).observe(tree);
  document.documentElement.dataset.state = "ready";
  followRun();
  window.neurograph = app; // for the console
}

generations().catch((error) => {
  console.error(error);
  document.documentElement.dataset.state = "still";
  document.getElementById("headline").textContent = `The search could not be drawn: ${error.message}`;
});
