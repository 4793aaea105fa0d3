// The stage: sigma moves the camera and draws the neurons; synapses, blocks and labels are layers of our own in its stack.

function makeStage(app) {
  const { model, data } = app,
    container = document.getElementById("stage"),
    graph = new graphology.Graph();
  data.populations.forEach((p) => {
    if (p.closed) return;
    const size = (p.tiles ? 0.4 : p.inside ? 0.32 : Math.min(0.36, 0.42 / Math.sqrt(p.pitch))) * p.pitch;
    for (let i = p.first; i < p.last; i++)
      graph.addNode(String(i), {
        x: model.of.x[i],
        y: model.of.y[i],
        size: p.tiles ? size : Math.min(size, 0.62),
        tile: p.tiles,
      });
  });
  loadSigma();
  const program = neuronProgram(),
    sigma = new Sigma(graph, container, {
      renderLabels: false,
      renderEdgeLabels: false,
      zIndex: false,
      allowInvalidContainer: true,
      defaultNodeType: "neuron",
      nodeProgramClasses: { neuron: program },
      nodeHoverProgramClasses: { neuron: program },
      defaultDrawNodeHover: () => {},
      itemSizesReference: "positions",
      zoomToSizeRatioFunction: (ratio) => ratio,
      stagePadding: 0,
      minCameraRatio: 0.002,
      maxCameraRatio: 4,
      zoomDuration: 160,
      doubleClickZoomingRatio: 1,
      nodeReducer: (key, attributes) => shownNeuron(app, Number(key), attributes),
    });
  // The first picture counts as one that moves: it comes at once, and whole a moment later.
  const stage = { sigma, graph, container, budget: 20_000, moving: true, drawn: 0, idle: 0 };
  const layer = (id, where) =>
    sigma.createCanvas(id, { ...where, style: { position: "absolute", pointerEvents: "none" } });
  for (const id of ["edges", "edgeLabels", "labels", "hovers", "hoverNodes"])
    // not used, and every layer costs a screen
    sigma.getCanvases()[id].style.display = "none";
  stage.below = layer("blocks", { beforeLayer: "edges" });
  stage.lines = layer("synapses", { beforeLayer: "nodes" });
  stage.above = layer("tiles", { afterLayer: "nodes" });
  stage.synapses = makeSynapseLayer(stage.lines, model);
  stage.bounds = boundsOf(data);
  fitTo(stage);
  sigma.getCamera().on("updated", () => {
    stage.moving = true;
    clearTimeout(stage.idle);
  });
  sigma.on("afterRender", () => drawLayers(app));
  sigma.on("resize", () => {
    fitTo(stage);
    sigma.scheduleRefresh();
  });
  const mouse = sigma.getMouseCaptor();
  mouse.on("mousemovebody", (event) => pointAtSynapse(app, event));
  sigma.on("enterNode", ({ node }) => app.hover(Number(node)));
  sigma.on("leaveNode", () => app.hover(null));
  sigma.on("clickNode", ({ node }) => app.select({ neuron: Number(node) }));
  sigma.on("clickStage", ({ event }) => {
    const bundle = bandAt(app, event);
    app.select(bundle ? { bundle } : null);
  });
  sigma.on("doubleClickStage", ({ preventSigmaDefault }) => {
    preventSigmaDefault();
    fit(stage);
  });
  stage.positionLabels = makeLabels(app, stage);
  refillSynapses(app, stage);
  return stage;
}

// As many synapses while the picture moves as make thirty frames a second, by how long the last ones took.
function measure(stage, gl, count) {
  if (stage.measuring) return;
  stage.measuring = true;
  const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0),
    started = performance.now();
  gl.flush();
  const look = () => {
    if (gl.getSyncParameter(sync, gl.SYNC_STATUS) !== gl.SIGNALED && performance.now() - started < 5000)
      return setTimeout(look, 4);
    const took = performance.now() - started;
    gl.deleteSync(sync);
    stage.measuring = false;
    const fitting = took < 16 ? Math.max(stage.budget, 1.5 * count) : (count * 28) / took;
    stage.budget = Math.min(4_000_000, Math.max(1500, fitting));
  };
  setTimeout(look, 0);
}

function boundsOf(data) {
  const all = data.populations;
  return {
    left: Math.min(...all.map((p) => p.x)),
    right: Math.max(...all.map((p) => p.x + p.width)),
    low: Math.min(...all.map((p) => p.y)),
    high: Math.max(...all.map((p) => p.y + p.height)),
  };
}

// Leave room for the labels below the blocks, whatever the shape of the window.
function fitTo(stage) {
  const { left, right, low, high } = stage.bounds,
    { width, height } = stage.sigma.getDimensions();
  const side = 60,
    top = 36,
    bottom = 84;
  const unit = Math.max(
    1e-6,
    Math.min((width - 2 * side) / Math.max(right - left, 1), (height - top - bottom) / Math.max(high - low, 1), 26),
  );
  const x = (left + right) / 2,
    y = (low + high) / 2;
  stage.sigma.setCustomBBox({
    x: [x - width / 2 / unit, x + width / 2 / unit],
    y: [y - (height / 2 + (bottom - top) / 2) / unit, y + (height / 2 - (bottom - top) / 2) / unit],
  });
}

