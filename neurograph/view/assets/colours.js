// Colours: Okabe and Ito's for what differs in kind (green and pink are kept for births and deaths), one ramp of rising
// contrast for what differs in degree.

const PALETTES = {
  light: {
    paper: "#fbfbf9",
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
    ramp: ["#d5dbe0", "#a9b8cc", "#8088b8", "#6d4f97", "#5a1560"],
    faded: 0.11,
  },
  dark: {
    paper: "#0e1216",
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

// The ramp's colour at a share from 0 to 1.
function ramp(palette, share) {
  const at = Math.min(Math.max(share, 0), 1) * 4,
    low = Math.min(Math.floor(at), 3);
  return mixed(palette.ramp[low], palette.ramp[low + 1], at - low);
}

// A weight's colour, from -1 to 1, that fades into the paper towards zero.
function signed(palette, share) {
  const size = Math.min(Math.abs(share), 1);
  return mixed(palette.paper, share < 0 ? palette.negative : palette.positive, 0.12 + 0.88 * Math.sqrt(size));
}

const kindColour = (palette, population) => palette.kinds[population % palette.kinds.length];
