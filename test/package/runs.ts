import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import type { FunctionUrlEvent } from '../../src/platform/lambda/event.ts';
import type { LocalFile } from '../../src/cli/dev/local-bucket.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { toAnswer } from '../lambda/answer.ts';
import { startRuntimeApi } from '../lambda/runtime-api.ts';
import { RUNTIME } from '../lambda/setup.ts';

/** An answer to `GET /files/file.bin` with `Range: bytes=-5`, or to another path. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Asks the app of examples/worker-own-hono-app. */
export type Ask = (path: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;

type Environment = Readonly<Record<string, string>>;

/** Without the folders that npm puts first on PATH, and without credentials. */
const CLEAN: Environment = { PATH: '/usr/bin:/bin', HOME: '/nonexistent', AWS_REGION: 'us-east-1' };

const overHttp =
  (url: string): Ask =>
  async (path, headers = {}) => {
    const response = await fetch(new URL(path, url), { headers });
    return { status: response.status, headers: response.headers, body: await response.text() };
  };

/**
 * Runs a module that prints an address for each server that it starts.
 *
 * @param count servers that it starts
 */
export async function onNode(
  node: string,
  module: string,
  env: Environment,
  count: number,
  use: (ask: Ask) => Promise<void>,
): Promise<void> {
  const child = spawn(node, [module], { env: { ...CLEAN, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const urls: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('http')) urls.push(line);
      if (urls.length === count) break;
    }
    if (urls.length < count) throw new Error(`${module} ended before it listened`);
    for (const url of urls) await use(overHttp(url));
  } finally {
    await end(child);
  }
}

/** Runs the Worker of a wrangler.toml over a bucket that holds one file. */
export async function inWorkerd(
  config: string,
  variables: Environment,
  file: LocalFile,
  use: (ask: Ask) => Promise<void>,
): Promise<void> {
  const worker = await startWorkerd({ config, host: '127.0.0.1', port: 0, variables });
  try {
    await worker.bucket.put('file.bin', file);
    await use(overHttp(worker.url));
  } finally {
    await worker.stop();
  }
}

/** Whether AWS's runtime client is installed. */
export const hasRuntime = existsSync(join(RUNTIME, '../rapid-client.node'));

/** Runs a function under AWS's runtime client, bundled as for a deployment. */
export async function onLambda(module: string, env: Environment, use: (ask: Ask) => Promise<void>): Promise<void> {
  const folder = `${module}.bundle`;
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: [module],
    outfile: join(folder, 'index.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    // The SDK's parts that are no ES modules call it.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'silent',
  });
  const api = await startRuntimeApi();
  const child = spawn(process.execPath, [RUNTIME], {
    env: {
      ...CLEAN,
      AWS_LAMBDA_RUNTIME_API: api.address,
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: 'index.handler',
      AWS_LAMBDA_FUNCTION_NAME: 'own',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: 'group',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'close').then(() => {
    throw new Error(`the runtime ended: ${api.initErrors.join()}`);
  });
  // Without a request in between, its end is expected.
  ended.catch(() => undefined);
  try {
    await use(async (path, headers = {}) => {
      const answer = toAnswer(await Promise.race([api.invoke(toEvent(path, headers)), ended]));
      return { ...answer, body: answer.body.toString() };
    });
  } finally {
    await end(child);
    api.stop();
  }
}

function toEvent(rawPath: string, headers: Readonly<Record<string, string>>): FunctionUrlEvent {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    version: '2.0',
    rawPath,
    rawQueryString: '',
    headers: Object.fromEntries(lower),
    requestContext: { http: { method: 'GET' } },
    isBase64Encoded: false,
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
