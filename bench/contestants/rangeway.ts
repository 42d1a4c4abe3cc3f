import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigInput } from '../../src/config/config.ts';
import { toEndpoint, trust, type Contestant, type Surroundings } from './contestant.ts';
import { startServer } from './spawn.ts';

/** `rangeway serve --s3`: the gateway on Node. */
export const rangewayNode: Contestant = rangeway('rangeway', 'serve', () => []);

const GiB = 1024 ** 3;

/** Metadata hold for an hour, so that no round is the one that asks again, and errors alone are logged. */
const cacheSettings = { logged: 'errors', blocks: { ttl: 3_600_000 } } as const;

/**
 * The same with a cache in memory, which the large object fits into twice: after some rounds it is full, as that of any
 * server that has run for a while, and takes no new memory from the system.
 */
export const rangewayCached: Contestant = rangeway(
  'rangeway-cached',
  'serve',
  cached(({ objects }) => ({ type: 'memory', bytes: 2 * objects.large.size })),
);

/** The same with a cache on disk, as large as nginx's. */
export const rangewayDisk: Contestant = rangeway(
  'rangeway-cached-disk',
  'serve',
  cached(({ folder }) => ({ type: 'disk', folder: join(folder, 'cache'), bytes: 8 * GiB })),
);

/** The gateway on Node that reads through four connections to the storage. */
export const rangewayParallel: Contestant = rangeway(
  'rangeway-parallel',
  'serve',
  configured(() => ({ parallelReads: 4 })),
);

/** The same with a cache in memory. */
export const rangewayParallelCached: Contestant = rangeway(
  'rangeway-parallel-cached',
  'serve',
  configured(({ objects }) => ({
    ...cacheSettings,
    cache: { type: 'memory', bytes: 2 * objects.large.size },
    parallelReads: 4,
  })),
);

/** The same with a small tier in memory before it, which holds a sixteenth of the large object. */
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

/** `rangeway lambda --s3`: the function behind a local function URL that takes whole answers. */
export const lambdaBuffered: Contestant = rangeway('lambda-buffered', 'lambda', () => ['--mode', 'buffered']);

/** The same function, that streams. */
export const lambdaStreamed: Contestant = rangeway('lambda-streamed', 'lambda', () => ['--mode', 'stream']);

/** A configuration with a cache, compared to nginx's. */
function cached(cache: (surroundings: Surroundings) => ConfigInput['cache']) {
  return configured((surroundings) => ({ ...cacheSettings, cache: cache(surroundings) }));
}

function configured(make: (surroundings: Surroundings) => ConfigInput) {
  return (surroundings: Surroundings): readonly string[] => {
    const config = join(surroundings.folder, 'config.json');
    writeFileSync(config, JSON.stringify(make(surroundings)));
    return ['--config', config];
  };
}

/** The command as users run it. Its log lines go to /dev/null. */
function rangeway(
  name: string,
  command: string,
  options: (surroundings: Surroundings) => readonly string[],
): Contestant {
  return {
    name,
    role: 'subject',
    async start(surroundings) {
      const { storage, checkout } = surroundings;
      const { bucket, accessKeyId, secretAccessKey } = storage;
      const source = ['--s3', bucket, '--endpoint', `${toEndpoint(storage)}/`, '--region', 'us-east-1', '--path-style'];
      return startServer({
        file: process.execPath,
        args: [join(checkout, 'src/cli/main.ts'), command, ...source, '--port', '0', ...options(surroundings)],
        env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, ...trust(storage) },
      });
    },
  };
}
