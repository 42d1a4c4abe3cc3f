import { describe } from 'vitest';
import { createGateway, serve } from '../../src/platform/node.ts';
import { describeConformance } from '../conformance/describe.ts';
import { fixtures } from '../conformance/fixtures.ts';
import { hasS3, newBucket } from './server.ts';

describe.skipIf(!hasS3)('S3', () => {
  describeConformance('Node over S3', async () => {
    const { store, put } = await newBucket();
    for (const { key, bytes, contentType } of fixtures) await put(key, bytes, { ContentType: contentType });
    const server = await serve(createGateway({ store, log: () => undefined }), { port: 0 });
    return { url: server.url, stop: () => server.stop(1_000) };
  });
});
