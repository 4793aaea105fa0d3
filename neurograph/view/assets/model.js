// What follows from the data: lives on the time axis, strengths within bundles, neighbours.

function makeModel(data) {
  const of = data.of,
    neurons = of.x.length,
    synapses = of.source.length;
  const at = [-1e9, ...data.timeline.entries.map((entry) => entry.at)]; // moment -> place on the axis
  const population = new Uint16Array(neurons);
  let first = 0;
  data.populations.forEach((p, number) => {
    p.first = first;
    population.fill(number, first, (first += p.count));
    p.last = first;
  });
  first = 0;
  data.bundles.forEach((b) => {
    b.first = first;
    b.last = first += b.count;
  });
  const model = {
    data,
    of,
    neurons,
    synapses,
    population,
    at,
    born: lives(of.born, at, neurons, -1e9),
    died: lives(of.died, at, neurons, 1e9),
    synapseBorn: lives(of.synapse_born, at, synapses, -1e9),
    synapseDied: lives(of.synapse_died, at, synapses, 1e9),
    rank: new Float32Array(synapses),
    strength: new Float32Array(synapses),
    late: data.forms.map((form) => /(^|, )delay 1\b/.test(form)),
    start: 0,
    end: data.timeline.end,
  };
  model.past = pastOf(data, synapses, neurons);
  model.today = { weight: of.weight, bias: of.bias, kernels: of.kernels };
  data.bundles.forEach((b) => rankBundle(model, b));
  model.gradient = of.gradient ? shares(of.gradient) : null;
  model.counts = countsByMoment(data);
  model.events = data.events.map((event) => joined(data, event));
  model.widths = widthsByMoment(model);
  return model;
}

// Places on the axis, from moments; 0 stands for never.
function lives(moments, at, count, never) {
  const places = new Float32Array(count).fill(never);
  if (moments) for (let i = 0; i < count; i++) if (moments[i]) places[i] = at[moments[i]];
  return places;
}

// Numbers -> their order, by their size: sorted as doubles that hold the float's bits and the place. 31 bits and 22 make
// the 53 of a double; beyond 4 million numbers the lowest bits of the float give way.
function order(values, first, last) {
  const count = last - first,
    places = 2 ** Math.max(22, Math.ceil(Math.log2(count + 1))),
    coarse = places / 2 ** 22,
    keys = new Float64Array(count),
    one = new Float32Array(1),
    bits = new Uint32Array(one.buffer);
  for (let i = 0; i < count; i++) {
    const size = Math.abs(values[first + i]);
    one[0] = size === size ? size : 0;
    keys[i] = Math.floor(bits[0] / coarse) * places + i;
  }
  keys.sort();
  const found = new Uint32Array(count);
  for (let i = 0; i < count; i++) found[i] = keys[i] % places;
  return found;
}

// Rank: the share of the bundle that is weaker. Strength: that, or the part of the strongest weights, whichever is less.
function rankBundle(model, bundle) {
  const { first, last } = bundle,
    count = last - first,
    sorted = order(model.of.weight, first, last);
  const high = count ? Math.abs(model.of.weight[first + sorted[Math.floor((count - 1) * 0.98)]]) || 1 : 1;
  for (let i = 0; i < count; i++) {
    const e = first + sorted[i],
      size = Math.abs(model.of.weight[e]);
    model.rank[e] = i / count;
    model.strength[e] = size === size ? Math.min((i + 1) / count, size / high) : 0.5;
  }
  if (count && Math.abs(model.of.weight[first + sorted[0]]) === Math.abs(model.of.weight[first + sorted[count - 1]]))
    model.strength.fill(0.7, first, last); // all alike: none stands out
}

// As the strength of weights, over the whole network; NaN as -1.
function shares(values) {
  const count = values.length,
    sorted = order(values, 0, count),
    out = new Float32Array(count);
  const high = count ? Math.abs(values[sorted[Math.floor((count - 1) * 0.98)]]) || 1 : 1;
  sorted.forEach((i, rank) => {
    out[i] = values[i] === values[i] ? Math.min((rank + 1) / count, values[i] / high) : -1;
  });
  return out;
}

