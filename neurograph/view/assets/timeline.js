// Time: the errors, a mark for each entry of the journal, and a hand that can be moved or left to move.

const MARKS = 20; // pixels below the errors, for births and deaths
const SECONDS = 14; // of playing all of it

function makeTimeline(app) {
  const { data } = app,
    foot = document.getElementById("time"),
    chart = document.getElementById("chart");
  foot.hidden = data.timeline.entries.length === 0 && !data.timeline.curves.epoch;
  if (foot.hidden) return;
  chart.setAttribute("aria-valuemax", String(data.timeline.end));
  let drag = false;
  const to = (event) => {
    const box = chart.getBoundingClientRect();
    app.goTo(timeOf(app, event.clientX - box.left, box.width));
  };
  chart.onpointerdown = (event) => {
    drag = true;
    chart.setPointerCapture(event.pointerId);
    app.pause();
    to(event);
  };
  chart.onpointermove = (event) => (drag ? to(event) : pointAt(app, event));
  chart.onpointerup = () => {
    drag = false;
  };
  chart.onpointerleave = () => app.tip(null);
  chart.onkeydown = (event) => {
    if (event.key === "Home") app.goTo(0);
    else if (event.key === "End") app.goTo(data.timeline.end);
    else return;
    event.preventDefault();
  };
  document.getElementById("play").onclick = () => app.playOrPause();
  document.getElementById("back").onclick = () => app.step(-1);
  document.getElementById("next").onclick = () => app.step(1);
  new ResizeObserver(() => paintTimeline(app)).observe(chart);
}

const EDGES = { left: 44, right: 12, top: 8, low: 18 };

function timeOf(app, x, width) {
  const share = (x - EDGES.left) / (width - EDGES.left - EDGES.right);
  return Math.min(Math.max(share, 0), 1) * app.data.timeline.end;
}

function paintTimeline(app) {
  const chart = document.getElementById("chart"),
    width = chart.clientWidth,
    height = chart.clientHeight,
    dpr = window.devicePixelRatio || 1;
  if (!width || !height) return;
  chart.width = width * dpr;
  chart.height = height * dpr;
  const pen = chart.getContext("2d"),
    { timeline } = app.data,
    { palette } = app;
  pen.scale(dpr, dpr);
  pen.font = "10.5px system-ui, sans-serif";
  const x = (time) => EDGES.left + (time / Math.max(timeline.end, 1e-9)) * (width - EDGES.left - EDGES.right);
  const low = height - EDGES.low - MARKS;
  paintWidths(app, pen, x, low);
  paintCurves(app, pen, x, low);
  paintMarks(app, pen, x, low + 3);
  paintAxis(app, pen, x, height, width);
  pen.fillStyle = palette.ink;
  pen.fillRect(x(app.time) - 0.75, EDGES.top - 4, 1.5, height - EDGES.low - EDGES.top + 6);
  pen.beginPath();
  pen.arc(x(app.time), EDGES.top - 3, 4, 0, 7);
  pen.fill();
  chart.setAttribute("aria-valuenow", app.time.toFixed(2));
  chart.setAttribute("aria-valuetext", document.getElementById("moment").textContent);
}

// What stands behind an error: nothing where it is in other units than percent, which the label names then.
const percent = (unit) => (unit.startsWith("%") ? " %" : "");
const inUnits = (unit) => (unit === "%" || !unit ? "" : ` (${unit})`);

