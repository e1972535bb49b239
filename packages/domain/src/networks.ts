/** What small convolutional networks are made of, on plain arrays. They are quick enough because they are small. */

/** Row by row, the channels of a place side by side. */
export type Maps = { width: number; height: number; channels: number; data: Float32Array };
/** Each layer's blocks of weights, in the order of its file. */
export type Layers = readonly (readonly Float32Array[])[];
/** A block of bytes in a file of weights, where a byte b stands for b × scale + least. */
export type Block = readonly [length: number, scale: number, least: number];

const NONE = new Float32Array();

/** @throws {RangeError} when the bytes are not as many as the blocks need */
export function readLayers(bytes: Uint8Array, layout: readonly (readonly Block[])[]): Layers {
  const length = layout.flat().reduce((sum, [count]) => sum + count, 0);
  if (bytes.length !== length) throw new RangeError(`the network has ${length} bytes, this file has ${bytes.length}`);
  let at = 0;
  return layout.map((blocks) =>
    blocks.map(([count, scale, least]) => {
      at += count;
      return Float32Array.from(bytes.subarray(at - count, at), (byte) => byte * scale + least);
    }),
  );
}

/** Calls `visit` for each place of the answer and each of the up to nine places under its 3 × 3 window. */
function eachNeighbour(
  { width, height }: Maps,
  stride: 1 | 2,
  visit: (to: number, from: number, tap: number) => void,
): { columns: number; rows: number } {
  const columns = Math.ceil(width / stride);
  const rows = Math.ceil(height / stride);
  // Padding as TensorFlow's "same" does it: with a stride of 2 on even sizes all of it is at the end.
  const before = stride === 1 ? 1 : 0;
  for (let y = 0; y < rows; y += 1)
    for (let x = 0; x < columns; x += 1)
      for (let tap = 0; tap < 9; tap += 1) {
        const row = y * stride + Math.floor(tap / 3) - before;
        const column = x * stride + (tap % 3) - before;
        if (row >= 0 && row < height && column >= 0 && column < width)
          visit(y * columns + x, row * width + column, tap);
      }
  return { columns, rows };
}

/** 3 × 3 over all channels. Blocks: filters and bias. */
export function convolve(maps: Maps, [filters = NONE, bias = NONE]: readonly Float32Array[], stride: 1 | 2): Maps {
  const outs = bias.length;
  const { channels, data } = maps;
  const out = new Float32Array(Math.ceil(maps.width / stride) * Math.ceil(maps.height / stride) * outs);
  for (let at = 0; at < out.length; at += 1) out[at] = bias[at % outs] ?? 0;
  const { columns, rows } = eachNeighbour(maps, stride, (to, from, tap) => {
    for (let channel = 0; channel < channels; channel += 1) {
      const value = data[from * channels + channel] ?? 0;
      const filter = (tap * channels + channel) * outs;
      for (let k = 0; k < outs; k += 1)
        out[to * outs + k] = (out[to * outs + k] ?? 0) + value * (filters[filter + k] ?? 0);
    }
  });
  return { width: columns, height: rows, channels: outs, data: out };
}

/** 3 × 3 over each channel alone, then 1 × 1 over all. Blocks: depthwise filters, pointwise filters and bias. */
export function convolveApart(
  maps: Maps,
  [depth = NONE, point = NONE, bias = NONE]: readonly Float32Array[],
  stride: 1 | 2,
): Maps {
  const { channels, data } = maps;
  const out = new Float32Array(Math.ceil(maps.width / stride) * Math.ceil(maps.height / stride) * channels);
  const { columns, rows } = eachNeighbour(maps, stride, (to, from, tap) => {
    for (let k = 0; k < channels; k += 1)
      out[to * channels + k] =
        (out[to * channels + k] ?? 0) + (data[from * channels + k] ?? 0) * (depth[tap * channels + k] ?? 0);
  });
  return mix({ width: columns, height: rows, channels, data: out }, [point, bias]);
}

/** 1 × 1 over all channels. Blocks: filters and bias. */
export function mix(
  { width, height, channels, data }: Maps,
  [filters = NONE, bias = NONE]: readonly Float32Array[],
): Maps {
  const outs = bias.length;
  const out = new Float32Array(width * height * outs);
  const sums = new Float32Array(outs);
  for (let place = 0; place < width * height; place += 1) {
    sums.set(bias);
    for (let channel = 0; channel < channels; channel += 1) {
      const value = data[place * channels + channel] ?? 0;
      for (let k = 0; k < outs; k += 1) sums[k] = (sums[k] ?? 0) + value * (filters[channel * outs + k] ?? 0);
    }
    out.set(sums, place * outs);
  }
  return { width, height, channels: outs, data: out };
}

/** What is below zero is multiplied with `slope`: 0 is a rectifier. Changes the maps that it is given. */
export function rectify(maps: Maps, slope: number): Maps {
  const { data } = maps;
  for (let at = 0; at < data.length; at += 1) {
    const value = data[at] ?? 0;
    if (value < 0) data[at] = value * slope;
  }
  return maps;
}

/** Place by place. */
export function add(one: Maps, other: Maps): Maps {
  return { ...one, data: one.data.map((value, at) => value + (other.data[at] ?? 0)) };
}

/** The largest of 2 × 2. */
export function pool({ width, height, channels, data }: Maps, stride: 1 | 2): Maps {
  const columns = Math.ceil(width / stride);
  const rows = Math.ceil(height / stride);
  const out = new Float32Array(columns * rows * channels).fill(-Infinity);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      for (let tap = 0; tap < 4; tap += 1) {
        const y = row * stride + Math.floor(tap / 2);
        const x = column * stride + (tap % 2);
        if (y >= height || x >= width) continue;
        const to = (row * columns + column) * channels;
        const from = (y * width + x) * channels;
        for (let k = 0; k < channels; k += 1) out[to + k] = Math.max(out[to + k] ?? 0, data[from + k] ?? 0);
      }
  return { width: columns, height: rows, channels, data: out };
}

/** One place: the mean of all. */
export function average({ width, height, channels, data }: Maps): Maps {
  const out = new Float32Array(channels);
  for (let at = 0; at < data.length; at += 1)
    out[at % channels] = (out[at % channels] ?? 0) + (data[at] ?? 0) / (width * height);
  return { width: 1, height: 1, channels, data: out };
}
