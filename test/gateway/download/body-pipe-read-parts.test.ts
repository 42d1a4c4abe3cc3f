import { describe, expect, test } from 'vitest';
import { type BodyPart, readParts, newReadProgress } from '../../../src/gateway/download/body-pipe.ts';
import { defaultReader, type ChunkReader } from '../../../src/store/chunk-stream.ts';
import { counting, sourceOf, type Source } from '../../store/bodies.ts';

const NO_HEAD = new Uint8Array(0);

function part(start: number, end: number, head = NO_HEAD): BodyPart {
  return { head, span: { start, end } };
}

/** Reads the chunks to their end. The span is from the start of the first part to the end of the last one. */
async function run(chunks: readonly (readonly number[])[], parts: readonly BodyPart[]) {
  const source = sourceOf(chunks.map((chunk) => Uint8Array.from(chunk)));
  const progress = newReadProgress();
  const span = { start: parts[0]?.span.start ?? 0, end: parts.at(-1)?.span.end ?? 0 };
  const yielded: number[][] = [];
  const generator = readParts({ open: async () => source.body, span, parts }, progress, defaultReader);
  try {
    for await (const chunk of generator) yielded.push([...chunk]);
    return { yielded, source, bytesRead: progress.bytesRead };
  } catch (error) {
    return { yielded, source, bytesRead: progress.bytesRead, error };
  }
}

describe('readParts yields', () => {
  type Row = readonly [
    name: string,
    chunks: readonly (readonly number[])[],
    parts: readonly BodyPart[],
    expected: readonly (readonly number[])[],
  ];
  const rows: readonly Row[] = [
    ['chunks as they come', [[1, 2], [3]], [part(0, 3)], [[1, 2], [3]]],
    ['no empty chunks', [[], [1, 2], [], [3], []], [part(0, 3)], [[1, 2], [3]]],
    ['nothing for an empty span', [], [part(0, 0)], []],
    ['a head before its part', [[1, 2]], [part(0, 2, Uint8Array.of(9))], [[9], [1, 2]]],
    ['a part that does not begin at 0', [[1, 2]], [part(50, 52)], [[1, 2]]],
    ['parts without the gap between, in one chunk', [[1, 2, 3, 4]], [part(0, 1), part(3, 4)], [[1], [4]]],
    ['parts without the gap between, in chunks of their own', [[1], [2, 3], [4]], [part(0, 1), part(3, 4)], [[1], [4]]],
    [
      'parts where a chunk ends inside the gap',
      [
        [1, 2],
        [3, 4],
      ],
      [part(0, 1), part(3, 4)],
      [[1], [4]],
    ],
    [
      'parts where a chunk ends inside a part',
      [
        [1, 2],
        [3, 4],
      ],
      [part(0, 1), part(1, 4)],
      [[1], [2], [3, 4]],
    ],
    [
      'parts that touch, each after its head',
      [[1, 2]],
      [part(0, 1, Uint8Array.of(8)), part(1, 2, Uint8Array.of(9))],
      [[8], [1], [9], [2]],
    ],
    ['three parts of one chunk', [[1, 2, 3, 4, 5]], [part(0, 1), part(2, 3), part(4, 5)], [[1], [3], [5]]],
  ];
  test.each(rows)('%s', async (_name, chunks, parts, expected) => {
    const { yielded, error, source } = await run(chunks, parts);
    expect(error).toBeUndefined();
    expect(yielded).toEqual(expected);
    expect(source.ended()).not.toBe('open');
  });
});

describe('readParts counts', () => {
  test('dropped bytes too', async () => {
    expect((await run([[1, 2, 3, 4, 5]], [part(0, 1), part(4, 5)])).bytesRead).toBe(5);
  });
  test('the bytes read before an error', async () => {
    expect((await run([[1, 2]], [part(0, 3)])).bytesRead).toBe(2);
  });
});

