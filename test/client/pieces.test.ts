import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { piecesOf } from '../../src/client/pieces.ts';
import type { Sink } from '../../src/client/sink.ts';
import type { Span } from '../../src/http/span.ts';

const MIB = 1024 * 1024;
const SIZE = 3 * MIB + 5;
const { signal } = new AbortController();

/** Four pieces over bytes in memory, and the pieces that were read. */
function open() {
  const bytes = new Uint8Array(SIZE).fill(7);
  const right = Uint8Array.from(bytes);
  const hashes = [0, 1, 2, 3].map((i) =>
    createHash('sha256')
      .update(right.subarray(i * MIB, (i + 1) * MIB))
      .digest(),
  );
  const reads: number[] = [];
  let onRead: (() => void) | undefined;
  const sink: Sink = {
    isSequential: false,
    open: async () => SIZE,
    write: async () => undefined,
    sync: async () => undefined,
    empty: async () => undefined,
    async read(start, end) {
      reads.push(start / MIB);
      const read = bytes.slice(start, end);
      onRead?.();
      return read;
    },
    finish: async () => undefined,
    close: async () => undefined,
  };
  const sha256 = createHash('sha256').update(right).digest();
  const pieces = piecesOf(sink, { size: SIZE, sha256, pieces: Buffer.concat(hashes) });
  const check = async (...written: readonly Span[]) => {
    const bad: [number, number][] = [];
    await pieces.check(written, signal, ({ start }, times) => void bad.push([start / MIB, times]));
    return bad;
  };
  return {
    bytes,
    reads,
    pieces,
    check,
    sha256,
    whileReading(run: () => void) {
      onRead = () => {
        onRead = undefined;
        run();
      };
    },
  };
}

describe('pieces', () => {
  test('are checked as soon as they are complete, and each once', async () => {
    const { reads, check, pieces } = open();
    expect(await check({ start: 0, end: MIB - 1 }, { start: MIB + 1, end: 3 * MIB + 4 })).toEqual([]);
    expect([reads, pieces.rightBytes()]).toEqual([[2], MIB]);
    expect(await check({ start: 0, end: SIZE })).toEqual([]);
    expect(reads).toEqual([2, 0, 1, 3]);
    expect(await pieces.findBad(SIZE, signal)).toEqual([]);
    expect([reads.length, pieces.rightBytes()]).toEqual([4, SIZE]);
  });

  test('that are wrong are told, with how often they were', async () => {
    const { bytes, check, pieces, reads } = open();
    bytes[MIB] = 0;
    const all = { start: 0, end: SIZE };
    expect(await check(all)).toEqual([[1, 1]]);
    expect(await check(all)).toEqual([[1, 2]]);
    bytes[MIB] = 7;
    pieces.noteWrite({ start: MIB, end: 2 * MIB });
    expect(await check(all)).toEqual([]);
    expect(reads).toEqual([0, 1, 2, 3, 1, 1]);
  });

  test('that are written again are checked again, those whose bytes are written while they are read too', async () => {
    const { bytes, check, pieces, whileReading } = open();
    const all = { start: 0, end: SIZE };
    whileReading(() => {
      bytes[5] = 0;
      pieces.noteWrite({ start: 5, end: 6 });
    });
    expect(await check(all)).toEqual([]);
    expect(await check(all)).toEqual([[0, 1]]);
    bytes[SIZE - 1] = 0;
    pieces.noteWrite({ start: 2 * MIB - 1, end: SIZE });
    expect(await pieces.findBad(SIZE, signal)).toEqual([
      { start: 0, end: MIB },
      { start: 3 * MIB, end: SIZE },
    ]);
  });

  test('know the digest of the whole', () => {
    const { pieces, sha256 } = open();
    expect(pieces.sha256).toBe(sha256.toString('hex'));
  });
});
