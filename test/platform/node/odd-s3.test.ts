import { createGateway, memoryCache } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { s3Storage } from '../../../src/platform/s3/index-node.ts';
import { BUCKET } from '../../contract/odd-s3.ts';
import { describeOddS3, type OddGateway } from '../../contract/odd-s3-answers.ts';
import { logObserver } from '../../../src/observe/log.ts';

async function start(endpoint: string, isCached: boolean): Promise<OddGateway> {
  const credentials = { accessKeyId: 'odd', secretAccessKey: 'odd' };
  const store = s3Storage({ access: { endpoint, pathStyle: true, credentials, attempts: 1 }, bucket: BUCKET });
  const log: string[] = [];
  const cached = isCached ? { cache: memoryCache({ maxBytes: 16 * 1024 * 1024 }), blocks: { size: 65_536 } } : {};
  const gateway = createGateway({
    store,
    observers: [logObserver((entry) => log.push(JSON.stringify(entry)))],
    ...cached,
  });
  const { url, stop } = await serve(gateway, { port: 0 });
  return { url, log, stop: () => stop(1_000) };
}

describeOddS3('Node', false, (endpoint) => start(endpoint, false));
describeOddS3('Node with a cache of blocks', true, (endpoint) => start(endpoint, true));
