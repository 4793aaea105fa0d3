// What leaves the page: an address that brings back what is seen, and pictures of it. And the map of where one is.

// The state as the end of the address: time, colour, what was chosen, camera.
function addressOf(app) {
  const { data, model, selected } = app,
    parts = new URLSearchParams();
  if (app.time < model.end) parts.set("t", app.time.toFixed(3));
  parts.set("colour", app.mode);
  if (selected?.neuron !== undefined) parts.set("neuron", selected.neuron);
  else if (selected?.population) parts.set("population", data.populations.indexOf(selected.population));
  else if (selected?.bundle) parts.set("bundle", data.bundles.indexOf(selected.bundle));
  const { x, y, ratio } = app.stage?.sigma.getCamera().getState() ?? {};
  if (ratio && (ratio !== 1 || x !== 0.5 || y !== 0.5)) parts.set("at", [x, y, ratio].map((n) => n.toFixed(4)).join());
  return "#" + parts;
}

// Let the address follow what is seen, once it rests.
function followAddress(app) {
  clearTimeout(app.resting);
  app.resting = setTimeout(() => {
    if (app.moved) return app.moved(); // another page holds this one, and has the address
    try {
      history.replaceState(null, "", addressOf(app));
    } catch {
      // a page inside another may not
    }
  }, 200);
}

// Go where an address says; what it cannot mean is left out.
function readAddress(app, hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, "")),
    { data, model } = app,
    number = (name) => (parts.has(name) ? Number(parts.get(name)) : NaN);
  if ([...document.getElementById("mode").options].some((o) => o.value === parts.get("colour")))
    app.setMode(parts.get("colour"));
  if (Number.isFinite(number("t"))) app.goTo(number("t"));
  const neuron = number("neuron"),
    population = data.populations[number("population")],
    bundle = data.bundles[number("bundle")];
  if (Number.isInteger(neuron) && neuron >= 0 && neuron < model.neurons) app.select({ neuron });
  else if (population) app.select({ population });
  else if (bundle) app.select({ bundle });
  const [x, y, ratio] = (parts.get("at") ?? "").split(",").map(Number);
  if ([x, y, ratio].every(Number.isFinite) && ratio > 0) app.stage?.sigma.getCamera().setState({ x, y, ratio });
}

// ------------------------------------------------------------------------------------------------ pictures
// What the stage shows, with its headline and labels, as a canvas.
function pictureOf(app) {
  const { stage, palette } = app,
    { width, height } = stage.sigma.getDimensions(),
    dpr = window.devicePixelRatio || 1,
    canvas = document.createElement("canvas"),
    pen = canvas.getContext("2d"),
    head = 46;
  canvas.width = width * dpr;
  canvas.height = (height + head) * dpr;
  pen.scale(dpr, dpr);
  pen.fillStyle = palette.paper;
  pen.fillRect(0, 0, width, height + head);
  stage.sigma.render(); // a layer of WebGL can be read only in the turn that drew it
  for (const layer of [stage.below, stage.lines, stage.sigma.getCanvases().nodes, stage.above])
    pen.drawImage(layer, 0, head, width, height);
  pen.fillStyle = palette.ink;
  pen.font = "600 17px system-ui, sans-serif";
  pen.fillText(app.data.headline || document.getElementById("counts").textContent, 16, 30);
  pen.textAlign = "center";
  const box = stage.container.getBoundingClientRect();
  for (const label of document.querySelectorAll(".label:not([hidden])")) {
    const at = label.getBoundingClientRect(),
      x = at.x - box.x + at.width / 2,
      y = at.y - box.y + head;
    pen.fillStyle = palette.ink;
    pen.font = "600 12px system-ui, sans-serif";
    pen.fillText(label.firstChild.textContent, x, y + 12);
    pen.fillStyle = palette.grey;
    pen.font = "11px system-ui, sans-serif";
    pen.fillText(label.lastChild.textContent, x, y + 26);
  }
  return canvas;
}

function savePicture(app) {
  if (app.stage) savePixels(pictureOf(app), app.data.title);
}

// The still picture, which is drawn in lines: for papers.
function drawingOf(palette) {
  const drawing = document.querySelector("#still svg").cloneNode(true);
  drawing.style.color = palette.ink;
  return drawing;
}

// ------------------------------------------------------------------------------------------------ where one is
// Shown while only a part of the network is on the screen.
function paintMap(app) {
  const canvas = document.getElementById("map"),
    { stage, data, palette } = app,
    ratio = stage.sigma.getCamera().ratio;
  canvas.hidden = ratio > 0.92;
  if (canvas.hidden) return;
  const { left, right, low, high } = stage.bounds,
    { width, height } = stage.sigma.getDimensions(),
    unit = Math.min(130 / Math.max(right - left, 1), 84 / Math.max(high - low, 1)),
    dpr = window.devicePixelRatio || 1,
    pen = canvas.getContext("2d"),
    x = (at) => 5 + (at - left) * unit,
    y = (at) => 5 + (high - at) * unit;
  canvas.width = ((right - left) * unit + 10) * dpr;
  canvas.height = ((high - low) * unit + 10) * dpr;
  canvas.style.width = `${canvas.width / dpr}px`;
  pen.scale(dpr, dpr);
  pen.fillStyle = palette.faint;
  for (const p of data.populations)
    pen.fillRect(x(p.x) - 1, y(p.y + p.height) - 1, Math.max(2, p.width * unit + 2), Math.max(2, p.height * unit + 2));
  const a = stage.sigma.viewportToGraph({ x: 0, y: 0 }),
    b = stage.sigma.viewportToGraph({ x: width, y: height });
  pen.strokeStyle = palette.ink;
  pen.lineWidth = 1.2;
  pen.strokeRect(x(a.x), y(a.y), (b.x - a.x) * unit, (a.y - b.y) * unit);
}
