// What stands behind and beside the neurons: blocks, bands with their histograms, kernels on tiles, labels.

function paintBlocks(app, pen, dpr) {
  const { stage, data, palette } = app,
    { width, height } = stage.sigma.getDimensions();
  pen.setTransform(dpr, 0, 0, dpr, 0, 0);
  pen.clearRect(0, 0, width, height);
  for (const b of data.bundles) if (!app.isOpen(b) && b.source !== b.target) paintBand(app, pen, b);
  for (const p of data.populations) {
    const { x, y, w, h } = frameOf(app, p);
    if (x > width || y > height || x + w < 0 || y + h < 0) continue;
    pen.fillStyle = palette.block;
    if (!app.isSelectedPopulation(p)) pen.strokeStyle = "transparent";
    else pen.strokeStyle = palette.grey;
    pen.beginPath();
    pen.roundRect(x, y, w, h, Math.min(10, w / 2, h / 2));
    pen.fill();
    pen.stroke();
    if (asMatrix(app, p)) paintMatrix(app, pen, p, { x, y, w, h });
    else if (p.closed) paintDegrees(app, pen, p, { x, y, w, h });
  }
}

// A population's frame in pixels.
function frameOf(app, p) {
  const { sigma, unit } = app.stage,
    room = p.pitch * 0.6 + (p.tiles ? 0.1 : 0);
  const a = sigma.graphToViewport({ x: p.x - room, y: p.y + p.height + room }),
    w = (p.width + 2 * room) * unit,
    h = (p.height + 2 * room) * unit;
  return { x: a.x, y: a.y, w, h };
}

// A ribbon's sides in pixels: two populations' facing sides, joined; as much of them as there are synapses of all that
// ever were. Null where there are none.
function ribbonOf(app, bundle) {
  const { data } = app,
    from = frameOf(app, data.populations[bundle.source]),
    to = frameOf(app, data.populations[bundle.target]),
    { living } = bundleAt(app.model, bundle, app.time),
    part = 0.46 * Math.sqrt(living / Math.max(1, bundle.ever)),
    inset = (f) => [f.y + f.h * (0.5 - part), f.y + f.h * (0.5 + part)];
  return living ? { x0: from.x + from.w, x1: to.x, from: inset(from), to: inset(to) } : null;
}

function paintBand(app, pen, bundle) {
  const ribbon = ribbonOf(app, bundle);
  if (!ribbon) return;
  const { x0, x1, from: [top0, low0], to: [top1, low1] } = ribbon,
    then = bundleAt(app.model, bundle, app.time),
    bend = (x1 - x0) * 0.45,
    chosen = app.selected?.bundle === bundle || app.overBand === bundle;
  let at = 0;
  for (const [colour, share] of sharesOf(app, bundle, then)) {
    const edge = (top, low, place) => top + (low - top) * place,
      end = at + share;
    pen.beginPath();
    pen.moveTo(x0, edge(top0, low0, at));
    pen.bezierCurveTo(x0 + bend, edge(top0, low0, at), x1 - bend, edge(top1, low1, at), x1, edge(top1, low1, at));
    pen.lineTo(x1, edge(top1, low1, end));
    pen.bezierCurveTo(x1 - bend, edge(top1, low1, end), x0 + bend, edge(top0, low0, end), x0, edge(top0, low0, end));
    pen.closePath();
    pen.fillStyle = colour + (chosen ? "77" : app.selected || app.picked.length ? "14" : "48");
    pen.fill();
    at = end;
  }
}

// What a ribbon is made of, from top to bottom: [colour, share].
function sharesOf(app, bundle, then) {
  const { palette, model, mode } = app;
  if (mode === "origin") return originsOf(app, bundle);
  if (mode === "population") return [[kindColour(palette, bundle.source), 1]];
  const [negative, positive] = signsOf(then);
  if (mode === "gradient" || negative + positive === 0) return [[palette.zero, 1]];
  return [
    [palette.positive, positive],
    [palette.negative, negative],
  ];
}

// Grey for the synapses from the start, green by age for the newborn.
function originsOf(app, bundle) {
  const { model, palette } = app,
    key = momentAt(model, app.time);
  if (bundle.origins?.key !== key || bundle.origins?.palette !== palette) {
    const bins = new Array(6).fill(0);
    let all = 0;
    for (let e = bundle.first; e < bundle.last; e++) {
      if (!livesAt(model.synapseBorn, model.synapseDied, e, app.time)) continue;
      all++;
      const place = originOf(model, model.synapseBorn[e]);
      bins[place ? Math.min(5, 1 + Math.floor((place - 0.25) * 6.6)) : 0]++;
    }
    const shares = bins.map((n, i) => [ramped(palette.origin, i ? 0.25 + (i - 1) * 0.1875 : 0), n / Math.max(1, all)]);
    bundle.origins = { key, palette, shares: shares.filter(([, share]) => share > 0) };
  }
  return bundle.origins.shares;
}

