// Search, keys, colours, the slider, themes.

const KEYS = [
  ["Space", "play or pause the growth"],
  ["← →", "event before, next event; with a neuron chosen: to the other side of its strongest synapse"],
  ["↑ ↓", "neuron before, next neuron"],
  ["+ −", "zoom"],
  ["F", "fit the whole network"],
  ["/", "find"],
  ["C", "next colouring"],
  ["[ ]", "hide more, hide fewer weak synapses"],
  ["T", "dark or light"],
  ["Esc", "back to the whole network, all of it on the screen"],
  ["?", "these keys"],
];

// The slider's place from 0 (all) to 1 (the strongest thousandth), by decades.
const shareOf = (place) => 10 ** (-3 * place);
const placeOf = (share) => Math.min(1, Math.max(0, -Math.log10(share) / 3));

function makeControls(app) {
  const { data, model } = app,
    mode = document.getElementById("mode"),
    share = document.getElementById("share");
  const modes = [
    "weight",
    ...(model.of.born || model.of.synapse_born ? ["origin"] : []),
    "population",
    ...(model.gradient ? ["gradient"] : []),
  ];
  for (const name of modes)
    text(
      "option",
      "",
      { weight: "by weight", origin: "by origin", population: "by population", gradient: "by gradient" }[name],
      mode,
    ).value = name;
  mode.onchange = () => app.setMode(mode.value);
  mode.value = app.mode;
  share.value = placeOf(app.share);
  share.oninput = () => app.setShare(shareOf(Number(share.value)));
  document.getElementById("fit").onclick = () => fit(app.stage);
  document.getElementById("png").onclick = () => savePicture(app);
  document.getElementById("svg").onclick = () => saveLines(drawingOf(PALETTES.light), data.title);
  document.getElementById("theme").onclick = () => app.setTheme(app.theme === "dark" ? "light" : "dark");
  document.getElementById("help").onclick = () => document.getElementById("keys").showModal();
  const list = document.querySelector("#keys dl");
  for (const [key, what] of KEYS) {
    text("kbd", "", key, element("dt", "", list));
    text("dd", "", what, list);
  }
  makeSearch(app);
  document.addEventListener("keydown", (event) => onKey(app, event, modes));
}

function onKey(app, event, modes) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName),
    key = event.key;
  if (key === "Escape") {
    document.activeElement?.blur?.();
    if (app.stage) fit(app.stage);
    if (app.data.lit !== undefined) app.data.lit = null;
    return app.select(null);
  }
  if (typing) return;
  const camera = app.stage?.sigma.getCamera(),
    chosen = app.selected?.neuron;
  const act = {
    " ": event.target.tagName === "BUTTON" ? null : () => app.playOrPause(),
    ArrowLeft: () => (chosen === undefined ? app.step(-1) : app.cross("target")),
    ArrowRight: () => (chosen === undefined ? app.step(1) : app.cross("source")),
    ArrowUp: () => app.walk(-1),
    ArrowDown: () => app.walk(1),
    "+": () => camera?.animatedZoom({ duration: 160 }),
    "=": () => camera?.animatedZoom({ duration: 160 }),
    "-": () => camera?.animatedUnzoom({ duration: 160 }),
    f: () => app.stage && fit(app.stage),
    "/": () => document.getElementById("search").focus(),
    t: () => app.setTheme(app.theme === "dark" ? "light" : "dark"),
    c: () => app.setMode(modes[(modes.indexOf(app.mode) + 1) % modes.length]),
    "[": () => app.setShare(app.share / 1.6),
    "]": () => app.setShare(Math.min(1, app.share * 1.6)),
    "?": () => document.getElementById("keys").showModal(),
  }[key.length === 1 ? key.toLowerCase() : key];
  if (!act) return;
  event.preventDefault();
  act();
}

