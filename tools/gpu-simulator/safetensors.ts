/** Writes the safetensors format: 8 bytes of header length, a JSON header, raw little-endian tensors. */

export type Tensor = { shape: readonly number[]; data: Float32Array };

/**
 * @param metadata strings only, as the format demands
 * @returns a valid file; equal input gives equal bytes
 */
export function writeSafetensors(tensors: Record<string, Tensor>, metadata: Record<string, string>): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = JSON.stringify(header);
  // Padded with spaces to 8 bytes, so that the tensors are aligned.
  const text = Buffer.from(
    json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8 - Buffer.byteLength(json) + json.length),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const bodies = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return Buffer.concat([length, text, ...bodies]);
}
