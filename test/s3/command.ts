import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { access } from './server.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Starts a command over a bucket, on any port, below the prefix `below/`. */
export function startCommand(
  bucket: string,
  args: readonly [string, ...string[]],
  secret: string = access.credentials.secretAccessKey,
) {
  const [command, ...rest] = args;
  const where = ['--s3', bucket, '--endpoint', access.endpoint, '--path-style', '--prefix', 'below/', '--port', '0'];
  const env = { ...process.env, AWS_ACCESS_KEY_ID: access.credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: secret };
  const child = spawn(process.execPath, [MAIN, command, ...where, ...rest], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  const listening = new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (text: Buffer) => {
      err += text.toString();
      const [, url] = /(http:\/\/[\d.]+:\d+)\//.exec(err) ?? [];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', () => reject(new Error(`${command} has ended: ${err}`)));
  });
  // Not each test waits for it.
  listening.catch(() => undefined);
  return {
    child,
    err: () => err,
    /** Resolves to its URL when it listens, without a trailing slash. */
    url: () => listening,
    async stop(): Promise<void> {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
