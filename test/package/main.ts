/**
 * Installs the packed package in empty projects, with the oldest and the newest hono and AWS SDK that it takes, each
 * another copy than the one here, and has an app of the project's own answer a range below /files: on Node 22 and 24, in
 * workerd, and under AWS's runtime client. Needs a build, `npm ci --prefix test/node22` and `npm ci --prefix test/lambda`.
 */
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createGateway, fsStore } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { reportSkipped } from '../full.ts';
import { dig, isRecord } from '../infra/json.ts';
import { checkBrowserBundle } from './browser-bundle.ts';
import { compile, createProject, link, ROOT, runIn, type Project } from './project.ts';
import { hasRuntime, inWorkerd, onLambda, onNode, type Ask } from './runs.ts';

const NODES = {
  'Node 22': join(ROOT, 'test/node22/node_modules/.bin/node'),
  'Node 24': process.execPath,
} as const;

const HONO = 'hono';
const SDK = ['@aws-sdk/client-s3', '@aws-sdk/s3-request-presigner'] as const;

const work = await mkdtemp(join(tmpdir(), 'rangeway-package-'));
let passed = 0;
let failed = 0;

async function check(name: string, run: () => Promise<void>): Promise<void> {
  const started = performance.now();
  try {
    await run();
    passed++;
    console.log(`ok   ${name} (${Math.round(performance.now() - started)} ms)`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}`);
    console.log(error);
  }
}

function same(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

/** Checks the answers of examples/worker-own-hono-app over a store that has the file. */
async function answers(ask: Ask): Promise<void> {
  const { status, headers, body } = await ask('/files/file.bin', { Range: 'bytes=-5' });
  same([status, headers.get('content-range'), body], [206, 'bytes 15-19/20', 'fghij']);
  same(headers.get('x-served-by'), 'my app');
  same((await ask('/files/none')).status, 404);
  same([(await ask('/about')).body, (await ask('/other')).status], ['{"files":"/files/"}', 404]);
}

/** Checks the answers of mounted.ts. */
async function answersMounted(ask: Ask): Promise<void> {
  const { status, body } = await ask('/files//leading', { Range: 'bytes=-5' });
  same([status, body], [206, '56789']);
}

/** Ranges of the package's peers, by name. */
async function readPeers(): Promise<(name: string) => string> {
  const manifest: unknown = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  return (name) => {
    const range = dig(manifest, 'peerDependencies', name);
    if (typeof range !== 'string') throw new Error(`${name} is no peer dependency`);
    return range;
  };
}

/** `>=4.4.0 <5` begins with the oldest version. */
function oldest(range: string): string {
  const version = /^>=(\d+\.\d+\.\d+) /.exec(range)?.[1];
  if (version === undefined) throw new Error(`no oldest version in ${range}`);
  return version;
}

const file = join(work, 'served/bucket/file.bin');
await mkdir(join(file, '..'), { recursive: true });
await writeFile(file, '0123456789abcdefghij');

const { stdout: packed } = await runIn(ROOT, 'npm', [
  'pack',
  '--silent',
  '--ignore-scripts',
  '--pack-destination',
  work,
]);
const tarball = join(work, packed.trim());

/** Speaks as much of S3 as a read needs, over a folder, and takes every signature. */
const storage = await serve(
  createGateway({ store: fsStore(join(work, 'served')), observers: [{ end: () => undefined }] }),
  { port: 0 },
);

const peers = await readPeers();
for (const [name, version] of [
  ['oldest', oldest],
  ['newest', (range: string) => range],
] as const) {
  const folder = join(work, name);
  const packages = [HONO, ...SDK].map((peer) => `${peer}@${version(peers(peer))}`);
  await check(`${name}: ${packages.join(', ')}`, async () => {
    await checkCopies(name, await createProject(folder, [tarball, ...packages]));
  });
}

/** Uses the app on every platform, with the copies that are installed in a project. */
async function checkCopies(name: string, project: Project): Promise<void> {
  const { folder } = project;
  const env = { FOLDER: join(file, '..'), PORT: '0', ENDPOINT: storage.url };
  const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
  await check(`${name}: tsc`, async () => same(await project.compile(), []));
  for (const [version, node] of Object.entries(NODES)) {
    await check(`${name}: ${version}, a folder`, () => onNode(node, join(folder, 'node.js'), env, 1, answers));
    await check(`${name}: ${version}, S3`, () => onNode(node, join(folder, 's3-node.js'), env, 2, answers));
  }
  await check(`${name}: by mount`, () => onNode(process.execPath, join(folder, 'mounted.js'), {}, 1, answersMounted));
  const local = { path: file, size: 20, mark: 'file' };
  await check(`${name}: workerd, R2`, () => inWorkerd(join(folder, 'worker.toml'), {}, local, answers));
  await check(`${name}: workerd, S3`, () =>
    inWorkerd(join(folder, 's3-worker.toml'), { ENDPOINT: storage.url }, local, answers),
  );
  if (!hasRuntime)
    reportSkipped(`${name}: Lambda`, "because AWS's runtime client is missing: npm ci --prefix test/lambda");
  else {
    await check(`${name}: Lambda`, () =>
      onLambda(join(folder, 'lambda.js'), { ...keys, BUCKET: 'bucket', ENDPOINT: storage.url }, answers),
    );
  }
}

await check('two copies of hono in one project', async () => {
  const copies = join(work, 'two-copies');
  await cp(join(work, 'oldest'), copies, { recursive: true, verbatimSymlinks: true });
  const nested = join(copies, 'node_modules/rangeway/node_modules');
  await mkdir(nested, { recursive: true });
  await cp(join(ROOT, 'node_modules/hono'), join(nested, 'hono'), { recursive: true });
  await onNode(process.execPath, join(copies, 'node.js'), { FOLDER: join(file, '..'), PORT: '0' }, 1, answers);
  await onNode(process.execPath, join(copies, 'mounted.js'), {}, 1, answersMounted);
  // The type of another copy's class can't be given to `route`; `mount` takes a function.
  const errors = await compile(copies, 'tsconfig.json');
  const refused = (module: string) => errors.some((line) => line.startsWith(`tsconfig.json: ${module}(`));
  same([refused('app.ts'), refused('mounted.ts')], [true, false]);
});

const plain = join(work, 'plain');
const NO_SDK =
  'reading S3 needs the AWS SDK, which is not installed: npm install @aws-sdk/client-s3 @aws-sdk/s3-request-presigner';
await check('without the AWS SDK', async () => {
  const project = await createProject(plain, [tarball]);
  await check('without the AWS SDK: tsc', async () => same(await project.compile(), []));
  await check('rangeway/client in a bundle for browsers', () => checkBrowserBundle(plain));
  await check('without the AWS SDK: a folder', () =>
    onNode(process.execPath, join(plain, 'node.js'), { FOLDER: join(file, '..'), PORT: '0' }, 1, answers),
  );
  await check('without the AWS SDK: workerd', () =>
    inWorkerd(join(plain, 'worker.toml'), {}, { path: file, size: 20, mark: 'file' }, answers),
  );
  await check('without the AWS SDK: all entries but rangeway/s3', async () => {
    const { stdout } = await runIn(plain, process.execPath, ['entries.js']);
    same(stdout, 'function,function,1\n');
  });
  await writeFile(join(plain, 's3.json'), '{ "mounts": [{ "store": { "type": "s3", "bucket": "releases" } }] }');
  for (const args of [
    ['serve', '--s3', 'releases'],
    ['lambda', '--s3', 'releases'],
    ['serve', '--config', 's3.json'],
  ]) {
    await check(`without the AWS SDK: ${args.join(' ')}`, () => refuses([...args, '--port', '0'], NO_SDK));
  }
  for (const name of ['wrangler', 'miniflare', 'esbuild']) await link(plain, name);
  await check('without the AWS SDK: dev --s3 releases', () =>
    refuses(['dev', '--s3', 'releases', '--port', '0'], NO_SDK),
  );
  const hono = join(plain, 'node_modules/hono');
  await rename(hono, `${hono}-aside`);
  await check('without hono: serve --dir .', () =>
    refuses(['serve', '--dir', '.', '--port', '0'], 'this needs hono, which is not installed: npm install hono'),
  );
  await rename(`${hono}-aside`, hono);
});

/** Checks that a command fails with one sentence on stderr. */
async function refuses(args: readonly string[], sentence: string): Promise<void> {
  const main = join(plain, 'node_modules/rangeway/dist/cli/main.js');
  const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
  const result = await runIn(plain, process.execPath, [main, ...args], keys).catch((error: unknown) => error);
  same(isRecord(result) ? [result['code'], result['stderr']] : result, [2, `rangeway: ${sentence}\n`]);
}

await check('the construct, without esbuild', async () => {
  const own = join(work, 'stack');
  await rename(plain, own);
  for (const name of ['aws-cdk-lib', 'constructs']) await link(own, name);
  await writeFile(
    join(own, 'stack.js'),
    `import { App, Stack } from 'aws-cdk-lib';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Rangeway } from 'rangeway/cdk';
const app = new App({ analyticsReporting: false, autoSynth: false, outdir: 'out' });
new Rangeway(new Stack(app, 'Own'), 'Gateway', { front: 'cloudfront' });
app.synth();
const asset = readdirSync('out').find((name) => name.startsWith('asset.'));
console.log(JSON.stringify(Object.keys(await import(resolve('out', asset, 'index.mjs'))).sort()));
`,
  );
  const { stdout } = await runIn(own, process.execPath, ['stack.js'], {
    CDK_VALIDATION: 'false',
    RANGEWAY_BUCKET: 'any',
    AWS_REGION: 'us-east-1',
  });
  same(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''), [
    'handler',
    'lambdaHandler',
    'lambdaStreamHandler',
    'streamHandler',
  ]);
});

await check('the app of the package, without esbuild', async () => {
  const own = join(work, 'stack');
  const { stderr } = await runIn(own, process.execPath, ['node_modules/rangeway/dist/cdk/app.js'], {
    CDK_VALIDATION: 'false',
    CDK_OUTDIR: join(own, 'app'),
    CDK_CONTEXT_JSON: JSON.stringify({ name: 'Downloads', front: 'cloudfront' }),
  });
  same(stderr, '');
  const released = await readFile(join(own, 'app/Downloads.template.json'), 'utf8');
  same(released.includes('AWS::CloudFront::Distribution'), true);
  const flags: unknown = JSON.parse(await readFile(join(own, 'app/manifest.json'), 'utf8'));
  same(JSON.stringify(flags).includes('"userValue":true'), true);
});

await storage.stop(1_000);
await rm(work, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
