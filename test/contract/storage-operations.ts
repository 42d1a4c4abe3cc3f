import { beforeAll, describe, expect, test } from 'vitest';
import { lines } from './storage-operations-table.ts';
import { createGateway, type GatewayOptions } from '../../src/gateway/create-gateway.ts';

/** Bytes of the object that the table is about. */
export const SIZE = 1_000_000;

/** A gateway over a store that holds `object` and `empty`, and a count of the storage's own operations. */
export interface CountedStorage extends Pick<GatewayOptions, 'store' | 'bodyPipe'> {
  /** Operations since the last call. */
  operations(): number;
  /** Operations of which a body was asked and read, were it only in part, since the last call; where it can be told. */
  bodiesRead?(): number;
  /** Whether a range beyond the end comes back with the size (1 operation) or without it (2). */
  readonly tellsSizeWhenUnsatisfiable: boolean;
  /** Whether a 304 comes back with the metadata that it has to carry (1 operation) or without them (2). */
  readonly tellsMetadataWhenUnmodified: boolean;
  /** Gives `object` other bytes of the same length. */
  replace(): Promise<void>;
}

/** Asserts the table of storage operations, on whatever storage is counted. */
export function describeStorageOperations(name: string, make: () => Promise<CountedStorage>): void {
  describe(`storage operations of ${name}`, () => {
    let storage: CountedStorage;
    let gateway: ReturnType<typeof createGateway>;
    let facts: Readonly<Record<string, string>>;

    beforeAll(async () => {
      storage = await make();
      const { store, bodyPipe } = storage;
      gateway = createGateway({
        store,
        ...(bodyPipe === undefined ? {} : { bodyPipe }),
        observers: [{ end: () => undefined }],
      });
      const { headers } = await gateway.request('/object', { method: 'HEAD' });
      facts = { '{etag}': headers.get('ETag') ?? '', '{date}': headers.get('Last-Modified') ?? '' };
      // If-Range's date is strong only when its second has passed (§8.8.2.2).
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    });

    test.for(lines)(
      '$name: $status',
      async ({ method = 'GET', key = 'object', headers = {}, status, operations, bodies }) => {
        storage.operations();
        storage.bodiesRead?.();
        const response = await gateway.request(`/${key}`, { method, headers: fill(headers, facts) });
        const body = await response.arrayBuffer();
        expect(response.status).toBe(status);
        if (typeof operations === 'number') expect(storage.operations()).toBe(operations);
        else expect(storage.operations()).toBeLessThanOrEqual(storage[operations] ? 1 : 2);
        if (storage.bodiesRead !== undefined) expect(storage.bodiesRead()).toBe(bodies);
        const length = response.headers.get('Content-Length');
        if (method === 'GET' && length !== null) expect(body.byteLength).toBe(Number(length));
      },
    );

    test('If-Range with the tag of a replaced version: the whole new version, with 2 operations', async () => {
      const old = facts['{etag}'] ?? '';
      await storage.replace();
      storage.operations();
      const response = await gateway.request('/object', { headers: { Range: 'bytes=500000-', 'If-Range': old } });
      expect(response.status).toBe(200);
      expect(response.headers.get('ETag')).not.toBe(old);
      expect((await response.arrayBuffer()).byteLength).toBe(SIZE);
      expect(storage.operations()).toBe(2);
    });
  });
}

function fill(
  headers: Readonly<Record<string, string>>,
  facts: Readonly<Record<string, string>>,
): Record<string, string> {
  const filled = Object.entries(headers).map(([name, value]) => [
    name,
    value.replace(/\{\w+\}/, (fact) => facts[fact] ?? fact),
  ]);
  return Object.fromEntries(filled);
}

/** Counts bodies by their first pull. */
export function countPulls(body: ReadableStream<Uint8Array>, onFirst: () => void): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return new ReadableStream(
    {
      async pull(controller) {
        if (reader === undefined) onFirst();
        reader ??= body.getReader();
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => (reader === undefined ? body.cancel(reason) : reader.cancel(reason)),
    },
    { highWaterMark: 0 },
  );
}
