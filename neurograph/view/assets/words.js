// Elements and figures. Whatever comes from a file goes in as text, never as markup.

function element(kind, name, parent) {
  const made = document.createElement(kind);
  if (name) made.className = name;
  parent?.append(made);
  return made;
}

function text(kind, name, words, parent) {
  const made = element(kind, name, parent);
  made.textContent = words;
  return made;
}

// A number with four digits that count.
function figure(value) {
  if (value === null || value === undefined || value !== value) return "none";
  const size = Math.abs(value);
  if (size && (size < 1e-3 || size >= 1e5)) return value.toExponential(2).replace("-", "−").replace("e−", "e−");
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

const counted = (count, what) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

function definitions(parent, pairs) {
  const list = element("dl", "", parent);
  for (const [name, value] of pairs) {
    text("dt", "", name.charAt(0).toUpperCase() + name.slice(1), list);
    const held = element("dd", "", list);
    if (value instanceof Node) held.append(value);
    else held.textContent = value;
  }
  return list;
}
