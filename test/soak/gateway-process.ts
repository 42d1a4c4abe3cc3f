import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A gateway in a process of its own. */
export interface GatewayProcess {
  /** Without a slash at its end. */
  readonly url: string;
  readonly pid: number;
  /** Log lines of requests that failed, and whatever it wrote besides the log. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

/** Credentials that mean nothing: the origin takes any. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'soak', AWS_SECRET_ACCESS_KEY: 'soak' };

/** Starts `rangeway serve --s3` over an origin, under Node with these flags. */
export async function startGateway(endpoint: string, flags: readonly string[] = []): Promise<GatewayProcess> {
  const args = ['serve', '--s3', 'soak', '--endpoint', endpoint, '--path-style', '--port', '0'];
  // Nothing else of this process's environment: a profile or a proxy would change what is tested.
  const env = { ...CREDENTIALS, PATH: process.env['PATH'] };
  const child = spawn(process.execPath, [...flags, MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const complaints: string[] = [];
  createInterface(child.stdout).on('line', (line) => {
    if (line.includes('"outcome":"failed"')) complaints.push(line);
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      const found = /is served at (\S+)\/$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
      else if (!line.startsWith('rangeway: stopping')) complaints.push(line);
    });
    child.once('exit', () => reject(new Error(`the gateway did not start: ${complaints.join('\n')}`)));
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the gateway has no process');
  return {
    url,
    pid,
    complaints,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
