import { join } from 'node:path';
import { generateLinkKey, parseLinkKeys, signLink } from '../../src/access/index.ts';
import { processTree } from '../measure/process-tree.ts';
import type { Contestant, Role, Running, Surroundings } from './contestant.ts';
import { needsModule, startServer } from './spawn.ts';
import type { WorkerOptions } from './worker-options.ts';

/** The Worker as it is deployed by default. A path below a checkout, as that of each configuration here. */
const DEPLOYED = 'wrangler.toml';

/** A Worker over local R2 that does nothing but read: the limit. */
export const bareR2: Contestant = overR2('bare', 'limit', configOf('bare-r2'));

/** npm's render2, a Worker that serves R2. */
export const render2: Contestant = {
  ...overR2('render2', 'peer', configOf('render2')),
  missing: needsModule('render2'),
};

/** Rangeway over R2: the Worker of wrangler.toml, which logs errors alone. */
export const rangewayR2: Contestant = overR2('rangeway-r2', 'subject', configOf('rangeway'));

/** The same with a log line for each request, as it is deployed by default. */
export const rangewayR2Logged: Contestant = overR2('rangeway-r2-logged', 'subject', DEPLOYED);

/** Rangeway over R2 for who has a link: one that opens everything, in every request. */
export const rangewayR2Signed: Contestant = {
  name: 'rangeway-r2-signed',
  role: 'subject',
  async start(surroundings) {
    const text = generateLinkKey('bench');
    const [key] = parseLinkKeys(text);
    const expires = Math.floor(Date.now() / 1000) + 24 * 60 * 60;
    const link = new URL(await signLink('http://localhost/any', { prefix: '/', expires }, key));
    const bucket = toBucket('rangeway-r2-signed', surroundings);
    const running = await startWorker(surroundings, {
      config: configOf('rangeway-signed'),
      variables: { RANGEWAY_KEYS: text },
      bucket,
    });
    return { ...running, path: (name) => `/${name}${link.search}` };
  },
};

/** Rangeway over R2 with blocks in the Cache API, which workerd simulates on disk. */
export const rangewayR2Cached: Contestant = overR2('rangeway-r2-cached', 'subject', configOf('rangeway-cached'));

/** A Worker that passes requests on to the S3 API, unsigned: the limit there. */
export const bareS3: Contestant = overS3('bare-s3', 'limit', {
  config: configOf('bare-s3'),
  toVariables: ({ port, bucket }) => ({ ORIGIN: `http://127.0.0.1:${port}/${bucket}` }),
});

const toS3Variables: WorkerOverS3['toVariables'] = ({ port, bucket, accessKeyId, secretAccessKey }) => ({
  S3_BUCKET: bucket,
  S3_ENDPOINT: `http://127.0.0.1:${port}`,
  S3_REGION: 'us-east-1',
  S3_PATH_STYLE: true,
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});

/** Rangeway over S3: wrangler.toml's environment `s3`, its log line included. */
export const rangewayS3: Contestant = overS3('rangeway-s3', 'subject', {
  config: DEPLOYED,
  environment: 's3',
  toVariables: toS3Variables,
});

/** The same with blocks in the Cache API. */
export const rangewayS3Cached: Contestant = overS3('rangeway-s3-cached', 'subject', {
  config: configOf('rangeway-s3-cached'),
  toVariables: toS3Variables,
});

/** Path below a checkout. */
function configOf(name: string): string {
  return join('bench/contestants/workers', name, 'wrangler.toml');
}

function overR2(name: string, role: Role, config: string): Contestant {
  return {
    name,
    role,
    start: (surroundings) => startWorker(surroundings, { config, variables: {}, bucket: toBucket(name, surroundings) }),
  };
}

function toBucket(name: string, { objects, kept }: Surroundings): WorkerOptions['bucket'] {
  const { large, medium, payload, small } = objects;
  return { folder: join(kept, 'r2', name), objects: [large, medium, payload, small], files: join(kept, 'objects') };
}

interface WorkerOverS3 {
  readonly config: string;
  readonly environment?: string;
  readonly toVariables: (storage: Surroundings['storage']) => WorkerOptions['variables'];
}

function overS3(name: string, role: Role, { toVariables, ...worker }: WorkerOverS3): Contestant {
  return {
    name,
    role,
    start: (surroundings) => startWorker(surroundings, { ...worker, variables: toVariables(surroundings.storage) }),
  };
}

/** Of the processes, workerd alone is measured: the one of Node's that starts it is no part of a deployed Worker. */
async function startWorker({ checkout }: Surroundings, worker: WorkerOptions): Promise<Running> {
  const options: WorkerOptions = { ...worker, config: join(checkout, worker.config) };
  const running = await startServer({
    file: process.execPath,
    args: [join(checkout, 'bench/contestants/processes/workerd.ts'), JSON.stringify(options)],
  });
  const workerd = processTree(running.pid).find(({ name }) => name === 'workerd');
  if (workerd !== undefined) return { ...running, pid: workerd.pid };
  await running.stop();
  throw new Error('there is no process called workerd');
}