// Errors where there are any, else losses; training thin, validation strong, what is still to come pale.
function paintCurves(app, pen, x, low) {
  const { curves } = app.data.timeline,
    { palette } = app;
  if (!curves.epoch) return paintCounts(app, pen, x, low);
  const kind = curves.train_error || curves.validation_error ? "error" : "loss",
    lines = [
      ["train_" + kind, palette.grey, 1.2, "training"],
      ["validation_" + kind, palette.ink, 2, "validation"],
    ].filter(([name]) => curves[name]);
  if (!lines.length) return paintCounts(app, pen, x, low);
  const known = lines.flatMap(([name]) => curves[name]).filter((v) => v !== null),
    most = Math.max(...known, 1e-9),
    least = Math.min(...known);
  const decades = most / Math.max(least, 1e-3) > 12,
    bend = decades ? (v) => Math.log1p(v / (most / 60)) : (v) => v;
  const y = (value) => low - (bend(value) / bend(most)) * (low - EDGES.top - 6);
  pen.textAlign = "right";
  let above = 1e4;
  for (const tick of ticks(most, decades)) {
    if (above - y(tick) < 13) continue;
    above = y(tick);
    pen.fillStyle = palette.line;
    pen.fillRect(EDGES.left, Math.round(y(tick)), 1e4, 1);
    pen.fillStyle = palette.grey;
    pen.fillText(figure(tick) + (kind === "error" ? percent(app.data.unit) : ""), EDGES.left - 5, y(tick) + 3.5);
  }
  for (const [name, colour, wide] of lines) {
    pastAndFuture(pen, x(app.time), [1, 0.28], () => {
      pen.strokeStyle = colour;
      pen.lineWidth = wide;
      pen.lineJoin = "round";
      pen.beginPath();
      let on = false;
      curves.epoch.forEach((epoch, i) => {
        const value = curves[name][i];
        if (value === null) {
          on = false;
          return;
        }
        on ? pen.lineTo(x(epoch), y(value)) : pen.moveTo(x(epoch), y(value));
        on = true;
      });
      pen.stroke();
    });
  }
  let right = x(app.data.timeline.end) - 10;
  pen.textAlign = "right";
  for (const [, colour, wide, label] of [...lines].reverse()) {
    pen.fillStyle = colour;
    pen.font = `${wide > 1.5 ? 600 : 400} 10.5px system-ui, sans-serif`;
    const unit = kind === "error" ? inUnits(app.data.unit) : "",
      words = label + (label === "training" && lines.length > 1 ? "" : ` ${kind}${unit}`);
    pen.fillText(words, right, EDGES.top + 4);
    right -= pen.measureText(words).width + 12;
  }
}

// Without errors: how many neurons there were.
function paintCounts(app, pen, x, low) {
  const { model, palette } = app,
    counts = model.counts.map(([n]) => n),
    most = Math.max(...counts, 1),
    y = (n) => low - (n / most) * (low - EDGES.top - 6);
  pen.strokeStyle = palette.ink;
  pen.lineWidth = 1.6;
  pen.beginPath();
  pen.moveTo(x(0), y(counts[0]));
  counts.slice(1).forEach((n, i) => {
    pen.lineTo(x(model.at[i + 1]), y(counts[i]));
    pen.lineTo(x(model.at[i + 1]), y(n));
  });
  pen.lineTo(x(model.end), y(counts.at(-1)));
  pen.stroke();
  pen.fillStyle = palette.grey;
  pen.textAlign = "right";
  pen.fillText(most.toLocaleString("en"), EDGES.left - 5, y(most) + 4);
  pen.textAlign = "left";
  pen.fillText("neurons", EDGES.left + 4, EDGES.top + 2);
}

function ticks(most, decades) {
  if (decades)
    return [
      0,
      ...[0.001, 0.01, 0.1, 1, 10, 100].flatMap((t) => [t, 2 * t, 5 * t]).filter((t) => t <= most && t * 40 > most),
    ];
  const step = 10 ** Math.floor(Math.log10(most / 2)),
    wide = [1, 2, 5, 10].map((k) => k * step).find((s) => most / s <= 3.5);
  return Array.from({ length: Math.floor(most / wide) + 1 }, (_, i) => i * wide);
}

// Births point up, deaths down; the larger the more. Events without any have no mark.
function paintMarks(app, pen, x, top) {
  const { palette, model } = app,
    middle = top + MARKS / 2,
    size = (neurons, synapses) => Math.min(9, 2.5 + Math.log2(1 + neurons + synapses / 40));
  pen.fillStyle = palette.line;
  pen.fillRect(EDGES.left, middle - 0.5, 1e4, 1);
  for (const event of model.events) {
    const [nb, nd, sb, sd] = event.counts;
    pen.globalAlpha = event.at <= app.time ? 1 : 0.35;
    if (nb || sb) triangle(pen, x(event.at), middle - 1, -size(nb, sb), palette.newborn);
    if (nd || sd) triangle(pen, x(event.at), middle + 1, size(nd, sd), palette.dying);
  }
  pen.globalAlpha = 1;
}

// The widths of the populations that change, one upon the other, behind the errors.
function paintWidths(app, pen, x, low) {
  const { model, data, palette } = app,
    changing = data.populations.map((_, number) => number).filter((number) => new Set(model.widths[number]).size > 1);
  if (!changing.length) return;
  const total = (moment) => changing.reduce((sum, number) => sum + model.widths[number][moment], 0),
    moments = range(0, model.at.length),
    most = Math.max(...Array.from(moments, total)),
    y = (count) => low - (count / most) * (low - EDGES.top - 18),
    base = new Float64Array(model.at.length),
    right = x(data.timeline.end);
  changing.forEach((number, place) => {
    const widths = model.widths[number],
      colour = palette.area[place % palette.area.length],
      upper = base.map((count, moment) => count + widths[moment]);
    pastAndFuture(pen, x(app.time), [0.24, 0.1], () => {
      pen.fillStyle = colour;
      pen.beginPath();
      stairs(pen, model.at, x, (moment) => y(upper[moment]), right);
      stairs(pen, model.at, x, (moment) => y(base[moment]), right, true);
      pen.closePath();
      pen.fill();
    });
    base.set(upper);
  });
  nameWidths(app, pen, changing, y, right);
}

