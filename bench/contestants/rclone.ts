import type { Contestant } from './contestant.ts';
import { freePort } from '../free-port.ts';
import { needsPackage, startServer } from './spawn.ts';

/** Debian's `rclone serve http` over S3. */
export const rclone: Contestant = {
  name: 'rclone',
  role: 'peer',
  missing: needsPackage('rclone'),
  async start({ storage }) {
    const { bucket, accessKeyId, secretAccessKey } = storage;
    const port = await freePort();
    const args = ['serve', 'http', `bench:${bucket}`, '--addr', `127.0.0.1:${port}`, '--read-only', '--quiet'];
    const env = {
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_BENCH_TYPE: 's3',
      RCLONE_CONFIG_BENCH_PROVIDER: 'Other',
      RCLONE_CONFIG_BENCH_ENDPOINT: `http://127.0.0.1:${storage.port}`,
      RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: accessKeyId,
      RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: secretAccessKey,
    };
    return startServer({ file: 'rclone', args, env, port });
  },
};