// [neurons, synapses] that live after each entry, the first before all of them.
function countsByMoment(data) {
  const counts = [[...data.living]];
  for (const {
    counts: [nb, nd, sb, sd],
  } of [...data.timeline.entries].reverse()) {
    const [n, s] = counts[0];
    counts.unshift([n - nb + nd, s - sb + sd]);
  }
  return counts;
}

// Weights and biases of the moments that were kept: each row is the bits in which it differs from the one before it; what
// was not born yet has its first weight.
function pastOf({ past, of }, synapses, neurons) {
  const rows = (bits, count, last) => {
    if (!bits) return past.map(() => last);
    const wide = Uint32Array.from(bits),
      floats = new Float32Array(wide.buffer);
    for (let i = count; i < wide.length; i++) wide[i] ^= wide[i - count];
    const held = past.map((_, at) => floats.subarray(at * count, (at + 1) * count));
    for (let at = held.length - 1, later = last; at >= 0; later = held[at--])
      for (let i = 0; i < count; i++) if (held[at][i] !== held[at][i]) held[at][i] = later ? later[i] : NaN;
    return held;
  };
  const weight = rows(of.past_weight, synapses, of.weight),
    bias = rows(of.past_bias, neurons, of.bias);
  const numbers = of.kernels?.length ?? 0,
    kernels = (at) => of.past_kernels?.subarray(at * numbers, (at + 1) * numbers) ?? null;
  return past.map((moment, at) => ({ ...moment, weight: weight[at], bias: bias[at], kernels: kernels(at) }));
}

// The newest moment that was kept before a time; null at the end, where the weights are today's.
function pastAt(model, time) {
  if (time >= model.end) return null;
  return model.past.findLast((moment) => moment.at <= time + 1e-6) ?? model.past[0] ?? null;
}

// Let the page hold the weights of a time; returns whether they are others than before.
function wearWeights(model, time) {
  const worn = pastAt(model, time);
  if (worn === (model.worn ?? null)) return false;
  model.worn = worn;
  Object.assign(model.of, worn ? { weight: worn.weight, bias: worn.bias, kernels: worn.kernels } : model.today);
  model.data.bundles.forEach((b) => rankBundle(model, b));
  return true;
}

// Which weights the page shows, in words; nothing at the end.
function whoseWeights(model, time) {
  if (time >= model.end) return "";
  return model.worn ? `weights of epoch ${model.worn.epoch}` : "weights of today";
}

// A bundle as it is at a time: its counts, and its distribution where all its synapses are in the page as single numbers.
function bundleAt(model, bundle, time) {
  if (time >= model.end || !model.data.timeline.entries.length) return bundle;
  const key = `${momentAt(model, time)} ${model.worn?.epoch}`;
  if (bundle.then?.key === key) return bundle.then;
  const living = [];
  let gone = 0;
  for (let e = bundle.first; e < bundle.last; e++)
    if (livesAt(model.synapseBorn, model.synapseDied, e, time)) living.push(e);
    else if (model.synapseDied[e] <= time) gone++;
  const whole = bundle.count === bundle.ever,
    plain = whole && model.worn && !living.some((e) => model.of.kernel?.[e]);
  bundle.then = { ...bundle, key, gone, today: !plain, living: whole ? living.length : bundle.living };
  if (plain) Object.assign(bundle.then, distribution(living.map((e) => model.of.weight[e]).filter((w) => w === w)));
  return bundle.then;
}

