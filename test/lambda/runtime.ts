import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { bundleHandler, bundleIndexHandler, type HANDLERS } from '../../infra/bundle.ts';
import type { FunctionUrlEvent } from '../../src/platform/lambda/event.ts';
import { startRuntimeApi, type Cut, type Posted } from './runtime-api.ts';
import { RUNTIME } from './setup.ts';

/** Whether AWS's runtime client is installed; without it its tests are skipped with a printed line. */
export const hasRuntime = inject('hasLambdaRuntime');

const FUNCTIONS = join(import.meta.dirname, '../../src/platform/lambda');

/** A process of AWS's runtime client that runs the function as it is deployed. */
export interface Runtime {
  /** Sends the function a request, and gives what the runtime posted for it. */
  ask(path: string, options?: Asked): Promise<Posted>;
  /** Sends the function any event, and gives what the runtime posted for it. */
  send(event: unknown): Promise<Posted>;
  /** All that the process wrote, the function's log among it. */
  output(): string;
  /** The exit code, when the process has ended. */
  readonly exited: Promise<number | null>;
  readonly initErrors: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** A request. */
export interface Asked {
  readonly method?: string;
  /** Names in lower case, as events have them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cut?: Cut;
}

/** Starts the runtime with the bundle of the function and nothing of this machine's environment. */
export async function startRuntime(
  handler: (typeof HANDLERS)[number] | 'indexHandler',
  env: Readonly<Record<string, string>>,
): Promise<Runtime> {
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-lambda-'));
  const isIndex = handler === 'indexHandler';
  if (isIndex) bundleIndexHandler(join(FUNCTIONS, 'index-function.ts'), folder);
  else bundleHandler(join(FUNCTIONS, 'function.ts'), folder);
  const api = await startRuntimeApi();
  const child = spawn(process.execPath, [RUNTIME], {
    env: {
      AWS_LAMBDA_RUNTIME_API: api.address,
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: `${isIndex ? 'pieces' : 'index'}.${handler}`,
      AWS_LAMBDA_FUNCTION_NAME: 'rangeway',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: 'group',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      AWS_REGION: 'us-east-1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const exited = once(child, 'close').then(() => child.exitCode);
  const send = (event: unknown, cut?: Cut) =>
    Promise.race([
      api.invoke(event, cut),
      exited.then((code) => {
        throw new Error(`the runtime ended with ${code}: ${output}`);
      }),
    ]);
  return {
    ask: (path, { cut, ...request } = {}) => send(toEvent(path, request), cut),
    send: (event) => send(event),
    output: () => output,
    exited,
    initErrors: api.initErrors,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
      api.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function toEvent(rawPath: string, { method = 'GET', headers = {} }: Omit<Asked, 'cut'>): FunctionUrlEvent {
  return {
    version: '2.0',
    rawPath,
    rawQueryString: '',
    headers,
    requestContext: { http: { method } },
    isBase64Encoded: false,
  };
}
