import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { vi } from 'vitest';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import type { AccessRule } from '../../src/access/index.ts';
import { DownloadsSchema, TransfersPageSchema } from '../../src/gateway/handlers/transfers-schema.ts';
import { trackTransfers } from '../../src/observe/transfers.ts';
import { createGateway, fsStore, sqliteTransferStore } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { DAY } from '../../src/transfers/transfer-store.ts';

/** The token of the administrator. */
export const TOKEN = '0123456789abcdef0123456789abcdef';

/** The key of the object of all scenarios but one. */
export const KEY = 'object.bin';

/** What a gateway counted for one mount. */
export interface Counted {
  /** Complete downloads of all transfers. */
  readonly transfers: number;
  /** Complete downloads of all days; absent where days can't be made final at once. */
  readonly days?: number | undefined;
}

/** A gateway with a mount for each scenario, all over the same objects. */
export interface CountingGateway {
  readonly url: string;
  /** Stores an object, or replaces it. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Some of the transfers with a request that runs. */
  running(): Promise<readonly object[]>;
  count(mount: string): Promise<Counted>;
  readonly beginDay?: (() => void) | undefined;
  /** Sends the receipt of a reader, who has the first bytes of an object; absent where readers have no identity. */
  readonly sendReceipt?: ((path: string, agent: string, bytes: number) => Promise<void>) | undefined;
  stop(): Promise<void>;
}

/**
 * The gateway on Node over a folder, with its transfers in a file of SQLite.
 *
 * @param access the rule of all mounts; by default they are public
 */
export async function nodeGateway(
  folder: string,
  names: readonly string[],
  access?: AccessRule,
): Promise<CountingGateway> {
  const files = join(folder, 'files');
  await mkdir(files);
  const transfers = trackTransfers({ store: sqliteTransferStore({ file: join(folder, 'transfers.sqlite') }) });
  const store = fsStore(files);
  const mounts = names.map((name) => ({ path: `/${name}`, store, ...(access === undefined ? {} : { access }) }));
  const server = await serve(createGateway({ mounts, transfers, admin: { token: TOKEN }, observers: [] }), { port: 0 });
  return {
    url: server.url,
    async put(key, bytes) {
      const path = join(folder, randomUUID());
      await writeFile(path, bytes);
      await rename(path, join(files, key));
    },
    running: () => running(server.url),
    async count(mount) {
      await transfers.flush();
      const complete = await completeOf(server.url, mount);
      // All readers were idle for long, also those of a day to come, and their downloads are final.
      await transfers.store.maintain(Date.now() + 20 * DAY);
      const { downloads } = await page(
        DownloadsSchema,
        server.url,
        `downloads?mount=/${mount}&from=2020-01-01&to=2099-01-01&limit=10000`,
      );
      return { transfers: complete, days: downloads.reduce((sum, one) => sum + one.complete, 0) };
    },
    // The clock of this process goes to two seconds after the next midnight, and runs on there. It does not go back before
    // the end: requests would end before they begin, and loops of this test that wait for a time would wait for days.
    beginDay() {
      const midnight = (Math.floor(Date.now() / DAY) + 1) * DAY;
      vi.useFakeTimers({ toFake: ['Date'], now: midnight + 2_000, shouldAdvanceTime: true });
    },
    async stop() {
      vi.useRealTimers();
      await server.stop(1_000);
      await transfers.close();
    },
  };
}

/** The Worker over R2 in workerd, with its transfers in a Durable Object. */
export async function workerdGateway(folder: string, environment?: string): Promise<CountingGateway> {
  const workerd = await startWorkerd({
    config: fileURLToPath(new URL('workers-counts.toml', import.meta.url)),
    host: '127.0.0.1',
    port: 0,
    persist: join(folder, 'workerd'),
    variables: { ADMIN_TOKEN: TOKEN, TRANSFERS_SECRET: 's'.repeat(32) },
    ...(environment === undefined ? {} : { environment }),
  });
  return {
    url: workerd.url,
    async put(key, bytes) {
      const path = join(folder, randomUUID());
      await writeFile(path, bytes);
      await workerd.bucket.put(key, { path, size: bytes.length, mark: '' });
      await rm(path);
    },
    running: () => running(workerd.url),
    count: async (mount) => ({ transfers: await completeOf(workerd.url, mount) }),
    stop: () => workerd.stop(),
  };
}

async function running(url: string): Promise<readonly object[]> {
  return (await page(TransfersPageSchema, url, 'transfers?state=active&limit=5')).transfers;
}

/** Adds up the complete downloads of all transfers of a mount, page by page. */
async function completeOf(url: string, mount: string): Promise<number> {
  let sum = 0;
  let cursor: string | null = '';
  while (cursor !== null) {
    const rest: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { transfers, cursor: next } = await page(
      TransfersPageSchema,
      url,
      `transfers?mount=/${mount}&limit=1000${rest}`,
    );
    sum += transfers.reduce((total, { complete }) => total + complete, 0);
    cursor = next;
  }
  return sum;
}

async function page<const Schema extends v.GenericSchema>(
  schema: Schema,
  url: string,
  path: string,
): Promise<v.InferOutput<Schema>> {
  const response = await fetch(`${url}/.rangeway/${path}`, {
    headers: { Authorization: `Bearer ${TOKEN}`, Connection: 'close' },
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
  return v.parse(schema, JSON.parse(text));
}
