import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import { lambdaHandler } from '../../src/platform/lambda/buffered.ts';
import { lambdaStreamHandler } from '../../src/platform/lambda/streamed.ts';
import { createGateway, fsStore } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { s3Client, s3Store, s3Transport } from '../../src/platform/s3/index-node.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { startRawOrigin } from './stored-metadata-origin.ts';
import type { StoredCase } from './stored-metadata-values.ts';
import { workerVariables } from '../s3/worker-variables.ts';

export type Driver = 's3' | 'memory' | 'r2' | 'fs';

/** A gateway that serves all cases which its driver can store. */
export interface CampaignGateway {
  readonly name: string;
  readonly driver: Driver;
  readonly port: number;
  /** Whether a client that reads nothing holds a slot; Lambda buffers the response. */
  readonly holds: boolean;
  /** Connections to the storage that are in use. */
  busy(): number;
  stop(): Promise<void>;
}

/** All gateways, and the storages behind them. */
export interface Campaign {
  readonly gateways: readonly CampaignGateway[];
  stop(): Promise<void>;
}

/** The concurrency limit, so low that a slot that is not released is soon missed. */
export const DOWNLOADS = 4;
/** A key whose object no platform buffers whole. */
export const LARGE_KEY = 'large.bin';
const LARGE = 32 * 1024 * 1024;
export const BODY = Buffer.from('a'.repeat(16));
const BUCKET = 'campaign';
const CREDENTIALS = { accessKeyId: 'campaign', secretAccessKey: 'campaign' };

const port = (url: string) => Number(new URL(url).port);
const configOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const gatewayOver = (store: ObjectStore) =>
  createGateway({ store, observers: [{ end: () => undefined }], limits: { downloads: DOWNLOADS } });

async function onNode(driver: Driver, store: ObjectStore, busy: () => number): Promise<CampaignGateway> {
  const { url, stop } = await serve(gatewayOver(store), { port: 0 });
  return { name: `Node over ${driver}`, driver, port: port(url), holds: true, busy, stop: () => stop(1_000) };
}

async function onLambda(
  mode: 'buffered' | 'stream',
  driver: Driver,
  store: ObjectStore,
  busy: () => number,
): Promise<CampaignGateway> {
  const options = { gateway: gatewayOver(store) };
  const local =
    mode === 'buffered' ? { mode, handler: lambdaHandler(options) } : { mode, handler: lambdaStreamHandler(options) };
  const { url, stop } = await serveFunction(local, { port: 0 });
  return {
    name: `Lambda (${mode}) over ${driver}`,
    driver,
    port: port(url),
    holds: false,
    busy,
    stop: () => stop(1_000),
  };
}

async function fillMemory(cases: readonly StoredCase[]) {
  const store = memoryStore();
  await store.put(LARGE_KEY, new Uint8Array(LARGE));
  for (const { key, texts } of cases) {
    if (texts === undefined) continue;
    await store.put(key, BODY, {
      contentType: texts['content-type'],
      contentEncoding: texts['content-encoding'],
      contentLanguage: texts['content-language'],
      contentDisposition: texts['content-disposition'],
      cacheControl: texts['cache-control'],
      expires: texts['expires'],
    });
  }
  return store;
}

async function fillFolder(cases: readonly StoredCase[]) {
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-campaign-'));
  await writeFile(join(folder, LARGE_KEY), '');
  await truncate(join(folder, LARGE_KEY), LARGE);
  for (const { key } of cases) await writeFile(join(folder, key), BODY);
  return folder;
}

async function onWorkerdR2(cases: readonly StoredCase[]): Promise<CampaignGateway> {
  const { url, stop } = await startWorkerd({
    config: configOf('../workers/campaigns/wrangler.toml'),
    host: '127.0.0.1',
    port: 0,
  });
  const put = async (key: string, size: number, metadata: object, expires: number | null) => {
    const body = JSON.stringify({ key, size, metadata, expires });
    const answer = await fetch(url, { method: 'PUT', body });
    const said = await answer.text();
    if (answer.status !== 200) throw new Error(`R2 did not store ${body}: ${said}`);
  };
  await put(LARGE_KEY, LARGE, {}, null);
  for (const { index, key, texts } of cases) {
    if (texts === undefined) continue;
    const metadata = {
      contentType: texts['content-type'],
      contentEncoding: texts['content-encoding'],
      contentLanguage: texts['content-language'],
      contentDisposition: texts['content-disposition'],
      cacheControl: texts['cache-control'],
    };
    // R2 keeps a Date, of years before the epoch too.
    await put(key, BODY.length, metadata, [null, 0, -1, 1.8e12, 6.9e12][index % 5] ?? null);
  }
  return { name: 'workerd over r2', driver: 'r2', port: port(url), holds: true, busy: () => 0, stop };
}

/** Starts all, with all cases stored. */
export async function startGateways(cases: readonly StoredCase[]): Promise<Campaign> {
  const origin = await startRawOrigin(BUCKET);
  origin.put(LARGE_KEY, [], Buffer.alloc(LARGE));
  for (const { key, lines } of cases) if (lines !== undefined) origin.put(key, lines, BODY);
  const { endpoint } = origin;
  const client = s3Client({ endpoint, pathStyle: true, credentials: CREDENTIALS });
  const transport = s3Transport();
  const s3 = s3Store(client, { bucket: BUCKET, transport });
  const busy = () => transport.inUse() + origin.busy();
  const memory = await fillMemory(cases);
  const folder = await fillFolder(cases);
  const idle = () => 0;
  const worker = await startWorkerd({
    config: configOf('workers-s3.toml'),
    host: '127.0.0.1',
    port: 0,
    variables: workerVariables(BUCKET, endpoint),
  });
  const gateways: readonly CampaignGateway[] = [
    await onNode('s3', s3, busy),
    {
      name: 'workerd over s3',
      driver: 's3',
      port: port(worker.url),
      holds: true,
      busy: () => origin.busy(),
      stop: worker.stop,
    },
    await onLambda('buffered', 's3', s3, busy),
    await onLambda('stream', 's3', s3, busy),
    await onNode('memory', memory, idle),
    await onLambda('buffered', 'memory', memory, idle),
    await onLambda('stream', 'memory', memory, idle),
    await onWorkerdR2(cases),
    await onNode('fs', fsStore(folder), idle),
  ];
  return {
    gateways,
    async stop() {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      client.destroy();
      await origin.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
