import { describe, expect, test } from 'vitest';
import { chunkStream, defaultReader, takeReader, type ChunkReader } from '../../src/store/chunk-stream.ts';
import { collect } from './bodies.ts';

const MAX = Number.MAX_SAFE_INTEGER;

/** Yields `chunks` chunks of one byte each, then ends or fails. */
function source(chunks: number, failure?: Error) {
  let given = 0;
  let cancels = 0;
  const reader: ChunkReader = {
    async read() {
      if (given === chunks && failure !== undefined) throw failure;
      return given < chunks ? Uint8Array.of(given++) : undefined;
    },
    async cancel() {
      cancels++;
    },
  };
  return { stream: chunkStream(reader), given: () => given, cancels: () => cancels };
}

/** A source whose read stays pending until the test settles it. */
function silent() {
  const tell: ((chunk: Uint8Array) => void)[] = [];
  const reader: ChunkReader = {
    read: () => new Promise((resolve) => tell.push(resolve)),
    cancel: async () => undefined,
  };
  return { stream: chunkStream(reader), tell: () => tell[0]?.(Uint8Array.of(1)) };
}

describe('chunkStream', () => {
  test('can be read as a web stream', async () => {
    expect(await collect(source(3).stream)).toEqual({ bytes: Uint8Array.of(0, 1, 2) });
    const failure = new Error('broken');
    expect(await collect(source(2, failure).stream)).toEqual({ bytes: Uint8Array.of(0, 1), error: failure });
  });

  test('pulls nothing before the first read, then one chunk for each read', async () => {
    const { stream, given } = source(3);
    await new Promise((resolve) => void setTimeout(resolve));
    expect(given()).toBe(0);
    await stream.getReader().read();
    expect(given()).toBe(1);
  });

  test('gives its source reader once, and is locked afterwards', async () => {
    const { stream } = source(2);
    const reader = defaultReader(stream);
    expect(stream.locked).toBe(true);
    expect(() => defaultReader(stream)).toThrow(TypeError);
    await expect(stream.cancel()).rejects.toThrow(TypeError);
    expect(await reader.read(MAX)).toEqual(Uint8Array.of(0));
    expect(await reader.read(MAX)).toEqual(Uint8Array.of(1));
    expect(await reader.read(MAX)).toBeUndefined();
    expect(await reader.read(MAX)).toBeUndefined();
  });

  test('does not give its source reader while a web reader is attached or after a chunk was read', async () => {
    const { stream } = source(3);
    const reader = stream.getReader();
    expect(takeReader(stream)).toBeUndefined();
    await reader.read();
    reader.releaseLock();
    expect(takeReader(stream)).toBeUndefined();
    expect(await collect(stream)).toEqual({ bytes: Uint8Array.of(1, 2) });
  });

  test('fails on each read of its source reader after the source has failed', async () => {
    const failure = new Error('broken');
    const { stream } = source(0, failure);
    const reader = defaultReader(stream);
    await expect(reader.read(MAX)).rejects.toBe(failure);
    await expect(reader.read(MAX)).rejects.toBe(failure);
  });

  test.for(['stream', 'reader'] as const)('cancels its source once, through the %s', async (by) => {
    const { stream, cancels, given } = source(3);
    const it = by === 'stream' ? stream : defaultReader(stream);
    await it.cancel();
    await it.cancel();
    expect(cancels()).toBe(1);
    expect(by === 'stream' ? await collect(stream) : undefined).toEqual(by === 'stream' ? { bytes: NONE } : undefined);
    expect(given()).toBe(0);
  });

  test('does not cancel a source that has ended', async () => {
    const { stream, cancels } = source(0);
    const reader = defaultReader(stream);
    expect(await reader.read(MAX)).toBeUndefined();
    await reader.cancel();
    expect(cancels()).toBe(0);
  });

  test('drops a chunk that arrives after the cancellation', async () => {
    const { stream, tell } = silent();
    const reader = defaultReader(stream);
    const read = reader.read(MAX);
    await reader.cancel();
    tell();
    expect(await read).toBeUndefined();
  });
});

const NONE = new Uint8Array(0);
