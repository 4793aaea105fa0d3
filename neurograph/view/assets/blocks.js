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
    pen.fillStyle = p.closed ? mixed(palette.paper, palette.neuron, 0.35) : palette.block;
    if (!app.isSelectedPopulation(p)) pen.strokeStyle = "transparent";
    else pen.strokeStyle = palette.grey;
    pen.beginPath();
    pen.roundRect(x, y, w, h, Math.min(10, w / 2, h / 2));
    pen.fill();
    pen.stroke();
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

// Two populations' facing sides, joined.
function paintBand(app, pen, bundle) {
  const { palette, data } = app,
    from = frameOf(app, data.populations[bundle.source]),
    to = frameOf(app, data.populations[bundle.target]);
  const x0 = from.x + from.w,
    x1 = to.x,
    bend = (x1 - x0) * 0.45;
  const inset = (f) => [f.y + f.h * 0.04, f.y + f.h * 0.96];
  const [top0, low0] = inset(from),
    [top1, low1] = inset(to),
    [negative, positive] = signsOf(bundleAt(app.model, bundle, app.time));
  const middle0 = low0 - (low0 - top0) * positive,
    middle1 = low1 - (low1 - top1) * positive,
    chosen = app.selected?.bundle === bundle;
  const strip = (a0, a1, b0, b1, colour) => {
    pen.beginPath();
    pen.moveTo(x0, a0);
    pen.bezierCurveTo(x0 + bend, a0, x1 - bend, a1, x1, a1);
    pen.lineTo(x1, b1);
    pen.bezierCurveTo(x1 - bend, b1, x0 + bend, b0, x0, b0);
    pen.closePath();
    pen.fillStyle = colour + (chosen ? "66" : app.selected ? "1c" : "38");
    pen.fill();
  };
  if (negative + positive === 0) return strip(top0, top1, low0, low1, palette.zero);
  strip(top0, top1, middle0, middle1, palette.negative);
  strip(middle0, middle1, low0, low1, palette.positive);
}

// The band at a place in pixels, if any.
function bandAt(app, { x, y }) {
  const { data } = app;
  return data.bundles.find((b) => {
    if (app.isOpen(b) || b.source === b.target) return false;
    const from = frameOf(app, data.populations[b.source]),
      to = frameOf(app, data.populations[b.target]);
    const share = (x - from.x - from.w) / (to.x - from.x - from.w),
      s = share * share * (3 - 2 * share);
    return (
      share > 0 &&
      share < 1 &&
      y > from.y + (to.y - from.y) * s &&
      y < from.y + from.h + (to.y + to.h - from.y - from.h) * s
    );
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
    { width } = stage.sigma.getDimensions();
  const from = frameOf(app, data.populations[bundle.source]),
    to = frameOf(app, data.populations[bundle.target]);
  const room = to.x - from.x - from.w,
    x = from.x + from.w + room / 2 - 66,
    y = (from.y + from.h / 2 + to.y + to.h / 2) / 2 - 34;
  const show = !app.isOpen(bundle) && room > 60 && x < width && x > -132;
  if (show && card.hidden) {
    card.hidden = false;
    paintHistogram(card.firstChild, bundleAt(app.model, bundle, app.time), app.palette);
  }
  card.hidden = !show;
  if (show) card.style.transform = `translate(${x}px, ${y}px) scale(${Math.min(1, room / 140)})`;
}
