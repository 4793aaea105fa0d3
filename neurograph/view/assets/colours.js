// Colours: Okabe and Ito's for what differs in kind (green and pink are kept for births and deaths), one ramp of rising
// contrast for what differs in degree.

const PALETTES = {
  light: {
    paper: "#fbfbf9",
    panel: "#ffffff",
    ink: "#1d2228",
    grey: "#626b75",
    faint: "#c3c8cd",
    line: "#e2e4e6",
    block: "#1d22280b",
    neuron: "#39424c",
    tile: "#9aa3ac",
    positive: "#0072b2",
    zero: "#8a949e",
    negative: "#d55e00",
    newborn: "#009e73",
    dying: "#cc79a7",
    kinds: ["#0072b2", "#d55e00", "#e0a100", "#6b4f9e", "#56b4e9", "#8a5a33", "#7a7f85", "#1d2228"],
    origin: ["#a3abb3", "#0b4f3c", "#0a7a58", "#12a577", "#3fd19c"],
    area: ["#0f7f5c", "#5aa98d", "#2f6f83", "#8bb7a6", "#6c8f9c"],
    ramp: ["#d5dbe0", "#a9b8cc", "#8088b8", "#6d4f97", "#5a1560"],
    faded: 0.11,
  },
  dark: {
    paper: "#0e1216",
    panel: "#161b21",
    ink: "#e8ecf0",
    grey: "#9aa4ae",
    faint: "#3b444d",
    line: "#2a3139",
    block: "#ffffff0d",
    neuron: "#b4bec8",
    tile: "#59636d",
    positive: "#4fb0ec",
    zero: "#8a949e",
    negative: "#ff8f3a",
    newborn: "#2fd6a3",
    dying: "#e79bc6",
    kinds: ["#4fb0ec", "#ff8f3a", "#f0c33c", "#b39be8", "#9fd8ff", "#c99a6b", "#a8aeb4", "#e8ecf0"],
    origin: ["#5c6670", "#12664c", "#17906a", "#2cc093", "#7cf2c6"],
    area: ["#2fbf93", "#1d7a60", "#4b97ab", "#2b5f52", "#5d7f8b"],
    ramp: ["#2f3942", "#3d5a66", "#4f8779", "#a3b55f", "#ffe27a"],
    faded: 0.14,
  },
};

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);
}

function hex([r, g, b]) {
  return (
    "#" +
    [r, g, b]
      .map((c) =>
        Math.round(c * 255)
          .toString(16)
          .padStart(2, "0"),
      )
      .join("")
  );
}

function mixed(one, other, share) {
  const a = rgb(one),
    b = rgb(other);
  return hex(a.map((c, i) => c + (b[i] - c) * share));
}

// The colour of a ramp of five at a share from 0 to 1.
function ramped(five, share) {
  const at = Math.min(Math.max(share, 0), 1) * 4,
    low = Math.min(Math.floor(at), 3);
  return mixed(five[low], five[low + 1], at - low);
}

// Where a birth stands on the ramp of origins: 0 from the start, the newborns from a quarter on by their age.
function originOf(model, born) {
  return born > -1e8 ? 0.25 + (0.75 * (born - model.at[1])) / Math.max(1e-6, model.end - model.at[1]) : 0;
}

// A weight's colour, from -1 to 1, that fades into the paper towards zero.
function signed(palette, share) {
  const size = Math.min(Math.abs(share), 1);
  return mixed(palette.paper, share < 0 ? palette.negative : palette.positive, 0.12 + 0.88 * Math.sqrt(size));
}

const kindColour = (palette, population) => palette.kinds[population % palette.kinds.length];
