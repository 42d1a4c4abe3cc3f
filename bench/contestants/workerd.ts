import { join } from 'node:path';
import { generateLinkKey, parseLinkKeys, signLink } from '../../src/access/index.ts';
import { processTree } from '../measure/process-tree.ts';
import type { Contestant, Role, RunningServer, Setup } from './contestant.ts';
import { needsModule, startServer } from './spawn.ts';
import type { WorkerOptions } from './worker-options.ts';

/** Configuration of the Worker as it is deployed by default. Like all paths here it is relative to a checkout. */
const DEPLOYED = 'wrangler.toml';

/** A Worker over local R2 that only reads: the upper limit. */
export const bareR2: Contestant = overR2('bare', 'limit', configOf('bare-r2'));

/** npm's render2, a Worker that serves R2. */
export const render2: Contestant = {
  ...overR2('render2', 'peer', configOf('render2')),
  missing: needsModule('render2'),
};

/** Rangeway over R2, with a log line for errors only. */
export const rangewayR2: Contestant = overR2('rangeway-r2', 'subject', configOf('rangeway'));

/** Rangeway over R2 with a log line for each request, as it is deployed by default. */
export const rangewayR2Logged: Contestant = overR2('rangeway-r2-logged', 'subject', DEPLOYED);

/** Rangeway over R2 with a signed link, whose prefix covers all objects, in every request. */
export const rangewayR2Signed: Contestant = {
  name: 'rangeway-r2-signed',
  role: 'subject',
  async start(setup) {
    const text = generateLinkKey('bench');
    const [key] = parseLinkKeys(text);
    const expires = Math.floor(Date.now() / 1000) + 24 * 60 * 60;
    const link = new URL(await signLink('http://localhost/any', { prefix: '/', expires }, key));
    const bucket = toBucket('rangeway-r2-signed', setup);
    const running = await startWorker(setup, {
      config: configOf('rangeway-signed'),
      variables: { RANGEWAY_KEYS: text },
      bucket,
    });
    return { ...running, path: (name) => `/${name}${link.search}` };
  },
};

/** Rangeway over R2 with blocks in the Cache API, which workerd simulates on disk. */
export const rangewayR2Cached: Contestant = overR2('rangeway-r2-cached', 'subject', configOf('rangeway-cached'));

/** A Worker that passes requests on to the S3 API, unsigned: the upper limit over S3. */
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

/** Rangeway over S3, with a log line for each request. */
export const rangewayS3: Contestant = overS3('rangeway-s3', 'subject', {
  config: 'wrangler.s3.toml',
  toVariables: toS3Variables,
});

/** Rangeway over S3 with blocks in the Cache API. */
export const rangewayS3Cached: Contestant = overS3('rangeway-s3-cached', 'subject', {
  config: configOf('rangeway-s3-cached'),
  toVariables: toS3Variables,
});

/** Returns the path of a configuration, relative to a checkout. */
function configOf(name: string): string {
  return join('bench/contestants/workers', name, 'wrangler.toml');
}

function overR2(name: string, role: Role, config: string): Contestant {
  return {
    name,
    role,
    start: (setup) => startWorker(setup, { config, variables: {}, bucket: toBucket(name, setup) }),
  };
}

function toBucket(name: string, { objects, reusedFolder }: Setup): WorkerOptions['bucket'] {
  const { large, medium, payload, small } = objects;
  return {
    folder: join(reusedFolder, 'r2', name),
    objects: [large, medium, payload, small],
    files: join(reusedFolder, 'objects'),
  };
}

interface WorkerOverS3 {
  readonly config: string;
  readonly environment?: string;
  readonly toVariables: (storage: Setup['storage']) => WorkerOptions['variables'];
}

function overS3(name: string, role: Role, { toVariables, ...worker }: WorkerOverS3): Contestant {
  return {
    name,
    role,
    start: (setup) => startWorker(setup, { ...worker, variables: toVariables(setup.storage) }),
  };
}

/** Starts workerd. Only workerd is measured: the Node process that starts it is not part of a deployed Worker. */
async function startWorker({ checkout }: Setup, worker: WorkerOptions): Promise<RunningServer> {
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