const fit = (stage) => stage.sigma.getCamera().animate({ x: 0.5, y: 0.5, ratio: 1, angle: 0 }, { duration: 250 });

function flyTo(stage, model, neuron) {
  const at = stage.sigma.getNodeDisplayData(String(neuron)) || null,
    camera = stage.sigma.getCamera();
  const place =
    at ||
    stage.sigma.viewportToFramedGraph(stage.sigma.graphToViewport({ x: model.of.x[neuron], y: model.of.y[neuron] }));
  camera.animate({ x: place.x, y: place.y, ratio: Math.min(camera.ratio, 0.45) }, { duration: 300 });
}

// The matrix from graph units to clip space, read off three points.
function cameraOf(stage) {
  const { width, height } = stage.sigma.getDimensions();
  const clip = (x, y) => {
    const p = stage.sigma.graphToViewport({ x, y });
    return [(p.x / width) * 2 - 1, 1 - (p.y / height) * 2];
  };
  const o = clip(0, 0),
    x = clip(1, 0),
    y = clip(0, 1);
  stage.unit = ((x[0] - o[0]) * width) / 2; // pixels a unit
  return new Float32Array([x[0] - o[0], x[1] - o[1], 0, y[0] - o[0], y[1] - o[1], 0, o[0], o[1], 1]);
}

function drawLayers(app) {
  const { stage, model } = app;
  if (!stage) return;
  const { width, height } = stage.sigma.getDimensions(),
    dpr = window.devicePixelRatio || 1;
  for (const canvas of [stage.below, stage.lines, stage.above]) {
    if (canvas.width !== Math.round(width * dpr)) canvas.width = Math.round(width * dpr);
    if (canvas.height !== Math.round(height * dpr)) canvas.height = Math.round(height * dpr);
  }
  const camera = cameraOf(stage),
    { high, low } = stage.bounds,
    first = model.at[1] ?? 0;
  const view = {
    camera,
    dpr,
    time: app.time,
    glow: app.glow,
    share: app.share,
    mode: app.mode,
    palette: app.palette,
    ...curvatureOf(stage),
    zoom: Math.sqrt(1 / stage.sigma.getCamera().ratio),
    oldest: first,
    span: Math.max(1e-6, model.end - first),
    room_for: Math.min(4, Math.max(0.2, 480 / Math.max(1, (high - low) * stage.unit))), // small pictures are more crowded
    picked: Boolean(app.selected) || app.picked.length > 0,
    faded: app.palette.faded,
    dim: app.matrixed?.some(Boolean) ? 0.2 : 1, // matrices are not to be hidden by what passes them
  };
  const most = stage.moving || app.playing ? stage.budget : Infinity;
  stage.drawn = stage.synapses ? stage.synapses.draw(view, most) : 0;
  if (stage.drawn) measure(stage, stage.synapses.gl, stage.drawn);
  noteMatrices(app);
  paintBlocks(app, stage.below.getContext("2d"), dpr);
  paintTiles(app, stage.above.getContext("2d"), dpr);
  stage.positionLabels();
  paintMap(app);
  followAddress(app);
  if (stage.moving) {
    clearTimeout(stage.idle);
    const calm = 160 + Math.min(800, (14 * app.drawable) / stage.budget); // longer where all takes long
    stage.idle = setTimeout(() => settle(app), calm);
  }
}

// Draw all, once what was drawn last is on the screen.
function settle(app) {
  const { stage } = app;
  if (stage.measuring) {
    stage.idle = setTimeout(() => settle(app), 50);
    return;
  }
  stage.moving = false;
  drawLayers(app);
}

// Which populations are painted as matrices; their dots go, and come back, with them.
function noteMatrices(app) {
  const now = app.data.populations.map((p) => asMatrix(app, p)),
    changed = app.matrixed?.join() !== now.join();
  app.matrixed = now;
  if (changed) setTimeout(() => app.stage?.sigma.refresh({ skipIndexation: true }));
}

// The nearest of the synapses that are drawn one by one, where the mouse is not over a neuron: said in the tip.
const NEAR = 5, // pixels
  SEARCHED = 20_000; // synapses, beyond which only those of a chosen or hovered neuron are looked at

function pointAtSynapse(app, { x, y }) {
  const { stage, model } = app,
    box = stage.container.getBoundingClientRect(),
    inside = x >= 0 && y >= 0 && x <= box.width && y <= box.height;
  if (!inside || app.hovered !== null) return;
  const list = app.picked?.length ? app.picked : app.drawable <= SEARCHED ? stage.shownList : [],
    found = nearestSynapse(app, list, x, y),
    band = found === null && !app.picked?.length ? bandAt(app, { x, y }) : null;
  const other = band !== (app.overBand ?? null);
  if (other) {
    app.overBand = band;
    drawLayers(app);
  }
  if (found === app.overSynapse && !other) return;
  app.overSynapse = found;
  const words = found !== null ? synapseWords(app, found) : band ? bandWords(app, band) : null;
  app.tip(words, { clientX: x + box.left + 8, clientY: y + box.top + 6 });
}