function distribution(weights) {
  const bins = 41,
    sizes = weights.map(Math.abs).sort((a, b) => a - b),
    count = weights.length;
  if (!count) return { reach: 0, histogram: [], mean: null, zeros: 0 };
  const reach = sizes[Math.min(count - 1, count > 1000 ? Math.ceil(0.999 * (count - 1)) : count - 1)] || 1,
    histogram = new Array(bins).fill(0);
  let sum = 0,
    square = 0;
  for (const w of weights) {
    histogram[Math.min(bins - 1, Math.max(0, Math.floor(((w / reach + 1) / 2) * bins)))]++;
    sum += w;
    square += w * w;
  }
  const mean = sum / count;
  return {
    reach,
    histogram,
    mean,
    deviation: Math.sqrt(Math.max(0, square / count - mean * mean)),
    least: Math.min(...weights),
    most: Math.max(...weights),
    zeros: sizes.filter((s) => s === 0).length,
  };
}

// An event with its place on the axis and its counts: those of its entries together.
function joined(data, event) {
  const entries = data.timeline.entries.slice(event.first - 1, event.last);
  return {
    ...event,
    at: entries[entries.length - 1].at,
    epoch: entries[0].epoch,
    entry: entries[0],
    counts: [0, 1, 2, 3].map((which) => entries.reduce((sum, entry) => sum + entry.counts[which], 0)),
  };
}

// Population -> how many of its neurons live after each entry, the first before all of them.
function widthsByMoment(model) {
  const { data, of } = model;
  return data.populations.map((p) => {
    const change = new Int32Array(model.at.length);
    for (let i = p.first; i < p.last; i++) {
      change[of.born?.[i] ?? 0]++;
      if (of.died?.[i]) change[of.died[i]]--;
    }
    let count = 0;
    return change.map((by) => (count += by));
  });
}

// How many events have happened at a time: the last of them is model.events[eventsBy(model, time) - 1].
function eventsBy(model, time) {
  const moment = momentAt(model, time);
  let count = 0;
  while (count < model.events.length && model.events[count].first <= moment) count++;
  return count;
}

// How many entries have happened at a time.
function momentAt(model, time) {
  let low = 0,
    high = model.at.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (model.at[middle] <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}

const livesAt = (born, died, i, time) => born[i] <= time && time < died[i];

// Synapses by neuron, made when first asked for: those of neuron i are list[start[i]] to list[start[i + 1] - 1].
function neighbours(model, side) {
  const name = "by_" + side;
  if (!model[name]) {
    const ends = model.of[side],
      start = new Uint32Array(model.neurons + 1),
      list = new Uint32Array(model.synapses);
    for (let e = 0; e < ends.length; e++) start[ends[e] + 1]++;
    for (let i = 0; i < model.neurons; i++) start[i + 1] += start[i];
    const next = start.slice();
    for (let e = 0; e < ends.length; e++) list[next[ends[e]]++] = e;
    model[name] = { start, list };
  }
  return model[name];
}

// The synapses into ("target") or out of ("source") a neuron that live at a time, strongest first.
function synapsesOf(model, neuron, side, time) {
  const { start, list } = neighbours(model, side),
    found = [];
  for (let i = start[neuron]; i < start[neuron + 1]; i++)
    if (livesAt(model.synapseBorn, model.synapseDied, list[i], time)) found.push(list[i]);
  const size = (e) => Math.abs(model.of.weight[e]) || 0;
  return found.sort((a, b) => size(b) - size(a));
}

// The size against which others are shown: the largest, or the fiftieth part's where a few stand far out.
function peakOf(model, strongestFirst) {
  const e = strongestFirst[Math.floor(strongestFirst.length * 0.02)];
  return (e !== undefined && Math.abs(model.of.weight[e])) || 1;
}

// The kernel of a synapse: { values, rows, columns }, or null.
function kernelOf(model, e) {
  const { kernel, kernel_shape, kernel_sides, kernels } = model.of;
  if (!kernels || !kernel[e]) return null;
  const rows = kernel_sides[2 * kernel_shape[e]],
    columns = kernel_sides[2 * kernel_shape[e] + 1];
  return { values: kernels.subarray(kernel[e] - 1, kernel[e] - 1 + rows * columns), rows, columns };
}
