import { createGateway, fsStore } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { describeConformance } from './describe.ts';
import { fixtureFolder } from './fixture-folder.ts';

describeConformance('Node over a folder', async () => {
  const { path, storedAt } = fixtureFolder;
  const server = await serve(createGateway({ store: fsStore(path), observers: [{ end: () => undefined }] }), {
    port: 0,
  });
  return { url: server.url, stop: () => server.stop(1000), storedAt };
});
