import { expect, test } from 'vitest';
import { consign } from '../../src/gateway/download/plan-body.ts';
import { strongTag, type PlannedRead } from '../../src/http/index.ts';
import type { OpenObject, ReadOptions } from '../../src/store/object-store.ts';
import { storeError } from '../../src/store/store-error.ts';
import { storeDouble } from './doubles.ts';

const SIZE = 100 * 1024 * 1024;
const MiB = 1024 * 1024;

const read = (start: number, end: number): PlannedRead => ({ span: { start, end }, parts: [{ start, end }] });

/** Several reads of an object whose bodies tell whether they were given back. */
function several(reads: readonly PlannedRead[], answer?: (options: ReadOptions) => 'changed' | 'open') {
  const representation = { size: SIZE, etag: strongTag('v1'), version: 'kept' };
  const asked: string[] = [];
  const cancelled: string[] = [];
  const open = (start: number, end: number): OpenObject => ({
    type: 'open',
    representation,
    span: { start, end },
    body: new ReadableStream({ cancel: () => void cancelled.push(`${start}`) }),
  });
  const store = storeDouble({
    read(options) {
      const { range, version } = options;
      if (range?.form !== 'bounded') throw storeError('nonsense', 'the tests read bounded ranges');
      asked.push(`${range.start}${version === undefined ? '' : ` of ${version}`}`);
      return answer?.(options) === 'changed' ? { type: 'changed' } : open(range.start, range.end);
    },
  });
  const [first] = reads;
  const { start, end } = first?.span ?? { start: 0, end: 0 };
  const context = { store, key: 'key', boundary: 'b', signal: new AbortController().signal, idleTimeout: 60_000 };
  const consignment = consign({ status: 206, form: 'multipart', reads }, open(start, end), context);
  return { consignment, asked, cancelled };
}

test('while one read is sent the next is open, and no other', async () => {
  const { consignment, asked } = several([read(0, 10), read(20, 30), read(40, 50)]);
  expect(asked).toEqual([]);
  await consignment.reads[0]?.open();
  expect(asked).toEqual(['20']);
  await consignment.reads[1]?.open();
  expect(asked).toEqual(['20', '40']);
  await consignment.reads[2]?.open();
  expect(asked).toEqual(['20', '40']);
});

test('behind a long one the next is opened when it is due', async () => {
  const { consignment, asked } = several([read(0, 9 * MiB), read(20 * MiB, 21 * MiB)]);
  await consignment.reads[0]?.open();
  expect(asked).toEqual([]);
  await consignment.reads[1]?.open();
  expect(asked).toEqual([String(20 * MiB)]);
});

test('closed, what nobody took is given back, once', async () => {
  const { consignment, cancelled } = several([read(0, 10), read(20, 30)]);
  await consignment.reads[0]?.open();
  consignment.close();
  consignment.close();
  await expect.poll(() => cancelled).toEqual(['20']);
});

test('nothing is opened once it is closed', async () => {
  const { consignment, asked } = several([read(0, 10), read(20, 30)]);
  consignment.close();
  await consignment.reads[0]?.open();
  expect(asked).toEqual([]);
  await expect(consignment.reads[1]?.open()).rejects.toMatchObject({ code: 'aborted' });
});

test('what was taken is left to who took it', async () => {
  const { consignment, cancelled } = several([read(0, 10), read(20, 30)]);
  await consignment.reads[0]?.open();
  await consignment.reads[1]?.open();
  consignment.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(cancelled).toEqual([]);
});

test('a version that was replaced is read on where the storage keeps it', async () => {
  const { consignment, asked } = several([read(0, 10), read(20, 30)], ({ version }) =>
    version === undefined ? 'changed' : 'open',
  );
  await consignment.reads[0]?.open();
  await consignment.reads[1]?.open();
  expect(asked).toEqual(['20', '20 of kept']);
});

test('and where it is gone, the answer ends', async () => {
  const { consignment } = several([read(0, 10), read(20, 30)], () => 'changed');
  await consignment.reads[0]?.open();
  await expect(consignment.reads[1]?.open()).rejects.toMatchObject({ code: 'changed' });
});
