import { describe, expect, test } from 'vitest';
import type { Sink } from '../../src/client/sink.ts';

/** A sink under test. */
export interface SinkUnderTest {
  /** Makes a sink over the same place each time, as another run would. */
  make(): Sink;
  /** Reads the finished file; `undefined` if there is none. */
  read(): Promise<Uint8Array | undefined>;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const SHA256_OF_ABCDEF = 'bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721';

/** The contract of a sink that takes bytes in any order. */
export function sinkContract(name: string, open: () => Promise<SinkUnderTest>): void {
  describe(`${name} is a sink`, () => {
    test('puts bytes into their places, in whatever order they are written', async () => {
      const { make, read } = await open();
      const sink = make();
      expect(await sink.open()).toBe(0);
      await Promise.all([sink.write(3, bytes('def')), sink.write(0, bytes('abc'))]);
      await sink.sync();
      expect(await sink.digest?.('sha-256', 6, new AbortController().signal)).toBe(SHA256_OF_ABCDEF);
      await sink.finish(6);
      await sink.close();
      expect(await read()).toEqual(bytes('abcdef'));
    });

    test('has no file before it is finished', async () => {
      const { make, read } = await open();
      const sink = make();
      await sink.open();
      await sink.write(0, bytes('abc'));
      await sink.sync();
      expect(await read()).toBeUndefined();
      await sink.close();
      expect(await read()).toBeUndefined();
    });

    test('keeps the bytes for the next run, which writes over them', async () => {
      const { make, read } = await open();
      const first = make();
      await first.open();
      await first.write(0, bytes('abc'));
      await first.close();
      const second = make();
      expect(await second.open()).toBe(3);
      await second.write(1, bytes('XYZ'));
      await second.finish(4);
      await second.close();
      expect(await read()).toEqual(bytes('aXYZ'));
    });

    test('is empty after it was emptied', async () => {
      const { make, read } = await open();
      const sink = make();
      await sink.open();
      await sink.write(0, bytes('abcdef'));
      await sink.empty();
      await sink.write(0, bytes('x'));
      await sink.finish(1);
      await sink.close();
      expect(await read()).toEqual(bytes('x'));
    });

    test('finishes an empty file', async () => {
      const { make, read } = await open();
      const sink = make();
      await sink.open();
      await sink.finish(0);
      await sink.close();
      expect(await read()).toEqual(bytes(''));
    });

    test('does not finish a file of another size', async () => {
      const { make, read } = await open();
      const sink = make();
      await sink.open();
      await sink.write(0, bytes('abc'));
      await expect(sink.finish(4)).rejects.toThrow();
      await sink.close();
      expect(await read()).toBeUndefined();
    });

    test('tells bytes that were written, or their digest, while others are written', async () => {
      const { make } = await open();
      const sink = make();
      await sink.open();
      await sink.write(3, bytes('def'));
      await sink.write(0, bytes('abc'));
      const [read, digest] = await Promise.all([sink.read?.(1, 4), sink.sha256?.(0, 6), sink.write(6, bytes('ghi'))]);
      expect(read ?? bytes('bcd')).toEqual(bytes('bcd'));
      expect(digest === undefined ? SHA256_OF_ABCDEF : Buffer.from(digest).toString('hex')).toBe(SHA256_OF_ABCDEF);
      await sink.close();
    });

    test('has no digest of bytes that it does not have', async () => {
      const { make } = await open();
      const sink = make();
      await sink.open();
      await sink.write(0, bytes('abc'));
      await expect(sink.digest?.('sha-256', 6, new AbortController().signal)).rejects.toThrow();
      if (sink.sha256 !== undefined) await expect(sink.sha256(0, 6)).rejects.toThrow();
      await sink.close();
    });
  });
}
