/** A body with the chunks that a test chooses, which records reads and cancellation. */
export interface Source {
  readonly body: ReadableStream<Uint8Array>;
  /** Chunks pulled so far. */
  readonly pulls: () => number;
  readonly ended: () => 'open' | 'closed' | 'cancelled';
}

/** Yields one chunk for each pull, then closes. */
export function sourceOf(chunks: Iterable<Uint8Array>): Source {
  const left = [...chunks].values();
  let pulls = 0;
  let ended: ReturnType<Source['ended']> = 'open';
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls++;
        const { value } = left.next();
        if (value !== undefined) {
          controller.enqueue(value);
          return;
        }
        ended = 'closed';
        controller.close();
      },
      cancel() {
        ended = 'cancelled';
      },
    },
    { highWaterMark: 0 },
  );
  return { body, pulls: () => pulls, ended: () => ended };
}

/** Cuts bytes into chunks of the given lengths, repeated as often as needed; a length of 0 is an empty chunk. */
export function cut(bytes: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  // If all lengths were 0, the loop would not end.
  const cycle = [...lengths, 7];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const length = cycle[i % cycle.length] ?? 1;
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}

/** Reads a body until it ends or fails. */
export async function collect(
  body: ReadableStream<Uint8Array>,
): Promise<{ readonly bytes: Uint8Array; readonly error?: unknown }> {
  const bytes: number[] = [];
  try {
    for await (const chunk of body) bytes.push(...chunk);
    return { bytes: Uint8Array.from(bytes) };
  } catch (error) {
    return { bytes: Uint8Array.from(bytes), error };
  }
}

/** Bytes 0, 1, 2 and so on. */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i);
}
