import { createGateway, fsStore, memoryCache, type GatewayOptions } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { listingCases } from './cases/listing.ts';
import { describeConformance } from './describe.ts';
import { fixtureFolder } from './fixture-folder.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';

const start = (open: () => Promise<GatewayOptions>) => async () => {
  const options = { listing: 'html', observers: [{ end: () => undefined }], ...(await open()) } as const;
  const server = await serve(createGateway(options), { port: 0 });
  return { url: server.url, stop: () => server.stop(1_000) };
};

const cases = { cases: listingCases };
describeConformance(
  'listings of Node over memory',
  start(async () => ({ store: await memoryWithFixtures() })),
  cases,
);
describeConformance(
  'listings of Node over a folder',
  start(async () => ({ store: fsStore(fixtureFolder.path) })),
  cases,
);
describeConformance(
  'listings of Node with a cache',
  start(async () => ({ store: await memoryWithFixtures(), cache: memoryCache({ maxBytes: 2 ** 20 }) })),
  cases,
);
