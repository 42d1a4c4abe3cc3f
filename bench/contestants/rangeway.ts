import { join } from 'node:path';
import type { Contestant } from './contestant.ts';
import { startServer } from './spawn.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');

/** `rangeway serve --s3`: the gateway on Node. */
export const rangewayNode: Contestant = rangeway('rangeway', 'serve', []);

/** `rangeway lambda --s3`: the function behind a local function URL that takes whole answers. */
export const lambdaBuffered: Contestant = rangeway('lambda-buffered', 'lambda', ['--mode', 'buffered']);

/** The same function, that streams. */
export const lambdaStreamed: Contestant = rangeway('lambda-streamed', 'lambda', ['--mode', 'stream']);

/** The command as users run it, its log lines included; they go to /dev/null. */
function rangeway(name: string, command: string, options: readonly string[]): Contestant {
  return {
    name,
    role: 'subject',
    async start({ storage }) {
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
        args: [CLI, command, ...source, '--port', '0', ...options],
        env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      });
    },
  };
}