// Whether a population is painted as a matrix just now: its inside is not drawn, and its neurons are too small to see.
function asMatrix(app, p) {
  if (p.matrix === null || app.isSelectedPopulation(p)) return false;
  const number = app.data.populations.indexOf(p),
    inner = app.data.bundles.find((b) => b.source === number && b.target === number);
  return !app.isOpen(inner) && app.selected?.neuron === undefined && (p.closed || p.pitch * app.stage.unit < 9);
}

function paintMatrix(app, pen, p, { x, y, w, h }) {
  const picture = matrixPicture(app, p);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(picture, x, y, w, h);
  if (h < 90) return;
  pen.fillStyle = app.palette.grey;
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "left";
  pen.fillText("reads →", x + 6, y + h - 8);
  pen.save();
  pen.translate(x + 14, y + h - 20);
  pen.rotate(-Math.PI / 2);
  pen.fillText("← feeds", 0, 0);
  pen.restore();
}

// The adjacency matrix of a population, by depth: the denser a cell, the stronger; coloured where weights are of one sign.
function matrixPicture(app, p) {
  app.matrices ??= new Map();
  const kept = app.matrices.get(p);
  if (kept?.palette === app.palette && kept.mode === app.mode) return kept.canvas;
  const { matrix, matrix_sign } = app.model.of,
    side = 96,
    first = p.matrix * side * side,
    counts = matrix.subarray(first, first + side * side),
    sorted = counts.filter((n) => n > 0).sort(),
    most = sorted[Math.floor(0.99 * (sorted.length - 1))] || 1,
    canvas = document.createElement("canvas"),
    pen = canvas.getContext("2d");
  canvas.width = canvas.height = side;
  const image = pen.createImageData(side, side),
    ink = rgb(app.palette.neuron);
  counts.forEach((n, i) => {
    const sign = app.mode === "weight" ? matrix_sign[first + i] / 100 : 0,
      hue = rgb(sign < 0 ? app.palette.negative : app.palette.positive),
      share = Math.min(1, 1.6 * Math.abs(sign));
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * (ink[c] + (hue[c] - ink[c]) * share);
    image.data[4 * i + 3] = n ? 255 * (0.12 + 0.78 * Math.sqrt(Math.min(1, n / most))) : 0;
  });
  pen.putImageData(image, 0, 0);
  app.matrices.set(p, { palette: app.palette, mode: app.mode, canvas });
  return canvas;
}

// A population too large for dots: how many synapses its neurons have, each cell those that stand there.
function paintDegrees(app, pen, p, { x, y, w, h }) {
  p.degrees ??= degreesOf(app.model, p);
  const { values, columns, rows, most } = p.degrees,
    wide = w / columns,
    high = h / rows;
  pen.fillStyle = app.palette.neuron;
  values.forEach((value, i) => {
    pen.globalAlpha = 0.25 + 0.6 * Math.sqrt(value / most);
    pen.fillRect(x + (i % columns) * wide, y + Math.floor(i / columns) * high, wide + 0.3, high + 0.3);
  });
  pen.globalAlpha = 1;
}

function degreesOf({ of }, p) {
  const columns = Math.min(48, Math.round(p.width / p.pitch) + 1),
    rows = Math.min(96, Math.round(p.height / p.pitch) + 1),
    sum = new Float64Array(columns * rows),
    count = new Float64Array(columns * rows);
  for (let i = p.first; i < p.last; i++) {
    const column = Math.min(columns - 1, Math.floor(((of.x[i] - p.x) / (p.width || 1)) * columns)),
      row = Math.min(rows - 1, Math.floor(((p.y + p.height - of.y[i]) / (p.height || 1)) * rows));
    sum[row * columns + column] += of.fan_in[i] + of.fan_out[i];
    count[row * columns + column]++;
  }
  const values = sum.map((s, i) => (count[i] ? s / count[i] : 0));
  return { values, columns, rows, most: Math.max(1, ...values) };
}

