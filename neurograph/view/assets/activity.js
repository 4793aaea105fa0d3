// What neurons do with the page's examples: their activations, the inputs that excite them most, and a network lit up by one.

const activationOf = ({ of, data }, neuron, example) => {
  const low = of.activation_range[2 * neuron],
    high = of.activation_range[2 * neuron + 1];
  return low + (of.activation[neuron * data.examples.count + example] / 255) * (high - low);
};

// Where an activation stands between zero and the largest the neuron shows, signed; NaN for the dead.
function lit(model, neuron) {
  const { of, data } = model,
    most = Math.max(Math.abs(of.activation_range[2 * neuron]), Math.abs(of.activation_range[2 * neuron + 1]));
  return most ? activationOf(model, neuron, data.lit) / most : 0;
}

function showActivity(app, side, neuron) {
  const { data, model } = app,
    about = data.examples;
  if (!about || model.of.activation_range[2 * neuron] !== model.of.activation_range[2 * neuron]) return;
  const head = element("h3", "activity", side);
  text("span", "", "What it does", head);
  text("span", "", `on ${counted(about.count, "example")}, as it is today`, head);
  const values = Array.from({ length: about.count }, (_, e) => activationOf(model, neuron, e)),
    histogram = element("canvas", "hist small", side);
  histogram.setAttribute("role", "img");
  histogram.setAttribute("aria-label", "histogram of its activations");
  requestAnimationFrame(() => histogram.isConnected && paintActivations(app, histogram, values));
  const spread = Math.max(...values) - Math.min(...values);
  if (!spread) return text("p", "sub", `always ${figure(values[0])}`, side);
  const best = values
    .map((value, e) => [value, e])
    .sort((a, b) => b[0] - a[0] || a[1] - b[1])
    .slice(0, 9);
  text("p", "sub", "The inputs that excite it most", side);
  const strip = element("div", "examples", side);
  for (const [value, e] of best) exampleButton(app, strip, e, figure(value));
  if (about.classes > 1) classBars(app, side, values);
  if (model.of.map_start?.[neuron]) exampleMaps(app, side, neuron);
}

function paintActivations(app, canvas, values) {
  const low = Math.min(...values),
    high = Math.max(...values),
    bins = new Array(41).fill(0);
  for (const v of values) bins[high > low ? Math.min(40, Math.floor(((v - low) / (high - low)) * 41)) : 20]++;
  const dpr = window.devicePixelRatio || 1,
    width = canvas.clientWidth,
    height = canvas.clientHeight,
    pen = canvas.getContext("2d"),
    most = Math.max(...bins);
  canvas.width = width * dpr;
  canvas.height = height * dpr;
  pen.scale(dpr, dpr);
  pen.fillStyle = app.palette.tile;
  bins.forEach((n, i) => {
    const h = n ? Math.max(1, (n / most) * (height - 18)) : 0;
    pen.fillRect((i * width) / 41 + 0.25, height - 16 - h, width / 41 - 0.5, h);
  });
  pen.fillStyle = app.palette.grey;
  pen.font = "11px system-ui, sans-serif";
  pen.fillText(figure(low), 0, height - 3);
  pen.textAlign = "right";
  pen.fillText(figure(high), width, height - 3);
}

// The mean response to each class.
function classBars(app, side, values) {
  const { data, model, palette } = app,
    { classes } = data.examples,
    sum = new Float64Array(classes),
    count = new Float64Array(classes);
  values.forEach((v, e) => {
    sum[model.of.example_label[e]] += v;
    count[model.of.example_label[e]]++;
  });
  const means = Array.from(sum, (s, c) => (count[c] ? s / count[c] : 0)),
    most = Math.max(...means.map(Math.abs)) || 1,
    list = element("div", "classes", side);
  text("p", "sub", "Mean response to each class", list);
  means.slice(0, 40).forEach((mean, c) => {
    const line = element("div", "class", list);
    text("span", "", String(c), line);
    const bar = element("span", "bar", line),
      fill = element("i", "", bar);
    fill.style.cssText = `width:${(Math.abs(mean) / most) * 50}%; ${mean < 0 ? "right" : "left"}:50%`;
    fill.style.background = mean < 0 ? palette.negative : palette.positive;
    text("span", "much", count[c] ? figure(mean) : "none", line);
  });
}

// The map that a neuron makes of each of the first examples.
function exampleMaps(app, side, neuron) {
  const { data, model } = app,
    [rows, columns] = data.kinds[model.of.kind[neuron]].shape.split("x").map(Number),
    strip = element("div", "examples maps", side);
  text("p", "sub", "What it makes of examples", side).after(strip);
  for (let e = 0; e < data.examples.maps; e++) {
    const start = model.of.map_start[neuron] - 1 + e * rows * columns;
    const canvas = greys(app, model.of.map.subarray(start, start + rows * columns), rows, columns);
    strip.append(canvas);
    canvas.title = `example ${e + 1}`;
  }
}

// Bytes as a picture in greys, dark for more where the page is light.
function greys(app, bytes, rows, columns) {
  const canvas = document.createElement("canvas"),
    pen = canvas.getContext("2d");
  canvas.width = columns;
  canvas.height = rows;
  const image = pen.createImageData(columns, rows),
    [paper, ink] = [rgb(app.palette.paper), rgb(app.palette.ink)];
  for (let i = 0; i < rows * columns; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * (paper[c] + (ink[c] - paper[c]) * (bytes[i] / 255));
    image.data[4 * i + 3] = 255;
  }
  pen.putImageData(image, 0, 0);
  return canvas;
}

function examplePicture(app, example) {
  const [channels, rows, columns] = app.data.examples.sides,
    size = channels * rows * columns,
    bytes = app.model.of.example_input.subarray(example * size, (example + 1) * size);
  if (channels !== 3) return greys(app, bytes.subarray(0, rows * columns), rows, columns);
  const canvas = document.createElement("canvas"),
    pen = canvas.getContext("2d"),
    plane = rows * columns;
  canvas.width = columns;
  canvas.height = rows;
  const image = pen.createImageData(columns, rows);
  for (let i = 0; i < plane; i++) image.data.set([bytes[i], bytes[plane + i], bytes[2 * plane + i], 255], 4 * i);
  pen.putImageData(image, 0, 0);
  return canvas;
}

function exampleButton(app, parent, example, words) {
  const { data, model } = app,
    made = element("button", "example", parent),
    picture = examplePicture(app, example),
    label = model.of.example_label?.[example];
  picture.setAttribute("aria-hidden", "true");
  made.append(picture);
  if (words) text("span", "", words, made);
  made.title = `example ${example + 1}${label === undefined ? "" : `, class ${label}`}: light the network up by it`;
  made.setAttribute("aria-pressed", String(data.lit === example));
  made.onclick = () => app.light(data.lit === example ? null : example);
}

function listExamples(app, body) {
  text("p", "sub", "Choose one to light the network up by it.", body).style.marginTop = "8px";
  const strip = element("div", "examples", body);
  for (let e = 0; e < Math.min(96, app.data.examples.count); e++) exampleButton(app, strip, e, "");
}
