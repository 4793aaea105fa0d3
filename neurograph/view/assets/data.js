// The page's data: base64 -> gzip -> a JSON header and arrays, each array byte by byte (see packing.py).

async function readData(text) {
  const letters = atob(text),
    packed = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) packed[i] = letters.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const page = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  page.of = {};
  let at = 4 + length;
  for (const [name, type, count] of page.arrays) {
    const Kind = { f4: Float32Array, u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i1: Int8Array }[type];
    page.of[name] = unplaned(bytes, at, count, Kind);
    at += count * Kind.BYTES_PER_ELEMENT;
  }
  return page;
}

// One array from its planes: the lowest bytes of all numbers, then the next ones.
function unplaned(bytes, at, count, Kind) {
  const wide = Kind.BYTES_PER_ELEMENT,
    out = new Uint8Array(count * wide);
  for (let plane = 0; plane < wide; plane++) {
    const from = at + plane * count;
    for (let i = 0, to = plane; i < count; i++, to += wide) out[to] = bytes[from + i];
  }
  return new Kind(out.buffer);
}
