import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { createGateway, fsStore, memoryCache, type GatewayOptions } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import { lambdaHandler } from '../../src/platform/lambda/buffered.ts';
import { lambdaStreamHandler } from '../../src/platform/lambda/streamed.ts';
import { codedDigestCases, digestCases } from './cases/digests.ts';
import { piecesCases } from './cases/pieces.ts';
import { describeConformance } from './describe.ts';
import { codedFixture, fixtures } from './fixtures.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';
import { referenceIndexKey, storedIndex } from './reference-index.ts';
import { shared } from './shared.ts';

const folder = await mkdtemp(join(tmpdir(), 'rangeway-pieces-'));
afterAll(() => rm(folder, { recursive: true }));

const observers = [{ end: () => undefined }];

const listening = async (options: GatewayOptions) => {
  const server = await serve(createGateway({ observers, pieces: true, ...options }), { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
};

async function memory() {
  const store = await memoryWithFixtures();
  const { key, bytes, ...fields } = codedFixture;
  await store.put(key, bytes, fields);
  for (const fixture of [...fixtures, codedFixture]) {
    const { etag } = (await store.head(fixture.key)) ?? {};
    const index = storedIndex(fixture, etag?.opaque ?? '');
    if (index !== undefined) await store.put(referenceIndexKey(fixture.key), index);
  }
  return store;
}

describeConformance(
  'Node over a folder, with pieces,',
  async () => {
    for (const { key, bytes } of fixtures) {
      await mkdir(dirname(join(folder, key)), { recursive: true });
      await writeFile(join(folder, key), bytes);
    }
    await mkdir(join(folder, '.rangeway/pieces'), { recursive: true });
    const store = fsStore(folder);
    for (const fixture of fixtures) {
      const { etag } = (await store.head(fixture.key)) ?? {};
      const index = storedIndex(fixture, etag?.opaque ?? '');
      if (index !== undefined) await writeFile(join(folder, referenceIndexKey(fixture.key)), index);
    }
    return { ...(await listening({ store })), storedAt: Date.now() };
  },
  { cases: [...piecesCases, ...digestCases] },
);

const blocks = { cache: memoryCache({ maxBytes: 2 ** 26 }), blocks: { size: 65_536 } };
const cases = [...piecesCases, ...digestCases, ...codedDigestCases];

const cached = shared(async () => listening({ store: await memory(), ...blocks }), 2);
describeConformance('Node with pieces, and blocks, cold', cached, { cases });
describeConformance('Node with pieces, and blocks, warm', cached, { cases });

const onLambda = (mode: 'buffered' | 'stream') => async () => {
  const gateway = createGateway({ observers, pieces: true, store: await memory(), ...blocks });
  const server = await serveFunction(
    mode === 'buffered'
      ? { mode, handler: lambdaHandler({ gateway }) }
      : { mode, handler: lambdaStreamHandler({ gateway }) },
    { port: 0 },
  );
  return { url: server.url, stop: () => server.stop(1_000) };
};
describeConformance('Lambda, buffered, with pieces', onLambda('buffered'), { cases, hasHttpsAddresses: true });
describeConformance('Lambda, streamed, with pieces', onLambda('stream'), {
  cases,
  remapsLength: true,
  hasHttpsAddresses: true,
});
