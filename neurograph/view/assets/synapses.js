// The synapses: an own WebGL2 layer beneath sigma's neurons. Every synapse is 20 bytes of a texture with its birth and
// death in it, so a step of the timeline is one uniform. Weak ones come first, so hiding them is drawing a shorter tail,
// and so is drawing fewer while the picture moves. The corners of its quads fetch what they need by their number: that
// takes no attributes, and is several times faster than instances where the processor draws.

const SEGMENTS = 14, // of a bent synapse
  LEAN = [0.3, 1.2], // of its length, but at most so many units, how far a delayed one between near columns is bent
  LOOP = 0.55; // units, the radius of one from a neuron to itself
const VERTEX = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform highp usampler2D edges; // source, target, and the bits of birth and death
uniform sampler2D tellings; // strength, sign (30 of 255 off where the synapse is delayed), gradient, log2(crowd) / 24
uniform sampler2D places; // x, y, population, column
uniform mat3 camera; uniform vec2 screen; uniform float dpr, time, glow, share, room_for, bow, middle, dim, zoom, oldest, span;
uniform int mode, segments, skip; uniform vec3 positive, zero, negative, newborn, dying, ramp[5], kinds[8];
out vec4 colour; out float across; out float along; flat out float reach; flat out float dash;
vec4 place(uint i) { return texelFetch(places, ivec2(int(i & 1023u), int(i >> 10)), 0); }
vec2 shown(vec2 p) { return (camera * vec3(p, 1.0)).xy; }
vec3 ramped(float s) { float a = clamp(s, 0.0, 1.0) * 4.0; int i = min(int(a), 3); return mix(ramp[i], ramp[i + 1], a - float(i)); }
void main() {
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0); colour = vec4(0.0); across = 0.0; along = 0.0; reach = 0.0; dash = 0.0;
  int quad = gl_VertexID / 6, corner = gl_VertexID - quad * 6, edge = quad / segments, segment = quad - edge * segments;
  corner = corner < 3 ? corner : corner == 3 ? 2 : corner == 4 ? 1 : 3; // two triangles
  edge += skip;
  ivec2 at = ivec2(edge & 2047, edge >> 11);
  uvec4 data = texelFetch(edges, at, 0);
  vec4 looks = texelFetch(tellings, at, 0);
  uvec2 ends = data.xy;
  vec2 life = uintBitsToFloat(data.zw);
  float young = life.x > -1e8 ? 1.0 - smoothstep(0.0, glow, time - life.x) : 0.0;
  float gone = time - life.y;
  if (time < life.x || gone >= glow) return;
  vec4 from = place(ends.x), to = place(ends.y);
  float leap = abs(to.w - from.w);
  bool late = looks.y < 0.25 ? looks.y > 0.05 : looks.y > 0.75 ? looks.y < 0.95 : looks.y > 0.55;
  vec2 bend = vec2(0.0); // as bendOf says
  if (segments > 1 && leap > 1.0) {
    float side = (from.y + to.y) * 0.5 >= middle ? 1.0 : -1.0;
    float room = bow * 1.8 - abs((from.y + to.y) * 0.5 - middle); // never far beyond the blocks
    bend.y = side * min(room, bow * (1.0 - 1.0 / leap) * 1.8);
  } else if (segments > 1 && late) {
    vec2 aside = vec2(from.y - to.y, to.x - from.x);
    bend = min(${LEAN[0]}, ${LEAN[1]} / max(length(aside), 1e-6)) * aside;
  }
  float t = float(segment + (corner >> 1)) / float(segments);
  vec2 a = shown(from.xy), b = shown(to.xy), up = shown(bend) - shown(vec2(0.0));
  vec2 here = mix(a, b, t) + up * 4.0 * t * (1.0 - t);
  vec2 way = (b - a) + up * 4.0 * (1.0 - 2.0 * t);
  if (ends.x == ends.y) { // a circle through the neuron, to its upper right
    float turn = 6.2831853 * t - 2.3561945;
    here = shown(from.xy + ${LOOP} * (vec2(0.7071068) + vec2(cos(turn), sin(turn))));
    way = shown(vec2(-sin(turn), cos(turn))) - shown(vec2(0.0));
  }
  float crowd = max(1.0, exp2(looks.w * 24.0) * share * room_for), strength = max(0.0, 1.0 - (1.0 - looks.x) / share);
  float haze = clamp(14.0 / crowd, 0.012, 0.1), clear = clamp(60.0 / sqrt(crowd), 0.16, 0.8), contrast = clamp(crowd / 350.0, 1.2, 9.0);
  float alpha = clear * pow(mode == 3 ? looks.z : strength, contrast);
  if (crowd > 3000.0 && alpha < haze && young == 0.0 && gone < 0.0) { // of those that only make a haze, one in four
    if (((ends.x * 2654435761u + ends.y * 2246822519u) >> 24 & 3u) != 0u) return;
    haze *= 4.0;
  }
  alpha += haze;
  float width = 0.7 + clamp(16.0 / sqrt(crowd), 0.35, 1.3) * strength * strength;
  vec3 hue = looks.y < 0.25 ? negative : looks.y > 0.75 ? positive : zero;
  if (mode == 1) { float age = life.x < -1e8 ? 0.0 : 0.25 + 0.75 * (life.x - oldest) / max(span, 1e-6); hue = ramped(age); }
  if (mode == 2) hue = kinds[int(from.z) & 7];
  if (mode == 3) { hue = looks.z > 0.0 ? ramped(0.25 + looks.z) : zero; }
  hue = mix(hue, newborn, young * 0.85);
  alpha = max(alpha, young * clamp(30.0 / sqrt(crowd), 0.05, 0.6)) * dim;
  if (gone >= 0.0) { hue = dying; alpha = dim * 0.75 * (1.0 - gone / glow); }
  if (alpha < 0.004) return; // less than a step of a screen's colours
  reach = 0.5 * width * dpr * clamp(zoom, 1.0, 2.2) + 0.5; // half the width and half a pixel of softness
  vec2 pixels = way * screen * 0.5;
  vec2 normal = length(pixels) > 0.0 ? normalize(vec2(-pixels.y, pixels.x)) : vec2(0.0);
  across = (corner & 1) == 0 ? -reach : reach;
  gl_Position = vec4(here + normal * across * 2.0 / screen, 0.0, 1.0);
  dash = late ? 7.0 * dpr : 0.0;
  along = t * length((ends.x == ends.y ? shown(vec2(6.2831853 * ${LOOP}, 0.0)) - shown(vec2(0.0)) : b - a) * screen * 0.5);
  colour = vec4(hue * alpha, alpha);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 colour; in float across; in float along; flat in float reach; flat in float dash; out vec4 pixel;
