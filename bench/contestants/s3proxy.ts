import { join } from 'node:path';
import { toEndpoint, trust, type Contestant } from './contestant.ts';
import { needsModule, startServer } from './spawn.ts';

/** npm's s3proxy on node:http, set up as in its documentation. */
export const s3proxy: Contestant = {
  name: 's3proxy',
  role: 'peer',
  missing: needsModule('s3proxy'),
  async start({ storage }) {
    const { bucket, accessKeyId, secretAccessKey } = storage;
    return startServer({
      file: process.execPath,
      args: [join(import.meta.dirname, 'processes/s3proxy.ts'), bucket, toEndpoint(storage)],
      env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, ...trust(storage) },
    });
  },
};
