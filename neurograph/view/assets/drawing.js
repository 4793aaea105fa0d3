// What is saved: a drawing in lines (SVG), and a picture (PNG) made of one. A pen writes what a canvas would be painted with.

const SVG = "http://www.w3.org/2000/svg";

function drawn(kind, attributes, parent) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent?.append(made);
  return made;
}

// An empty drawing on paper.
function newDrawing(width, height, palette) {
  const made = drawn("svg", { xmlns: SVG, viewBox: `0 0 ${width} ${height}`, width, height, "font-family": "system-ui, sans-serif" });
  drawn("rect", { width, height, fill: palette.paper }, made);
  made.style.color = palette.ink;
  return made;
}

function written(parent, words, x, y, look) {
  const made = drawn("text", { x, y, ...look }, parent);
  made.textContent = words;
  return made;
}

// Another drawing within one, as large as fits in a box.
function nested(parent, inner, x, y, width, height) {
  for (const [name, value] of Object.entries({ x, y, width, height })) inner.setAttribute(name, value);
  inner.removeAttribute("style");
  parent.append(inner);
}

// As much of a canvas's pen as our charts use, writing elements of a drawing.
function penOf(parent) {
  let path = "",
    clips = 0;
  const held = [],
    at = (x, y) => `${x.toFixed(1)} ${y.toFixed(1)}`,
    key = Math.random().toString(36).slice(2),
    anchors = { left: "start", right: "end", center: "middle" },
    paint = (kind, look) => drawn(kind, pen.globalAlpha < 1 ? { ...look, opacity: pen.globalAlpha.toFixed(3) } : look, parent);
  const pen = {
    fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, globalAlpha: 1, textAlign: "left", font: "10px sans-serif", lineJoin: "round",
    beginPath: () => (path = ""),
    moveTo: (x, y) => (path += `M${at(x, y)}`),
    lineTo: (x, y) => (path += `${path ? "L" : "M"}${at(x, y)}`),
    bezierCurveTo: (a, b, c, d, x, y) => (path += `C${at(a, b)} ${at(c, d)} ${at(x, y)}`),
    arc: (x, y, r) => (path += `M${at(x - r, y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`), // whole ones
    rect: (x, y, w, h) => (path += `M${at(x, y)}h${w}v${h}h${-w}z`),
    closePath: () => (path += "z"),
    fill: () => paint("path", { d: path, fill: pen.fillStyle }),
    stroke: () => paint("path", { d: path, fill: "none", stroke: pen.strokeStyle, "stroke-width": pen.lineWidth, "stroke-linejoin": pen.lineJoin }),
    fillRect: (x, y, width, height) => paint("rect", { x, y, width, height, fill: pen.fillStyle }),
    fillText: (words, x, y) => letters(words, x, y, { fill: pen.fillStyle }),
    strokeText: (words, x, y) => letters(words, x, y, { fill: "none", stroke: pen.strokeStyle, "stroke-width": pen.lineWidth }),
    measureText: (words) => ({ width: 0.55 * parseFloat(pen.font.match(/[\d.]+(?=px)/)[0]) * words.length }),
    save: () => held.push([parent, pen.globalAlpha]),
    restore: () => ([parent, pen.globalAlpha] = held.pop()),
    clip: () => {
      const id = `clip-${key}-${clips++}`;
      drawn("path", { d: path }, drawn("clipPath", { id }, parent));
      parent = drawn("g", { "clip-path": `url(#${id})` }, parent);
    },
  };
  function letters(words, x, y, look) {
    const [, weight, size] = pen.font.match(/^(?:(\d+) )?([\d.]+)px/);
    paint("text", { x, y, "font-size": size, "font-weight": weight ?? 400, "text-anchor": anchors[pen.textAlign], ...look }).textContent = words;
  }
  return pen;
}

// A canvas's pen, one unit a pixel of the page, or null where the canvas is not seen.
function penFor(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas,
    dpr = window.devicePixelRatio || 1;
  if (!width || !height) return null;
  canvas.width = width * dpr;
  canvas.height = height * dpr;
  const pen = canvas.getContext("2d");
  pen.scale(dpr, dpr);
  return pen;
}

// ------------------------------------------------------------------------------------------------ saving
function save(name, url) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

const fileNameOf = (title, ending) => (title || "network").replace(/[^\w.-]+/g, "-").slice(0, 60) + ending;
const linesOf = (drawing) => new Blob([new XMLSerializer().serializeToString(drawing)], { type: "image/svg+xml" });

function saveLines(drawing, title) {
  save(fileNameOf(title, ".svg"), URL.createObjectURL(linesOf(drawing)));
}

// A drawing as a canvas, twice as many pixels each way as it has units.
async function rasterised(drawing) {
  const image = new Image(),
    canvas = document.createElement("canvas");
  image.src = URL.createObjectURL(linesOf(drawing));
  await image.decode();
  canvas.width = 2 * image.width;
  canvas.height = 2 * image.height;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return canvas;
}

function savePixels(canvas, title) {
  save(fileNameOf(title, ".png"), canvas.toDataURL("image/png"));
}