// ------------------------------------------------------------------------------------------------ search
function makeSearch(app) {
  const box = document.getElementById("search"),
    list = document.getElementById("found");
  let results = [],
    at = 0;
  const mark = () => [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
  const go = (i) => {
    if (!results[i]) return;
    box.value = "";
    list.hidden = true;
    box.blur();
    app.select(results[i].to, true);
  };
  const show = () => {
    results = box.value.trim() ? find(app, box.value.trim()) : [];
    at = 0;
    list.replaceChildren();
    results.forEach(({ name, where }, i) => {
      const item = element("li", "", list);
      item.setAttribute("role", "option");
      text("span", "", name, item);
      text("span", "", where, item);
      item.onpointerdown = (event) => {
        event.preventDefault();
        go(i);
      };
    });
    if (!results.length) text("li", "none", "Nothing has that name.", list);
    list.hidden = !box.value.trim();
    mark();
  };
  box.oninput = show;
  box.onfocus = show;
  box.onblur = () => {
    list.hidden = true;
  };
  box.onkeydown = (event) => {
    if (event.key === "Enter") go(at);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = Math.min(Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)), results.length - 1);
      mark();
    } else return;
    event.preventDefault();
  };
}

// Populations and neurons whose name holds the words, the same name first, then those that begin with it.
function find(app, words) {
  const { data, model } = app,
    wanted = words.toLowerCase(),
    found = [];
  const rank = (name) => {
    const n = name.toLowerCase(),
      i = n.indexOf(wanted);
    return i < 0 ? -1 : n === wanted ? 0 : i === 0 ? 1 : 2;
  };
  for (const p of data.populations) {
    const r = rank(p.name);
    if (r >= 0)
      found.push({
        rank: r,
        name: p.name,
        where: counted(p.living, p.tiles ? "map" : "neuron"),
        to: { population: p },
      });
  }
  for (let i = 0; i < model.neurons && found.length < 4000; i++) {
    const r = rank(data.names[i]);
    if (r >= 0)
      found.push({
        rank: r + 0.5,
        name: data.names[i],
        where: data.populations[model.population[i]].name + (model.died[i] < 1e8 ? ", died" : ""),
        to: { neuron: i },
      });
  }
  return found.sort((a, b) => a.rank - b.rank).slice(0, 30);
}

// ------------------------------------------------------------------------------------------------ legend
function showLegend(app) {
  const held = document.getElementById("legend"),
    { palette, mode, data } = app;
  held.replaceChildren();
  const line = (colour, words, kind = "") => {
    const item = element("span", "", held);
    element("i", kind, item).style.background = colour;
    item.append(words);
  };
  const rampOf = (from, to, colours = palette.ramp) => {
    const item = element("span", "", held);
    item.append(from);
    element("i", "ramp", item).style.background = `linear-gradient(90deg, ${colours.join(",")})`;
    item.append(to);
  };
  if (data.lit !== null && data.lit !== undefined) {
    const label = app.model.of.example_label?.[data.lit];
    text("span", "", `activations by example ${data.lit + 1}${label === undefined ? "" : `, class ${label}`}`, held);
    line(palette.positive, "above zero", "dot");
    line(palette.negative, "below zero", "dot");
  } else if (app.selected?.neuron !== undefined || mode === "weight") {
    line(palette.positive, "positive weight");
    line(palette.negative, "negative weight");
  } else if (mode === "origin") {
    if (app.model.counts[0][0]) line(palette.origin[0], "there from the start", "dot");
    if (app.model.of.born || app.model.of.synapse_born) rampOf("born first", "born last", palette.origin.slice(1));
  } else if (mode === "gradient") rampOf("small mean gradient", "large");
  else data.populations.slice(0, 10).forEach((p, i) => line(kindColour(palette, i), p.name, "dot"));
  const whose = app.selected || mode === "weight" ? whoseWeights(app.model, app.time) : "";
  if (whose) text("span", "whose", whose, held);
  if (app.model.late.some(Boolean)) line(`repeating-linear-gradient(90deg, ${palette.grey} 0 4px, transparent 4px 7px)`, "delayed by a step");
  if (app.glowing?.[0] && !app.picked?.length) line(palette.newborn, "newborn", "dot");
  if (app.glowing?.[1]) line(palette.dying, "dying", "dot");
}