// The band at a place in pixels, if any.
function bandAt(app, { x, y }) {
  const { data } = app;
  return data.bundles.find((b) => {
    if (app.isOpen(b) || b.source === b.target) return false;
    const ribbon = ribbonOf(app, b);
    if (!ribbon) return false;
    const share = (x - ribbon.x0) / (ribbon.x1 - ribbon.x0),
      s = share * share * (3 - 2 * share),
      side = (i) => ribbon.from[i] + (ribbon.to[i] - ribbon.from[i]) * s;
    return share > 0 && share < 1 && y > side(0) && y < side(1);
  });
}

// The shares of the total weight that are negative and positive.
function signsOf({ histogram, reach }) {
  let negative = 0,
    positive = 0;
  histogram.forEach((n, i) => {
    const at = ((i + 0.5) / histogram.length) * 2 - 1;
    if (at < 0) negative -= n * at;
    else positive += n * at;
  });
  const all = negative + positive;
  return all && reach ? [negative / all, positive / all] : [0, 0];
}

function paintHistogram(canvas, bundle, palette, labelled = false) {
  const dpr = window.devicePixelRatio || 1,
    width = canvas.clientWidth || 114,
    height = canvas.clientHeight || 34;
  canvas.width = width * dpr;
  canvas.height = height * dpr;
  const pen = canvas.getContext("2d"),
    foot = labelled ? 16 : 1,
    bins = bundle.histogram,
    most = Math.max(1, ...bins),
    wide = width / bins.length;
  pen.scale(dpr, dpr);
  bins.forEach((n, i) => {
    const at = i - (bins.length - 1) / 2,
      h = n ? Math.max(1, (n / most) * (height - foot - 2)) : 0;
    pen.fillStyle = Math.abs(at) < 0.5 ? palette.zero : at < 0 ? palette.negative : palette.positive;
    pen.fillRect(i * wide + 0.25, height - foot - h, wide - 0.5, h);
  });
  pen.fillStyle = palette.faint;
  pen.fillRect(0, height - foot, width, 1);
  if (!labelled || !bundle.reach) return;
  pen.fillStyle = palette.grey;
  pen.font = "11px system-ui, sans-serif";
  [
    ["left", 0, -bundle.reach],
    ["center", width / 2, 0],
    ["right", width, bundle.reach],
  ].forEach(([align, x, value]) => {
    pen.textAlign = align;
    pen.fillText(value ? figure(value) : "0", x, height - 3);
  });
}

