import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { createGateway, diskCache, memoryCache, type GatewayOptions } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { describeConformance } from '../conformance/describe.ts';
import { shared } from '../conformance/shared.ts';
import { fixtureBucket, hasS3 } from './server.ts';

async function start(options: Omit<GatewayOptions, 'store' | 'log'>) {
  const { store, storedAt } = fixtureBucket();
  const server = await serve(createGateway({ store, observers: [{ end: () => undefined }], ...options }), { port: 0 });
  return { url: server.url, stop: () => server.stop(1_000), storedAt };
}

const MiB = 1024 * 1024;

/** The least size, so that objects of the cases have several. */
const blocks = { size: 64 * 1024 };

const inMemory = shared(() => start({ cache: memoryCache({ maxBytes: 64 * MiB }), blocks }), 2);

const onDisk = shared(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-conformance-'));
  const { url, stop, storedAt } = await start({ cache: diskCache({ folder, maxBytes: 64 * MiB }), blocks });
  return { url, stop: () => stop().then(() => rm(folder, { recursive: true })), storedAt };
}, 2);

describe.skipIf(!hasS3)('S3', () => {
  describeConformance('Node over S3', () => start({}));
  describeConformance('Node over S3 with blocks in memory, cold', inMemory);
  describeConformance('Node over S3 with blocks in memory, warm', inMemory);
  describeConformance('Node over S3 with blocks on disk, cold', onDisk);
  describeConformance('Node over S3 with blocks on disk, warm', onDisk);
});
