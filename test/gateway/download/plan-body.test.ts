import { expect, test } from 'vitest';
import { planBody } from '../../../src/gateway/download/plan-body.ts';
import { strongTag, type PlannedRead } from '../../../src/http/index.ts';
import type { OpenObject, ReadOptions } from '../../../src/store/object-store.ts';
import { storeError } from '../../../src/store/store-error.ts';
import { storeDouble } from '../store-double.ts';

const SIZE = 100 * 1024 * 1024;
const MiB = 1024 * 1024;

const read = (start: number, end: number): PlannedRead => ({ span: { start, end }, parts: [{ start, end }] });

/** Several reads of an object whose bodies record whether they were closed. */
function several(reads: readonly PlannedRead[], answer?: (options: ReadOptions) => 'version-changed' | 'open') {
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
      if (range?.form !== 'bounded') throw storeError('invalid-response', 'the tests read bounded ranges');
      asked.push(`${range.start}${version === undefined ? '' : ` of ${version}`}`);
      return answer?.(options) === 'version-changed' ? { type: 'version-changed' } : open(range.start, range.end);
    },
  });
  const [first] = reads;
  const { start, end } = first?.span ?? { start: 0, end: 0 };
  const context = { store, key: 'key', signal: new AbortController().signal, idleTimeout: 60_000 };
  const plan = planBody({ status: 206, form: 'multipart', reads }, open(start, end), context, 'b');
  return { plan, asked, cancelled };
}

test('while one read is sent, the next one is opened, and no other', async () => {
  const { plan, asked } = several([read(0, 10), read(20, 30), read(40, 50)]);
  expect(asked).toEqual([]);
  await plan.reads[0]?.open();
  expect(asked).toEqual(['20']);
  await plan.reads[1]?.open();
  expect(asked).toEqual(['20', '40']);
  await plan.reads[2]?.open();
  expect(asked).toEqual(['20', '40']);
});

test('the read after a long one is opened only when its turn comes', async () => {
  const { plan, asked } = several([read(0, 9 * MiB), read(20 * MiB, 21 * MiB)]);
  await plan.reads[0]?.open();
  expect(asked).toEqual([]);
  await plan.reads[1]?.open();
  expect(asked).toEqual([String(20 * MiB)]);
});

test('close() closes the reads that were not taken, once each', async () => {
  const { plan, cancelled } = several([read(0, 10), read(20, 30)]);
  await plan.reads[0]?.open();
  plan.close();
  plan.close();
  await expect.poll(() => cancelled).toEqual(['20']);
});

test('no read is opened after close()', async () => {
  const { plan, asked } = several([read(0, 10), read(20, 30)]);
  plan.close();
  await plan.reads[0]?.open();
  expect(asked).toEqual([]);
  await expect(plan.reads[1]?.open()).rejects.toMatchObject({ code: 'aborted' });
});

test('close() does not close a read that was taken', async () => {
  const { plan, cancelled } = several([read(0, 10), read(20, 30)]);
  await plan.reads[0]?.open();
  await plan.reads[1]?.open();
  plan.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(cancelled).toEqual([]);
});

test('a replaced version is read on if the storage keeps versions', async () => {
  const { plan, asked } = several([read(0, 10), read(20, 30)], ({ version }) =>
    version === undefined ? 'version-changed' : 'open',
  );
  await plan.reads[0]?.open();
  await plan.reads[1]?.open();
  expect(asked).toEqual(['20', '20 of kept']);
});

test('a replaced version that can no longer be read ends the body with an error', async () => {
  const { plan } = several([read(0, 10), read(20, 30)], () => 'version-changed');
  await plan.reads[0]?.open();
  await expect(plan.reads[1]?.open()).rejects.toMatchObject({ code: 'version-changed' });
});
