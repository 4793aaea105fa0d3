// What leaves the page of a search: an address that brings back who was chosen, and pictures.

const CARD = { wide: 164, high: 132, gap: 10, most: 18 };

function followAddress({ chosen }) {
  try {
    history.replaceState(null, "", chosen === null ? "#" : `#individual=${chosen}`);
  } catch {
    // a page inside another may not
  }
}

// Choose whom an address names, where it names somebody.
function readAddress(app, hash) {
  const number = Number(new URLSearchParams(hash.slice(1)).get("individual") ?? NaN);
  if (app.people.has(number)) app.choose(number);
}

// The headline, the bests that changed, and everyone with the ancestry of the chosen one.
function drawingOf(app) {
  const { data, palette } = app,
    bests = some(data.bests.filter((best) => best.changed), CARD.most),
    step = CARD.wide + CARD.gap,
    columns = 6,
    width = columns * step + 2 * 20 - CARD.gap,
    rows = Math.ceil(bests.length / columns),
    top = 60 + rows * (CARD.high + CARD.gap),
    height = top + 400,
    made = newDrawing(width, height, palette);
  written(made, data.headline, 20, 32, { "font-size": 17, "font-weight": 680, fill: palette.ink });
  bests.forEach((best, i) => drawCard(app, made, best, 20 + (i % columns) * step, 52 + Math.floor(i / columns) * (CARD.high + CARD.gap)));
  paintTree(app, penOf(drawn("g", { transform: `translate(20 ${top})` }, made)), width - 40, 360);
  written(made, `${data.measure} of everyone by ${data.unit}; the line is the best${app.chosen === null ? "" : `, in ink the ancestry of #${app.chosen}`}`, 20, height - 14, { "font-size": 11, fill: palette.grey });
  return made;
}

// At most so many of a list: the first, the last, and evenly between.
function some(list, most) {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]);
}

function drawCard(app, parent, best, x, y) {
  const { palette, data } = app,
    look = { "font-size": 11.5, fill: palette.ink };
  drawn("rect", { x, y, width: CARD.wide, height: CARD.high, rx: 8, fill: palette.panel, stroke: palette.line }, parent);
  written(parent, `${shortUnit(data)} ${best.generation}`, x + 9, y + 18, { ...look, "font-weight": 650 });
  written(parent, worth(app, best.value), x + CARD.wide - 9, y + 18, { ...look, "text-anchor": "end" });
  const picture = best.genes.length ? null : genomePicture("best", best.number);
  if (picture) nested(parent, picture, x + 5, y + 26, CARD.wide - 10, 74);
  drawGenes(app, parent, best, x + 9, y + 30);
  if (best.differs) written(parent, differenceWords(best), x + 9, y + CARD.high - 10, { "font-size": 10, fill: isNewer(best) ? palette.newborn : palette.grey });
}

function drawGenes({ palette }, parent, { genes, before }, x, y) {
  const most = Math.max(1, ...genes);
  genes.slice(0, 72).forEach((gene, i) => {
    const fill = gene < 0 ? palette.panel : mixed(palette.ramp[1], palette.ramp[4], gene / most),
      changed = before.length && before[i] !== gene;
    drawn("rect", { x: x + (i % 12) * 12, y: y + Math.floor(i / 12) * 15, width: 9, height: 12, fill, stroke: changed ? palette.newborn : palette.line, "stroke-width": changed ? 2 : 1 }, parent);
  });
}

// A page that is served while its search goes on reads itself anew after each generation; the address keeps who was chosen.
function followRun() {
  const { live } = document.documentElement.dataset;
  if (live === undefined) return;
  new EventSource("events?" + new URLSearchParams({ known: live })).addEventListener("graph", () => location.reload());
}
