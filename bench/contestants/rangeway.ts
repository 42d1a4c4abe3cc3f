import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigInput } from '../../src/config/config.ts';
import { toEndpoint, trust, type Contestant, type Setup } from './contestant.ts';
import { startServer } from './spawn.ts';

/** `rangeway serve --s3`: the gateway on Node. */
export const rangewayNode: Contestant = rangeway('rangeway', 'serve', () => []);

/** With the state of downloads in a SQLite file. */
export const rangewayTransfers: Contestant = rangeway(
  'rangeway-transfers',
  'serve',
  configured(({ folder }) => ({
    admin: { token: 'RANGEWAY_TOKEN' },
    transfers: { secret: 'RANGEWAY_TOKEN', store: { type: 'sqlite', file: join(folder, 'transfers.sqlite') } },
  })),
);

const GiB = 1024 ** 3;

/** Metadata are fresh for an hour, so that no round revalidates them, and only errors are logged. */
const cacheSettings = { logged: 'errors', blocks: { ttl: 3_600_000 } } as const;

/**
 * With a cache in memory of twice the large object: after some rounds it is full, as on a server that has run for a
 * while, and allocates no more memory from the system.
 */
export const rangewayCached: Contestant = rangeway(
  'rangeway-cached',
  'serve',
  cached(({ objects }) => ({ type: 'memory', bytes: 2 * objects.large.size })),
);

/** With a cache on disk of 8 GiB, the size of nginx's. */
export const rangewayDisk: Contestant = rangeway(
  'rangeway-cached-disk',
  'serve',
  cached(({ folder }) => ({ type: 'disk', folder: join(folder, 'cache'), bytes: 8 * GiB })),
);

/** With `parallelReads`: four connections to the storage per request. */
export const rangewayParallel: Contestant = rangeway(
  'rangeway-parallel',
  'serve',
  configured(() => ({ parallelReads: 4 })),
);

/** With `parallelReads` and a cache in memory. */
export const rangewayParallelCached: Contestant = rangeway(
  'rangeway-parallel-cached',
  'serve',
  configured(({ objects }) => ({
    ...cacheSettings,
    cache: { type: 'memory', bytes: 2 * objects.large.size },
    parallelReads: 4,
  })),
);

/** With a cache on disk and a tier in memory before it, of a sixteenth of the large object. */
export const rangewayDiskMemory: Contestant = rangeway(
  'rangeway-cached-disk-memory',
  'serve',
  cached(({ folder, objects }) => ({
    type: 'disk',
    folder: join(folder, 'cache'),
    bytes: 8 * GiB,
    memory: objects.large.size / 16,
  })),
);

/** `rangeway lambda --s3`: the function behind a local function URL, with buffered responses. */
export const lambdaBuffered: Contestant = rangeway('lambda-buffered', 'lambda', () => ['--mode', 'buffered']);

/** The same function with streamed responses. */
export const lambdaStreamed: Contestant = rangeway('lambda-streamed', 'lambda', () => ['--mode', 'stream']);

/** Makes a configuration with a cache. */
function cached(cache: (setup: Setup) => ConfigInput['cache']) {
  return configured((setup) => ({ ...cacheSettings, cache: cache(setup) }));
}

function configured(make: (setup: Setup) => ConfigInput) {
  return (setup: Setup): readonly string[] => {
    const config = join(setup.folder, 'config.json');
    writeFileSync(config, JSON.stringify(make(setup)));
    return ['--config', config];
  };
}

/** Runs the command line as users do. Its log lines go to /dev/null. */
function rangeway(name: string, command: string, options: (setup: Setup) => readonly string[]): Contestant {
  return {
    name,
    role: 'subject',
    async start(setup) {
      const { storage, checkout } = setup;
      const { bucket, accessKeyId, secretAccessKey } = storage;
      const source = ['--s3', bucket, '--endpoint', `${toEndpoint(storage)}/`, '--region', 'us-east-1', '--path-style'];
      return startServer({
        file: process.execPath,
        args: [join(checkout, 'src/cli/main.ts'), command, ...source, '--port', '0', ...options(setup)],
        env: {
          RANGEWAY_TOKEN: '0123456789abcdef0123456789abcdef',
          AWS_ACCESS_KEY_ID: accessKeyId,
          AWS_SECRET_ACCESS_KEY: secretAccessKey,
          ...trust(storage),
        },
      });
    },
  };
}