// What is drawn on both sides of the moment shown, each in its own strength: the future first.
function pastAndFuture(pen, now, strengths, draw) {
  for (const future of [true, false]) {
    pen.save();
    pen.beginPath();
    pen.rect(future ? now : 0, 0, future ? 1e4 : now, 1e4);
    pen.clip();
    pen.globalAlpha = strengths[future ? 1 : 0];
    draw();
    pen.restore();
  }
}

// A line of steps, each entry's count until the next one; from right to left where it leads back.
function stairs(pen, at, x, y, right, back = false) {
  const places = [];
  for (let moment = 0; moment < at.length; moment++) {
    const from = moment ? x(at[moment]) : EDGES.left,
      to = moment + 1 < at.length ? x(at[moment + 1]) : right;
    places.push([from, y(moment)], [to, y(moment)]);
  }
  for (const [px, py] of back ? places.reverse() : places) pen.lineTo(px, py);
}

function nameWidths(app, pen, changing, y, right) {
  const { model, data, palette } = app,
    moment = momentAt(model, app.time);
  let under = 0;
  pen.textAlign = "right";
  changing.forEach((number) => {
    const end = model.widths[number].at(-1),
      middle = y(under + end / 2);
    if (y(under) - y(under + end) > 12) {
      const words = `${data.populations[number].name} ${model.widths[number][moment].toLocaleString("en")}`;
      pen.lineWidth = 3;
      pen.strokeStyle = palette.panel;
      pen.strokeText(words, right - 6, middle + 3.5);
      pen.fillStyle = palette.grey;
      pen.fillText(words, right - 6, middle + 3.5);
    }
    under += end;
  });
}

function triangle(pen, x, y, high, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(x - 3, y);
  pen.lineTo(x + 3, y);
  pen.lineTo(x, y + high);
  pen.fill();
}

function paintAxis(app, pen, x, height, width) {
  const { end, axis } = app.data.timeline,
    { palette } = app,
    step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000].find((s) => (end / s) * 46 < width) ?? end;
  pen.fillStyle = palette.grey;
  pen.textAlign = "center";
  for (let t = 0; t <= end; t += step) pen.fillText(String(t), x(t), height - 5);
  pen.textAlign = "left";
  pen.fillText(axis, 2, height - 5);
}

function pointAt(app, event) {
  const box = event.target.getBoundingClientRect(),
    { end } = app.data.timeline,
    place = (at) => EDGES.left + (at / end) * (box.width - EDGES.left - EDGES.right);
  let near = null,
    by = 7;
  for (const one of app.model.events) {
    const away = Math.abs(place(one.at) - (event.clientX - box.left)) + (one.empty ? 3 : 0);
    if (away < by) [near, by] = [one, away];
  }
  app.tip(near ? near.sentence : null, event);
}

// What the last event did, in a sentence.
function tellEdit(app) {
  const { model, data } = app,
    now = eventsBy(model, app.time),
    event = model.events[now - 1],
    held = document.getElementById("edit");
  document.getElementById("moment").textContent =
    data.timeline.axis === "epoch"
      ? `epoch ${Math.floor(app.time + 1e-6)}`
      : `${momentAt(model, app.time)} of ${counted(data.timeline.entries.length, "edit")}`;
  markJournal(app);
  if (held.dataset.event === String(now)) return;
  held.dataset.event = now;
  held.replaceChildren();
  if (!event) {
    text("b", "", "At the start", held);
    text("p", "", `${counted(model.counts[0][0], "neuron")}, ${counted(model.counts[0][1], "synapse")}`, held);
    return;
  }
  text("p", "sentence", event.sentence, held);
  const counts = element("p", "", held);
  entryCounts(event).forEach((words, i) => {
    if (i) counts.append(", ");
    text("span", words.endsWith("born") ? "born" : "died", words, counts);
  });
  const { loss_before, loss_after, function_change } = event.entry.details,
    moved = Number(function_change);
  const words = [
    loss_before && loss_after ? `loss ${loss_before} → ${loss_after}` : "",
    moved === moved && function_change ? `outputs moved by ${figure(Number((moved * 100).toPrecision(2)))} %` : "",
  ].filter(Boolean);
  if (words.length) text("p", "", words.join(", "), held);
}