describe('readParts throws if the body', () => {
  const rows: readonly (readonly [
    name: string,
    chunks: readonly (readonly number[])[],
    parts: readonly BodyPart[],
    message: string,
  ])[] = [
    ['is empty', [], [part(0, 3)], 'the storage ended a body 3 bytes early'],
    ['is a byte short', [[1, 2]], [part(0, 3)], 'the storage ended a body 1 bytes early'],
    ['ends in a gap', [[1, 2]], [part(0, 1), part(5, 9)], 'the storage ended a body 7 bytes early'],
    ['ends with an empty chunk', [[1, 2], []], [part(0, 3)], 'the storage ended a body 1 bytes early'],
    ['is a byte too long', [[1, 2, 3, 4]], [part(0, 3)], 'the storage sent 1 bytes too many'],
    [
      'is too long in its last chunk',
      [
        [1, 2],
        [3, 4, 5],
      ],
      [part(0, 3)],
      'the storage sent 2 bytes too many',
    ],
    [
      'is a byte too long, in a chunk of its own',
      [[1, 2, 3], [4]],
      [part(0, 3)],
      'the storage sent more bytes than it said',
    ],
    ['is too long after a gap', [[1], [2, 3, 4]], [part(0, 1), part(2, 3)], 'the storage sent 1 bytes too many'],
  ];
  test.each(rows)('%s', async (_name, chunks, parts, message) => {
    const { error, source } = await run(chunks, parts);
    expect(error).toMatchObject({ name: 'StoreError', code: 'invalid-response', message });
    expect(source.ended()).not.toBe('open');
  });
  test('is too long, and passes on no byte of that chunk', async () => {
    expect((await run([[1], [2, 3, 4]], [part(0, 3)])).yielded).toEqual([[1]]);
  });
});

describe('readParts closes the body', () => {
  function start(): { readonly source: Source; readonly chunks: AsyncGenerator<Uint8Array, undefined> } {
    const source = sourceOf([counting(4), counting(4)]);
    const read = { open: async () => source.body, span: { start: 0, end: 8 }, parts: [part(0, 8)] };
    return { source, chunks: readParts(read, newReadProgress(), defaultReader) };
  }
  test('if its consumer stops', async () => {
    const { source, chunks } = start();
    await chunks.next();
    await chunks.return(undefined);
    expect(source.ended()).toBe('cancelled');
  });
  test('if its consumer throws', async () => {
    const { source, chunks } = start();
    await chunks.next();
    await chunks.throw(new Error('full')).catch(() => undefined);
    expect(source.ended()).toBe('cancelled');
  });
  test('and opens no read before it is read itself', async () => {
    const { source } = start();
    expect(source.pulls()).toBe(0);
  });
  test('and ignores an error of closing it', async () => {
    const left = [Uint8Array.of(1)];
    const reader: ChunkReader = {
      read: async () => left.pop(),
      cancel: async () => {
        throw new Error('gone');
      },
    };
    const read = { open: async () => sourceOf([]).body, span: { start: 0, end: 1 }, parts: [part(0, 1)] };
    const yielded: Uint8Array[] = [];
    for await (const chunk of readParts(read, newReadProgress(), () => reader)) yielded.push(chunk);
    expect(yielded).toEqual([Uint8Array.of(1)]);
  });
});

describe('readParts reads', () => {
  test('at most the bytes that are still missing', async () => {
    const asked: number[] = [];
    let left = 8;
    const reader: ChunkReader = {
      async read(max) {
        asked.push(max);
        const count = Math.min(max, left, 3);
        left -= count;
        return count === 0 ? undefined : counting(count);
      },
      cancel: async () => undefined,
    };
    const read = {
      open: async () => sourceOf([]).body,
      span: { start: 10, end: 18 },
      parts: [part(10, 12), part(14, 18)],
    };
    const chunks = readParts(read, newReadProgress(), () => reader);
    while (!(await chunks.next()).done);
    // And one byte more, to detect a surplus.
    expect(asked).toEqual([8, 5, 2, 1]);
  });
  test('nothing for an empty span', async () => {
    const { source } = await run([], [part(0, 0)]);
    expect(source.pulls()).toBe(0);
  });
});

describe('newReadProgress', () => {
  test('begins at 0', () => {
    expect(newReadProgress()).toEqual({ bytesRead: 0, reader: undefined });
  });
  test('has the current read, so that it can be cancelled', async () => {
    const source = sourceOf([counting(2), counting(2)]);
    const progress = newReadProgress();
    const read = { open: async () => source.body, span: { start: 0, end: 4 }, parts: [part(0, 4)] };
    await readParts(read, progress, defaultReader).next();
    await progress.reader?.cancel();
    expect(source.ended()).toBe('cancelled');
  });
});

describe('defaultReader', () => {
  test('returns chunks, then undefined', async () => {
    const reader = defaultReader(sourceOf([Uint8Array.of(1), Uint8Array.of(2, 3)]).body);
    expect([await reader.read(1), await reader.read(1), await reader.read(1)]).toEqual([
      Uint8Array.of(1),
      Uint8Array.of(2, 3),
      undefined,
    ]);
  });
});
