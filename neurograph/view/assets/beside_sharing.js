// What leaves the page of two networks: an address that brings back what both show, and pictures of both.

// Time and colour of both, then what is chosen in each and where its camera is, behind the number of the side.
function addressOfBoth(lead) {
  const parts = new URLSearchParams();
  if (lead.time < lead.end) parts.set("t", lead.time.toFixed(3));
  parts.set("colour", lead.mode);
  lead.apps.forEach((app, i) => {
    for (const [name, value] of new URLSearchParams(app.address().slice(1)))
      if (!["t", "colour"].includes(name)) parts.set(`${i + 1}.${name}`, value);
  });
  return "#" + parts;
}

function followBoth(lead) {
  clearTimeout(lead.resting);
  lead.resting = setTimeout(() => {
    try {
      history.replaceState(null, "", addressOfBoth(lead));
    } catch {
      // a page inside another may not
    }
  }, 200);
}

function readBoth(lead, hash) {
  const parts = new URLSearchParams(hash.slice(1)),
    time = Number(parts.get("t") ?? NaN),
    mode = parts.get("colour");
  if ([...document.getElementById("mode").options].some((option) => option.value === mode)) lead.setMode(mode);
  if (Number.isFinite(time)) lead.goTo(time);
  lead.apps.forEach((app, i) => {
    const own = new URLSearchParams();
    for (const [name, value] of parts) if (name.startsWith(`${i + 1}.`)) own.set(name.slice(2), value);
    if (own.size) app.go("#" + own);
  });
}

// What both stages show just now, above the timeline.
function pictureOfBoth(lead) {
  const dpr = window.devicePixelRatio || 1,
    pictures = lead.apps.map((app) => app.picture()),
    chart = document.getElementById("chart"),
    gap = 12 * dpr,
    head = 44 * dpr,
    side = 26 * dpr,
    width = pictures.reduce((sum, each) => sum + each.width, gap),
    tall = Math.max(...pictures.map((each) => each.height)),
    canvas = document.createElement("canvas"),
    pen = canvas.getContext("2d");
  canvas.width = width;
  canvas.height = head + side + tall + chart.height + gap;
  pen.fillStyle = lead.palette.paper;
  pen.fillRect(0, 0, width, canvas.height);
  pen.fillStyle = lead.palette.ink;
  pen.font = `650 ${16 * dpr}px system-ui, sans-serif`;
  pen.fillText(lead.data.difference, 16 * dpr, 28 * dpr, width - 32 * dpr);
  let x = 0;
  pictures.forEach((each, i) => {
    pen.fillStyle = sideColour(lead.palette, i);
    pen.fillRect(x + 16 * dpr, head + 9 * dpr, 18 * dpr, 3 * dpr);
    pen.font = `600 ${13 * dpr}px system-ui, sans-serif`;
    pen.fillText(lead.data.sides[i].name, x + 42 * dpr, head + 15 * dpr);
    pen.drawImage(each, x, head + side);
    x += each.width + gap;
  });
  paintBoth(lead);
  pen.drawImage(chart, (width - Math.min(width, chart.width)) / 2, head + side + tall, Math.min(width, chart.width), chart.height);
  return canvas;
}

// Both as they are today, and the timeline, in lines.
function drawingOfBoth(lead) {
  const palette = PALETTES.light,
    [wide, tall, time, head] = [520, 300, 190, 66],
    made = newDrawing(2 * wide + 30, head + tall + time + 24, palette),
    then = lead.palette;
  written(made, lead.data.difference, 16, 30, { "font-size": 16, "font-weight": 650, fill: palette.ink });
  lead.apps.forEach((app, i) => {
    const x = 10 + i * (wide + 10);
    drawn("rect", { x: x + 6, y: head - 14, width: 18, height: 3, fill: sideColour(palette, i) }, made);
    written(made, `${lead.data.sides[i].name}: ${lead.data.sides[i].headline}`, x + 32, head - 8, { "font-size": 12, fill: palette.ink });
    nested(made, document.importNode(app.drawing(palette), true), x, head, wide, tall);
  });
  lead.palette = palette;
  paintTimes(lead, penOf(drawn("g", { transform: `translate(10 ${head + tall + 14})` }, made)), 2 * wide + 10, time);
  lead.palette = then;
  return made;
}
