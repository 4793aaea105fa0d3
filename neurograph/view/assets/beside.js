// Two networks, a frame each, and what moves both: one timeline, one colouring, one theme.

async function unpacked(letters) {
  const bytes = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

// The page of a side in a frame of its own, once it is drawn.
async function framed(held, side, number) {
  const box = element("section", "side", document.getElementById("sides")),
    head = element("p", "", box),
    frame = document.createElement("iframe");
  element("i", "", head).dataset.side = number;
  head.append(side.name);
  text("span", "", side.headline, head);
  frame.title = side.name;
  frame.srcdoc = await unpacked(held.textContent);
  held.remove();
  box.append(frame);
  await new Promise((ready) => {
    const look = () => (frame.contentWindow?.neurograph ? ready() : setTimeout(look, 15));
    look();
  });
  return frame.contentWindow.neurograph;
}

// What a side is drawn in on the timeline: its ink, and a violet.
const sideColour = (palette, number) => (number ? palette.kinds[3] : palette.ink);

function makeLead(data, apps) {
  const end = Math.max(...data.sides.map((side) => side.timeline.end)),
    lead = { data, apps, end, time: end, playing: false, theme: "light" },
    own = apps.map((app) => ({ ...app }));
  const both = (name) => (...given) => own.forEach((app) => app[name](...given));
  lead.goTo = (time, stop = false) => {
    if (stop) lead.pause();
    lead.time = Math.min(Math.max(time, 0), end);
    own.forEach((app, i) => app.goTo(Math.min(lead.time, data.sides[i].timeline.end)));
    paintBoth(lead);
    tellBoth(lead);
  };
  lead.step = (way) => {
    const places = data.sides.flatMap((side) => side.events.filter((event) => !event.empty).map((event) => event.at)).sort((a, b) => a - b),
      next = way > 0 ? places.find((at) => at > lead.time + 1e-6) : places.findLast((at) => at < lead.time - 1e-6);
    lead.goTo(next ?? (way > 0 ? end : 0), true);
  };
  lead.pause = () => {
    lead.playing = false;
    apps.forEach((app) => (app.playing = false));
    document.getElementById("play").textContent = "Play";
  };
  lead.playOrPause = () => {
    if (lead.playing || !end) return lead.pause();
    if (lead.time >= end) lead.goTo(0);
    lead.playing = true;
    apps.forEach((app) => (app.playing = true));
    document.getElementById("play").textContent = "Pause";
    let last = performance.now();
    const tick = (now) => {
      if (!lead.playing) return apps.forEach((app) => app.redraw(false));
      lead.goTo(lead.time + (Math.min(now - last, 200) / 1000) * (end / SECONDS));
      last = now;
      if (lead.time >= end) lead.pause();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  };
  lead.setMode = (mode) => {
    lead.mode = document.getElementById("mode").value = mode;
    both("setMode")(mode);
  };
  lead.setTheme = (theme) => {
    lead.theme = document.documentElement.dataset.theme = theme;
    lead.palette = PALETTES[theme];
    both("setTheme")(theme);
    for (const mark of document.querySelectorAll("[data-side]")) mark.style.background = sideColour(lead.palette, Number(mark.dataset.side));
    paintBoth(lead);
  };
  for (const app of apps) app.moved = () => followBoth(lead);
  // whatever moves one of them moves both
  for (const name of ["goTo", "step", "pause", "playOrPause", "setMode", "setTheme"]) apps.forEach((app) => (app[name] = lead[name]));
  return lead;
}

// ------------------------------------------------------------------------------------------------ the timeline
// The curve that both have, by what tells most: errors only where they are in the same unit.
function curveOf(sides) {
  const losses = ["validation_loss", "train_loss"],
    names = sides[0].unit === sides[1].unit ? ["validation_error", "train_error", ...losses] : losses;
  return names.find((name) => sides.every((side) => side.timeline.curves[name]) && sides.some((side) => side.timeline.curves[name].some((v) => v !== null)));
}

const placesOf = (width, end) => (time) => EDGES.left + (time / Math.max(end, 1e-9)) * (width - EDGES.left - EDGES.right);

function paintBoth(lead) {
  const chart = document.getElementById("chart"),
    pen = penFor(chart);
  if (!pen) return;
  paintTimes(lead, pen, chart.clientWidth, chart.clientHeight);
  chart.setAttribute("aria-valuemax", String(lead.end));
  chart.setAttribute("aria-valuenow", lead.time.toFixed(2));
  followBoth(lead);
}

function paintTimes(lead, pen, width, height) {
  const { palette, data } = lead,
    x = placesOf(width, lead.end),
    low = height - EDGES.low - 2 * MARKS,
    right = width - EDGES.right;
  pen.font = "10.5px system-ui, sans-serif";
  paintSizes(lead, pen, x, low);
  paintErrors(lead, pen, x, low, right);
  data.sides.forEach((side, i) => paintEvents(lead, pen, x, low + 3 + i * MARKS, side, i, right));
  paintAxis({ data: { timeline: { end: lead.end, axis: data.axis } }, palette }, pen, x, height, width);
  pen.fillStyle = palette.ink;
  pen.fillRect(x(lead.time) - 0.75, EDGES.top - 4, 1.5, height - EDGES.low - EDGES.top + 6);
  pen.beginPath();
  pen.arc(x(lead.time), EDGES.top - 3, 4, 0, 7);
  pen.fill();
}

// How many neurons each has, as areas behind the errors, on one scale.
function paintSizes(lead, pen, x, low) {
  const { sides } = lead.data,
    most = Math.max(...sides.flatMap((side) => side.neurons)),
    y = (count) => low - (count / most) * (low - EDGES.top - 18);
  sides.forEach((side, i) => {
    pen.fillStyle = sideColour(lead.palette, i);
    pen.globalAlpha = 0.1;
    pen.beginPath();
    pen.moveTo(x(0), low);
    stairs(pen, [0, ...side.at], x, (moment) => y(side.neurons[moment]), x(side.timeline.end || lead.end));
    pen.lineTo(x(side.timeline.end || lead.end), low);
    pen.fill();
  });
  pen.globalAlpha = 1;
}

function paintErrors(lead, pen, x, low, right) {
  const { palette, data } = lead,
    name = curveOf(data.sides);
  if (!name) return;
  const error = name.endsWith("error"),
    values = data.sides.flatMap((side) => side.timeline.curves[name]).filter((v) => v !== null && v > 0),
    most = Math.max(...values, 1e-9),
    least = Math.min(...values, most),
    decades = most / least > 6,
    place = (v) => (decades ? Math.log(Math.max(v, least) / least) / Math.log(most / least) : v / most),
    y = (v) => low - place(v) * (low - EDGES.top - 10);
  pen.textAlign = "right";
  const marks = decades ? [0.001, 0.01, 0.1, 1, 10].flatMap((t) => [t, 2 * t, 5 * t]).filter((t) => t >= least && t <= most) : ticks(most, false);
  let above = 1e4;
  for (const tick of marks) {
    if (above - y(tick) < 13) continue;
    above = y(tick);
    pen.fillStyle = palette.line;
    pen.fillRect(EDGES.left, Math.round(y(tick)), right - EDGES.left, 1);
    pen.fillStyle = palette.grey;
    pen.fillText(figure(tick) + (error ? percent(data.sides[0].unit) : ""), EDGES.left - 5, y(tick) + 3.5);
  }
  data.sides.forEach((side, i) => {
    const { epoch, [name]: curve } = side.timeline.curves;
    pastAndFuture(pen, x(lead.time), [1, 0.28], () => {
      pen.strokeStyle = sideColour(palette, i);
      pen.lineWidth = 1.7;
      pen.lineJoin = "round";
      pen.beginPath();
      let on = false;
      epoch.forEach((at, place) => {
        if (curve[place] === null) return (on = false);
        on ? pen.lineTo(x(at), y(curve[place])) : pen.moveTo(x(at), y(curve[place]));
        on = true;
      });
      pen.stroke();
    });
  });
  pen.fillStyle = palette.grey;
  pen.fillText(name.replace("_", " ").replace("train ", "training ") + (error ? inUnits(data.sides[0].unit) : "") + ", over the number of neurons", x(lead.end) - 4, EDGES.top + 4);
}

function paintEvents(lead, pen, x, top, side, number, right) {
  const { palette } = lead,
    middle = top + MARKS / 2;
  pen.fillStyle = sideColour(palette, number);
  pen.fillRect(EDGES.left - 24, middle - 1.5, 16, 3);
  pen.fillStyle = palette.line;
  pen.fillRect(EDGES.left, middle - 0.5, right - EDGES.left, 1);
  for (const event of side.events) {
    const [nb, nd, sb, sd] = event.counts,
      size = (neurons, synapses) => Math.min(8, 2.5 + Math.log2(1 + neurons + synapses / 40));
    pen.globalAlpha = event.at <= lead.time ? 1 : 0.35;
    if (nb || sb) triangle(pen, x(event.at), middle - 1, -size(nb, sb), palette.newborn);
    if (nd || sd) triangle(pen, x(event.at), middle + 1, size(nd, sd), palette.dying);
  }
  pen.globalAlpha = 1;
}

// The event under the mouse: in the row of its side.
function pointAtEvent(lead, event) {
  const chart = document.getElementById("chart"),
    box = chart.getBoundingClientRect(),
    x = placesOf(chart.clientWidth, lead.end),
    tip = document.getElementById("tip"),
    row = Math.floor((event.clientY - box.top - (box.height - EDGES.low - 2 * MARKS)) / MARKS);
  let near = null,
    by = 7;
  lead.data.sides.forEach((side, i) => {
    if (row >= 0 && row !== i) return;
    for (const one of side.events) {
      const away = Math.abs(x(one.at) - (event.clientX - box.left)) + (one.empty ? 3 : 0);
      if (away < by) [near, by] = [`${side.name}, ${one.sentence}`, away];
    }
  });
  tip.hidden = near === null;
  if (near === null) return;
  tip.textContent = near;
  tip.style.transform = `translate(${Math.max(4, Math.min(event.clientX + 8, innerWidth - tip.offsetWidth - 8))}px, ${box.top - tip.offsetHeight - 6}px)`;
}

// Where each of them is at the moment.
function tellBoth(lead) {
  const { data, time } = lead,
    held = document.getElementById("edit"),
    name = curveOf(data.sides);
  document.getElementById("moment").textContent = data.axis === "epoch" ? `epoch ${Math.floor(time + 1e-6)}` : `edit ${Math.floor(time + 1e-6)}`;
  held.replaceChildren();
  data.sides.forEach((side, i) => {
    const moment = side.at.filter((at) => at <= time).length,
      { epoch, [name]: curve } = side.timeline.curves,
      last = epoch ? epoch.findLastIndex((at, place) => at <= time && curve?.[place] !== null && curve?.[place] !== undefined) : -1,
      event = side.events.findLast((one) => one.at <= time && !one.empty),
      box = element("div", "of", held);
    text("b", "", side.name, box).dataset.name = i;
    const words = [counted(side.neurons[moment], "neuron"), counted(side.synapses[moment], "synapse")];
    if (last >= 0) words.push(`${name.replace("_", " ").replace("train ", "training ")} ${figure(curve[last])}${name.endsWith("error") ? percent(side.unit) : ""}`);
    text("p", "", words.join(", "), box);
    if (event) text("p", "sentence", event.sentence, box);
  });
}

async function beside() {
  const held = document.getElementById("data"),
    data = await readData(held.textContent);
  held.remove();
  document.getElementById("headline").textContent = data.difference;
  const apps = await Promise.all([...document.querySelectorAll(".frame")].map((each, i) => framed(each, data.sides[i], i)));
  const lead = makeLead(data, apps),
    query = matchMedia("(prefers-color-scheme: dark)"),
    mode = document.getElementById("mode"),
    grown = apps.some((app) => app.model.of.born),
    modes = grown ? ["origin", "weight", "population"] : ["weight", "population"];
  for (const name of modes) text("option", "", `by ${name}`, mode).value = name;
  lead.setTheme(query.matches ? "dark" : "light");
  query.addEventListener?.("change", (event) => lead.setTheme(event.matches ? "dark" : "light"));
  lead.setMode(modes[0]);
  mode.onchange = () => lead.setMode(mode.value);
  document.getElementById("fit").onclick = () => apps.forEach((app) => app.fit());
  document.getElementById("theme").onclick = () => lead.setTheme(lead.theme === "dark" ? "light" : "dark");
  document.getElementById("png").onclick = () => savePixels(pictureOfBoth(lead), document.title);
  document.getElementById("svg").onclick = () => saveLines(drawingOfBoth(lead), document.title);
  document.getElementById("play").onclick = () => lead.playOrPause();
  document.getElementById("back").onclick = () => lead.step(-1);
  document.getElementById("next").onclick = () => lead.step(1);
  const chart = document.getElementById("chart"),
    to = (event) => lead.goTo(((event.clientX - chart.getBoundingClientRect().left - EDGES.left) / (chart.clientWidth - EDGES.left - EDGES.right)) * lead.end, true);
  let drag = false;
  chart.onpointerdown = (event) => {
    drag = true;
    chart.setPointerCapture(event.pointerId);
    to(event);
  };
  chart.onpointermove = (event) => (drag ? to(event) : pointAtEvent(lead, event));
  chart.onpointerup = () => (drag = false);
  chart.onpointerleave = () => (document.getElementById("tip").hidden = true);
  document.addEventListener("keydown", (event) => {
    const act = { ArrowLeft: () => lead.step(-1), ArrowRight: () => lead.step(1), " ": lead.playOrPause, t: () => document.getElementById("theme").click(), f: () => document.getElementById("fit").click() }[event.key];
    if (!act || /^(INPUT|SELECT|BUTTON)$/.test(event.target.tagName)) return;
    event.preventDefault();
    act();
  });
  new ResizeObserver(() => paintBoth(lead)).observe(chart);
  const { hash } = location; // moving changes it
  lead.goTo(lead.end);
  readBoth(lead, hash);
  addEventListener("hashchange", () => readBoth(lead, location.hash));
  document.documentElement.dataset.state = "ready";
  window.neurograph = lead; // for the console
}

beside().catch((error) => {
  console.error(error);
  document.documentElement.dataset.state = "still";
  document.getElementById("headline").textContent = `The networks could not be drawn: ${error.message}`;
});
