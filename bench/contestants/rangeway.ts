import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigInput } from '../../src/gateway/config.ts';
import type { Contestant } from './contestant.ts';
import { startServer } from './spawn.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');

/** `rangeway serve --s3`: the gateway on Node. */
export const rangewayNode: Contestant = rangeway('rangeway', 'serve', () => []);

const GiB = 1024 ** 3;

/** The same with a cache in memory, which the large object fits into. */
export const rangewayCached: Contestant = rangeway(
  'rangeway-cached',
  'serve',
  cached(() => ({ type: 'memory', bytes: 2 * GiB })),
);

/** The same with a cache on disk, as large as nginx's. */
export const rangewayDisk: Contestant = rangeway(
  'rangeway-cached-disk',
  'serve',
  cached((folder) => ({ type: 'disk', folder: join(folder, 'cache'), bytes: 8 * GiB })),
);

/** `rangeway lambda --s3`: the function behind a local function URL that takes whole answers. */
export const lambdaBuffered: Contestant = rangeway('lambda-buffered', 'lambda', () => ['--mode', 'buffered']);

/** The same function, that streams. */
export const lambdaStreamed: Contestant = rangeway('lambda-streamed', 'lambda', () => ['--mode', 'stream']);

/** A configuration with a cache. Metadata hold for an hour, as in nginx's, so that no round is the one that asks again. */
function cached(cache: (folder: string) => ConfigInput['cache']) {
  return (folder: string): readonly string[] => {
    const config = join(folder, 'config.json');
    writeFileSync(config, JSON.stringify({ cache: cache(folder), blocks: { ttl: 3_600_000 } } satisfies ConfigInput));
    return ['--config', config];
  };
}

/** The command as users run it, its log lines included; they go to /dev/null. */
function rangeway(name: string, command: string, options: (folder: string) => readonly string[]): Contestant {
  return {
    name,
    role: 'subject',
    async start({ storage, folder }) {
      const { port, bucket, accessKeyId, secretAccessKey } = storage;
      const source = [
        '--s3',
        bucket,
        '--endpoint',
        `http://127.0.0.1:${port}/`,
        '--region',
        'us-east-1',
        '--path-style',
      ];
      return startServer({
        file: process.execPath,
        args: [CLI, command, ...source, '--port', '0', ...options(folder)],
        env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      });
    },
  };
}
