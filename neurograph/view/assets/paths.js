// The strongest paths from the inputs to a neuron: the product of the weights' sizes along them.

const PATHS = 5,
  SYNAPSES = 400_000; // beyond which they are not looked for

// Neuron -> [its strength, the synapse that it comes by]; an input has 1.
function strengthsBefore(app) {
  const { model, data, time } = app,
    key = `${momentAt(model, time)} ${model.worn?.epoch}`;
  if (model.before?.key === key) return model.before;
  const strength = new Float64Array(model.neurons).fill(-1),
    by = new Int32Array(model.neurons).fill(-1),
    { start, list } = neighbours(model, "target");
  for (let root = 0; root < model.neurons; root++) {
    const stack = [root]; // depth first, without calls: a network may be thousands of levels deep
    while (stack.length) {
      const i = stack[stack.length - 1];
      if (strength[i] >= 0) {
        stack.pop();
        continue;
      }
      if (data.populations[model.population[i]].input) {
        strength[i] = 1;
        continue;
      }
      let waiting = false,
        best = 0;
      for (let at = start[i]; at < start[i + 1]; at++) {
        const e = list[at],
          source = model.of.source[e];
        if (!livesAt(model.synapseBorn, model.synapseDied, e, time)) continue;
        if (strength[source] < 0) {
          stack.push(source);
          waiting = true;
        } else {
          const size = sizeOf(model, e) * strength[source];
          if (size > best) [best, by[i]] = [size, e];
        }
      }
      if (waiting) by[i] = -1;
      else strength[i] = best;
    }
  }
  return (model.before = { key, strength, by });
}

// What has no weight (an identity, a pooling) passes all on.
const sizeOf = (model, e) => (model.of.weight[e] === model.of.weight[e] ? Math.abs(model.of.weight[e]) : 1);

// The strongest paths, one for each of the strongest last synapses: [product, synapses from the input on].
function pathsTo(app, neuron) {
  const { model } = app,
    { strength, by } = strengthsBefore(app);
  return synapsesOf(model, neuron, "target", app.time)
    .map((e) => [sizeOf(model, e) * strength[model.of.source[e]], e])
    .filter(([product]) => product > 0)
    .sort((a, b) => b[0] - a[0])
    .slice(0, PATHS)
    .map(([product, last]) => {
      const path = [last];
      while (by[model.of.source[path[0]]] >= 0) path.unshift(by[model.of.source[path[0]]]);
      return [product, path];
    });
}

function showPaths(app, side, neuron) {
  const { data, model } = app;
  if (!data.populations[model.population[neuron]].output || model.synapses > SYNAPSES) return;
  const found = pathsTo(app, neuron).filter(([, path]) => path.length > 1);
  if (!found.length) return;
  const head = element("h3", "", side);
  text("span", "", "Strongest paths", head);
  text("span", "", "product of weights", head);
  const list = element("ul", "rows paths", side);
  for (const [product, path] of found) {
    const names = [model.of.source[path[0]], ...path.map((e) => model.of.target[e])].map((i) => data.names[i]),
      made = row(list, names.join(" → "), figure(product), "", () => app.showPath(path));
    made.onpointerenter = () => app.showPath(path);
    made.onpointerleave = () => app.showPath(null);
  }
}