void main() {
  if (dash > 0.0 && fract(along / dash) > 0.6) discard; // of synapses that read the step before
  pixel = colour * min(reach - abs(across), 1.0);
}`;

function makeSynapseLayer(canvas, model) {
  const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, premultipliedAlpha: true });
  if (!gl) return null;
  const program = linked(gl),
    uniforms = uniformsOf(gl, program);
  const straight = makeBatch(gl),
    bent = makeBatch(gl),
    picked = makeBatch(gl),
    pickedBent = makeBatch(gl);
  writePlaces(gl, model);

  function fill(list, open) {
    // positions of synapses, weak ones first
    const parts = apart(model, list),
      logs = crowds(model, open);
    straight.fill(model, parts[0], logs);
    bent.fill(model, parts[1], logs);
  }
  function pick(list, strength) {
    const parts = apart(model, list),
      logs = () => logByte(list.length);
    picked.fill(model, parts[0], logs, strength);
    pickedBent.fill(model, parts[1], logs, strength);
  }
  function draw(view, most = Infinity) {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(program);
    setUniforms(gl, uniforms, canvas, view);
    const wanted = [straight.from(view.share), bent.from(view.share)],
      all = wanted[0] + wanted[1];
    const part = Math.min(1, most / Math.max(1, all));
    gl.uniform1f(uniforms.share, view.share * part);
    gl.uniform1f(uniforms.dim, view.picked ? view.faded : view.dim);
    straight.draw(Math.ceil(wanted[0] * part), 1, uniforms);
    bent.draw(Math.ceil(wanted[1] * part), SEGMENTS, uniforms);
    if (view.picked) {
      gl.uniform1f(uniforms.dim, 1);
      gl.uniform1f(uniforms.share, 1);
      if (view.mode === "origin") gl.uniform1i(uniforms.mode, 0); // what is chosen shows its weights
      picked.draw(picked.count, 1, uniforms);
      pickedBent.draw(pickedBent.count, SEGMENTS, uniforms);
    }
    return Math.ceil(wanted[0] * part) + Math.ceil(wanted[1] * part);
  }
  const living = (share, time) => straight.living(model, share, time) + bent.living(model, share, time);
  return { gl, fill, pick, draw, living };
}

function linked(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  return program;
}

function uniformsOf(gl, program) {
  const found = {};
  for (let i = 0; i < gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS); i++) {
    const name = gl.getActiveUniform(program, i).name.replace("[0]", "");
    found[name] = gl.getUniformLocation(program, name);
  }
  return found;
}

// Synapses between near columns are straight; others are bent, not to hide behind what stands between, and so are those
// that are delayed, which often go back where others come from, and those from a neuron to itself.
function apart(model, list) {
  const { of } = model,
    parts = [new Uint32Array(list.length), new Uint32Array(list.length)],
    count = [0, 0];
  for (const e of list) {
    const which = leapOf(model, e) > 1 || of.source[e] === of.target[e] || isLate(model, e) ? 1 : 0;
    parts[which][count[which]++] = e;
  }
  return parts.map((part, i) => part.subarray(0, count[i]));
}

// Over how many columns it goes.
function leapOf({ data, population, of }, e) {
  const columnOf = (i) => data.populations[population[i]].column;
  return Math.abs(columnOf(of.target[e]) - columnOf(of.source[e]));
}

const isLate = (model, e) => Boolean(model.late[model.of.form?.[e] ?? 0]);

// The points that a synapse is drawn through, in units; what the corners of its quads are computed from above.
function pointsOf(model, e, { middle, bow }) {
  const { of } = model,
    [s, t] = [of.source[e], of.target[e]],
    [ax, ay, bx, by] = [of.x[s], of.y[s], of.x[t], of.y[t]],
    at = (share) => share / SEGMENTS;
  if (s === t) {
    const turn = (n) => 2 * Math.PI * at(n) - 0.75 * Math.PI;
    return Array.from({ length: SEGMENTS + 1 }, (_, n) => [ax + LOOP * (Math.SQRT1_2 + Math.cos(turn(n))), ay + LOOP * (Math.SQRT1_2 + Math.sin(turn(n)))]);
  }
  const [dx, dy] = bendOf(model, e, ax, ay, bx, by, middle, bow);
  if (!dx && !dy) return [[ax, ay], [bx, by]];
  return Array.from({ length: SEGMENTS + 1 }, (_, n) => {
    const share = at(n),
      lift = 4 * share * (1 - share);
    return [ax + (bx - ax) * share + dx * lift, ay + (by - ay) * share + dy * lift];
  });
}

// How far its middle is from the straight line.
function bendOf(model, e, ax, ay, bx, by, middle, bow) {
  const leap = leapOf(model, e),
    height = (ay + by) / 2;
  if (leap > 1) return [0, (height >= middle ? 1 : -1) * Math.min(bow * 1.8 - Math.abs(height - middle), bow * (1 - 1 / leap) * 1.8)];
  const lean = isLate(model, e) ? Math.min(LEAN[0], LEAN[1] / Math.max(Math.hypot(bx - ax, by - ay), 1e-6)) : 0;
  return [lean * (ay - by), lean * (bx - ax)];
}

const WIDE = 2048; // of the textures that hold synapses

// Some synapses, weak ones first.
function makeBatch(gl) {
  const batch = { count: 0, list: new Uint32Array(0), rank: new Float32Array(0) },
    edges = gl.createTexture(),
    tellings = gl.createTexture();
  batch.fill = (model, list, logs, strengthOf = (e) => model.strength[e]) => {
    const rows = Math.max(1, Math.ceil(list.length / WIDE)),
      u4 = new Uint32Array(rows * WIDE * 4),
      f4 = new Float32Array(u4.buffer),
      u1 = new Uint8Array(rows * WIDE * 4),
      { of, synapseBorn, synapseDied, gradient } = model;
    for (let i = 0; i < list.length; i++) {
      const e = list[i],
        weight = of.weight[e];
      u4[4 * i] = of.source[e];
      u4[4 * i + 1] = of.target[e];
      f4[4 * i + 2] = synapseBorn[e];
      f4[4 * i + 3] = synapseDied[e];
      u1[4 * i] = 255 * strengthOf(e);
      u1[4 * i + 1] = (weight > 0 ? 255 : weight < 0 ? 0 : 128) + (isLate(model, e) ? (weight > 0 ? -30 : 30) : 0);
      u1[4 * i + 2] = gradient && gradient[e] >= 0 ? 255 * gradient[e] : 0;
      u1[4 * i + 3] = logs(e);
    }
    batch.count = list.length;
    batch.list = list;
    batch.rank = Float32Array.from(list, (e) => model.rank[e]);
    writeTexture(gl, edges, gl.RGBA32UI, rows, gl.RGBA_INTEGER, gl.UNSIGNED_INT, u4);
    writeTexture(gl, tellings, gl.RGBA8, rows, gl.RGBA, gl.UNSIGNED_BYTE, u1);
  };
  batch.from = (share) => {
    let low = 0,
      high = batch.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (batch.rank[middle] < 1 - share) low = middle + 1;
      else high = middle;
    }
    return batch.count - low;
  };
  batch.living = ({ synapseBorn, synapseDied }, share, time) => {
    let found = 0;
    for (let i = batch.count - batch.from(share); i < batch.count; i++)
      if (livesAt(synapseBorn, synapseDied, batch.list[i], time)) found++;
    return found;
  };
  batch.draw = (count, segments, uniforms) => {
    if (!count) return;
    [edges, tellings].forEach((texture, unit) => {
      gl.activeTexture(gl.TEXTURE1 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    gl.uniform1i(uniforms.segments, segments);
    gl.uniform1i(uniforms.skip, batch.count - count); // the strongest are the last
    gl.drawArrays(gl.TRIANGLES, 0, 6 * segments * count);
  };
  return batch;
}

// A count as a byte, by its logarithm.
const logByte = (count) => Math.round((255 * Math.log2(Math.max(1, count))) / 24);

// How crowded it is where a synapse passes: how many others pass between the same columns, where it is most of them.
function crowds(model, open) {
  const { bundles, populations } = model.data;
  const passing = new Float64Array(Math.max(...populations.map((p) => p.column)) + 2),
    spans = new Map();
  for (const b of bundles) {
    const [low, high] = [populations[b.source].column, populations[b.target].column].sort((x, y) => x - y);
    spans.set(b, [low, Math.max(high, low + 1)]);
    if (open(b)) for (let c = low; c < Math.max(high, low + 1); c++) passing[c] += b.count;
  }
  const of = new Map(bundles.map((b) => [b, logByte(Math.max(...passing.subarray(...spans.get(b))))]));
  let at = 0;
  const find = (e) => {
    // neighbours in the list are often of one bundle
    const b = bundles[at];
    if (e >= b.first && e < b.last) return b;
    let low = 0,
      high = bundles.length - 1;
    while (low < high) {
      const m = (low + high + 1) >> 1;
      if (bundles[m].first <= e) low = m;
      else high = m - 1;
    }
    return bundles[(at = low)];
  };
  return (e) => of.get(find(e));
}

// Where the neurons stand, for good in the first texture unit.
function writePlaces(gl, model) {
  const rows = Math.ceil(model.neurons / 1024),
    texels = new Float32Array(1024 * rows * 4);
  for (let i = 0; i < model.neurons; i++) {
    const p = model.population[i];
    texels.set([model.of.x[i], model.of.y[i], p, model.data.populations[p].column], 4 * i);
  }
  writeTexture(gl, gl.createTexture(), gl.RGBA32F, rows, gl.RGBA, gl.FLOAT, texels, 1024);
}

function writeTexture(gl, texture, kind, rows, format, type, texels, wide = WIDE) {
  gl.activeTexture(gl.TEXTURE0);
  const kept = gl.getParameter(gl.TEXTURE_BINDING_2D);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, kind, wide, rows, 0, format, type, texels);
  for (const what of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, what, gl.NEAREST);
  gl.bindTexture(gl.TEXTURE_2D, kept ?? texture);
}

function setUniforms(gl, uniforms, canvas, view) {
  const { palette } = view,
    many = (list) => new Float32Array(list.flatMap(rgb));
  ["places", "edges", "tellings"].forEach((name, unit) => gl.uniform1i(uniforms[name], unit));
  gl.uniformMatrix3fv(uniforms.camera, false, view.camera);
  gl.uniform2f(uniforms.screen, canvas.width, canvas.height);
  for (const name of ["time", "glow", "bow", "middle", "zoom", "oldest", "span", "dpr", "room_for"])
    gl.uniform1f(uniforms[name], view[name]);
  gl.uniform1i(uniforms.mode, ["weight", "origin", "population", "gradient"].indexOf(view.mode));
  for (const name of ["positive", "zero", "negative", "newborn", "dying"])
    gl.uniform3fv(uniforms[name], rgb(palette[name]));
  gl.uniform3fv(uniforms.ramp, many(view.mode === "origin" ? palette.origin : palette.ramp));
  gl.uniform3fv(uniforms.kinds, many(palette.kinds));
}

// The open bundles' synapses, weak ones first: a bucket for each 4,096th of the rank.
function weakFirst(model, open) {
  const bucket = (e) => Math.min(4095, model.rank[e] * 4096) | 0,
    start = new Uint32Array(4097);
  const bundles = model.data.bundles.filter(open);
  for (const b of bundles) for (let e = b.first; e < b.last; e++) start[bucket(e) + 1]++;
  for (let i = 0; i < 4096; i++) start[i + 1] += start[i];
  const list = new Uint32Array(start[4096]);
  for (const b of bundles) for (let e = b.first; e < b.last; e++) list[start[bucket(e)]++] = e;
  return list;
}