function nearestSynapse(app, list, x, y) {
  const { model, stage } = app,
    to = affineOf(stage),
    curvature = curvatureOf(stage);
  let best = null,
    least = NEAR;
  for (const e of list) {
    if (!livesAt(model.synapseBorn, model.synapseDied, e, app.time)) continue;
    if (!app.picked?.length && model.rank[e] < 1 - app.share) continue;
    const away = distanceTo(pointsOf(model, e, curvature).map(([px, py]) => to(px, py)), x, y, least);
    if (away < least) [best, least] = [e, away];
  }
  return best;
}

// What bent synapses are bent by.
const curvatureOf = ({ bounds: { high, low } }) => ({ middle: (high + low) / 2, bow: (high - low) * 0.3 });

// Graph units to pixels, read off three points once.
function affineOf(stage) {
  const o = stage.sigma.graphToViewport({ x: 0, y: 0 }),
    r = stage.sigma.graphToViewport({ x: 1, y: 0 }),
    u = stage.sigma.graphToViewport({ x: 0, y: 1 });
  return (x, y) => [o.x + (r.x - o.x) * x + (u.x - o.x) * y, o.y + (r.y - o.y) * x + (u.y - o.y) * y];
}

// From a line through points to a place, where it is nearer than so much.
function distanceTo(points, x, y, most) {
  let least = Infinity;
  for (let i = 1; i < points.length; i++) {
    const [[ax, ay], [bx, by]] = [points[i - 1], points[i]];
    if (Math.min(ax, bx) - x > most || x - Math.max(ax, bx) > most || Math.min(ay, by) - y > most || y - Math.max(ay, by) > most) continue;
    least = Math.min(least, distance(points[i - 1], points[i], x, y));
  }
  return least;
}

function distance([ax, ay], [bx, by], x, y) {
  const dx = bx - ax,
    dy = by - ay,
    t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(ax + t * dx - x, ay + t * dy - y);
}

// A synapse's ends, weight, age and gradient.
function synapseWords({ data, model, time }, e) {
  const { of } = model,
    form = data.forms[of.form?.[e] ?? 0],
    born = of.synapse_born?.[e],
    entry = born ? data.timeline.entries[born - 1] : null,
    age = entry && data.timeline.axis === "epoch" ? Math.floor(time + 1e-6) - entry.epoch : null;
  return [
    `${data.names[of.source[e]]} → ${data.names[of.target[e]]}`,
    `weight ${figure(of.weight[e])}${whoseWeights(model, time) === "weights of today" ? " (today)" : ""}`,
    age === null ? (born ? `born by edit ${born}` : "there from the start") : `age ${counted(age, "epoch")}`,
    of.gradient?.[e] >= 0 ? `mean gradient ${figure(of.gradient[e])}` : "",
    form,
  ]
    .filter(Boolean)
    .join(" · ");
}

// A ribbon's ends and how many synapses of what weights it stands for, as they are at the moment.
function bandWords({ data, model, time }, bundle) {
  const { living } = bundleAt(model, bundle, time),
    [from, to] = [bundle.source, bundle.target].map((at) => data.populations[at].name);
  return `${from} → ${to} · ${counted(living, "synapse")} · a click shows their weights`;
}

// Fill the buffers again, after a bundle was opened or closed.
function refillSynapses(app, stage) {
  const list = weakFirst(app.model, (b) => app.isOpen(b));
  app.drawable = list.length;
  stage.shownList = list;
  stage.synapses?.fill(list, app.isOpen);
}

// How a neuron looks just now.
function shownNeuron(app, i, attributes) {
  const { model, palette } = app,
    born = model.born[i],
    died = model.died[i],
    time = app.time;
  const shown = { x: attributes.x, y: attributes.y, size: attributes.size, tile: attributes.tile, type: "neuron" };
  const gone = time - died;
  if (time < born || gone >= app.glow || app.matrixed?.[model.population[i]]) return { ...shown, hidden: true, color: palette.neuron };
  shown.color = app.neuronColour(i);
  if (gone >= 0) return { ...shown, color: mixed(palette.dying, palette.paper, gone / app.glow) };
  const plain = (app.data.lit ?? null) === null && !app.picked.length,
    young = plain && born > -1e8 ? Math.max(0, 1 - (time - born) / app.glow) : 0;
  if (young > 0) {
    shown.color = mixed(shown.color, palette.newborn, young);
    shown.size *= 1 + 0.35 * young;
  }
  if (app.selected?.neuron === i) {
    shown.color = palette.ink;
    shown.size *= attributes.tile ? 1.12 : 1.5;
  }
  return shown;
}
