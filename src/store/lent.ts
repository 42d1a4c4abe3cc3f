/** Memory that is used again as soon as the bytes in it have had their time. */
const memories = new WeakSet<ArrayBufferLike>();

/** Marks memory whose bytes are only lent: see `ChunkReader.read`. */
export function lend(memory: ArrayBufferLike): void {
  memories.add(memory);
}

/** Marks it as the property of whoever has its bytes. */
export function give(memory: ArrayBufferLike): void {
  memories.delete(memory);
}

/** Whether these bytes hold only until the next ones are given. */
export function isLent({ buffer }: Uint8Array): boolean {
  return memories.has(buffer);
}

/** The bytes for whoever keeps them: copied where they are only lent. */
export function kept(bytes: Uint8Array): Uint8Array {
  return isLent(bytes) ? bytes.slice() : bytes;
}
