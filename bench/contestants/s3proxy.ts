import { join } from 'node:path';
import type { Contestant } from './contestant.ts';
import { needsModule, startServer } from './spawn.ts';

/** npm's s3proxy on node:http, as its documentation says. */
export const s3proxy: Contestant = {
  name: 's3proxy',
  role: 'peer',
  missing: needsModule('s3proxy'),
  async start({ storage }) {
    const { port, bucket, accessKeyId, secretAccessKey } = storage;
    return startServer({
      file: process.execPath,
      args: [join(import.meta.dirname, 'processes/s3proxy.ts'), bucket, `http://127.0.0.1:${port}`],
      env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    });
  },
};