// Kernels on tiles and names beside neurons, where there is room for them.
function paintTiles(app, pen, dpr) {
  const { stage, data, model, palette } = app,
    { width, height } = stage.sigma.getDimensions();
  pen.setTransform(dpr, 0, 0, dpr, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.imageSmoothingEnabled = false;
  for (const p of data.populations) {
    const step = p.pitch * stage.unit;
    if (p.closed || step < (p.tiles ? 13 : 48)) continue;
    const frame = frameOf(app, p);
    if (frame.x > width || frame.y > height || frame.x + frame.w < 0 || frame.y + frame.h < 0) continue;
    for (let i = p.first; i < p.last; i++) {
      if (!livesAt(model.born, model.died, i, app.time)) continue;
      const at = stage.sigma.graphToViewport({ x: model.of.x[i], y: model.of.y[i] });
      if (at.x < -step || at.y < -step || at.x > width + step || at.y > height + step) continue;
      if (p.tiles) paintKernelOn(app, pen, i, at, step * 0.8);
      if (step >= (p.tiles ? 60 : 48)) paintName(pen, data.names[i], at, step, p, palette);
    }
  }
}

// Beside a chosen neuron the kernels that join others to it, else the strongest of each.
function paintKernelOn(app, pen, neuron, at, size) {
  if (app.linked && app.selected.neuron !== neuron && !app.linked.has(neuron)) return;
  const picture = app.linked?.has(neuron)
    ? drawKernel(app, kernelOf(app.model, app.linked.get(neuron)))
    : kernelPicture(app, neuron);
  if (picture) pen.drawImage(picture, at.x - size / 2, at.y - size / 2, size, size);
}

function paintName(pen, name, at, step, p, palette) {
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.lineWidth = 3;
  pen.strokeStyle = palette.paper;
  pen.fillStyle = palette.ink;
  const text = name.length > step / 6 ? name.slice(0, Math.max(1, Math.floor(step / 6) - 1)) + "…" : name;
  const y = at.y + (p.tiles ? step * 0.4 : Math.min(step * 0.5, 0.62 * step)) + 9;
  pen.strokeText(text, at.x, y);
  pen.fillText(text, at.x, y);
}

// The strongest kernel that a feature map is read through, as a small canvas; null where the page has none.
function kernelPicture(app, neuron) {
  app.pictures ??= new Map();
  if (!app.pictures.has(neuron)) app.pictures.set(neuron, drawKernel(app, strongestKernel(app.model, neuron)));
  return app.pictures.get(neuron);
}

function strongestKernel(model, neuron) {
  if (!model.of.kernels) return null;
  const { start, list } = neighbours(model, "target");
  let best = -1;
  for (let i = start[neuron]; i < start[neuron + 1]; i++)
    if (model.of.kernel[list[i]] && (best < 0 || Math.abs(model.of.weight[list[i]]) > Math.abs(model.of.weight[best])))
      best = list[i];
  return best < 0 ? null : kernelOf(model, best);
}

function drawKernel(app, kernel) {
  if (!kernel || kernel.rows * kernel.columns < 2) return null;
  const canvas = document.createElement("canvas");
  canvas.width = kernel.columns;
  canvas.height = kernel.rows;
  const pen = canvas.getContext("2d");
  kernel.values.forEach((value, i) => {
    pen.fillStyle = signed(app.palette, value / 127);
    pen.fillRect(i % kernel.columns, Math.floor(i / kernel.columns), 1, 1);
  });
  return canvas;
}

// Labels below blocks and cards on bands: buttons, so that keys reach them.
function makeLabels(app, stage) {
  const { data } = app,
    overlay = document.getElementById("overlay");
  const labels = data.populations.map((p) => {
    const label = element("button", "label", overlay);
    element("b", "", label).textContent = p.name;
    element("span", "", label);
    label.onclick = () => app.select({ population: p });
    return label;
  });
  const cards = data.bundles.map((b) => {
    if (b.source === b.target) return null;
    const card = element("button", "card", overlay);
    element("canvas", "", card).setAttribute("aria-hidden", "true");
    element("span", "", card).textContent = counted(b.living, "synapse");
    card.title = `${data.populations[b.source].name} → ${data.populations[b.target].name}`;
    card.onclick = () => app.select({ bundle: b });
    card.hidden = true;
    return card;
  });
  return () => {
    placeLabels(app, stage, labels);
    data.bundles.forEach((b, i) => cards[i] && placeCard(app, stage, b, cards[i]));
  };
}

// Below each block, left out where it would run into another's.
function placeLabels(app, stage, labels) {
  const { width, height } = stage.sigma.getDimensions(),
    taken = [];
  app.data.populations.forEach((p, at) => {
    const { x, y, w, h } = frameOf(app, p),
      label = labels[at],
      count = app.populationCounts[at];
    const words = p.tiles ? counted(count, "map") : count.toLocaleString("en");
    if (label.lastChild.textContent !== words) label.lastChild.textContent = words;
    const wide = Math.min(190, Math.max(p.name.length * 8, words.length * 6.6, 34)),
      left = x + w / 2 - wide / 2,
      top = y + h + 5;
    label.hidden = true;
    if (count === 0) return;
    const clash = taken.some((t) => left < t.right && left + wide > t.left && top < t.low && top + 32 > t.top);
    label.hidden = clash || left > width || left + wide < 0 || top > height || top < -32;
    if (label.hidden) return;
    taken.push({ left, right: left + wide, top, low: top + 34 });
    label.style.transform = `translate(${x + w / 2}px, ${top}px) translateX(-50%)`;
  });
}

function placeCard(app, stage, bundle, card) {
  const { data } = app,
    then = bundleAt(app.model, bundle, app.time),
    { width } = stage.sigma.getDimensions();
  const from = frameOf(app, data.populations[bundle.source]),
    to = frameOf(app, data.populations[bundle.target]);
  const room = to.x - from.x - from.w,
    x = from.x + from.w + room / 2 - 66,
    y = (from.y + from.h / 2 + to.y + to.h / 2) / 2 - 34;
  const show = (app.overBand === bundle || app.selected?.bundle === bundle) && !app.isOpen(bundle) && room > 60 && x < width && x > -132;
  if (show && (card.hidden || card.dataset.key !== then.key)) {
    card.dataset.key = then.key;
    card.lastChild.textContent = counted(then.living, "synapse");
    card.hidden = false;
    paintHistogram(card.firstChild, then, app.palette);
  }
  card.hidden = !show;
  if (show) card.style.transform = `translate(${x}px, ${y}px) scale(${Math.min(1, room / 140)})`;
}
