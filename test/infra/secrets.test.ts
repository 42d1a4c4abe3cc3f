import { spawn } from 'node:child_process';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleHandler, FILE } from '../../infra/bundle.ts';
import { parseLinkKeys, signLink } from '../../src/access/index.ts';
import { serveSecrets, valueOf, type Answer, type Asked } from '../platform/lambda/secret-service.ts';
import { makeFolder } from './folder.ts';
import { dig, type Json } from './json.ts';
import { synthesise } from './synthesise.ts';

const VALUE = `k1:${Buffer.alloc(32, 7).toString('base64url')}`;

/** Loads the bundle and gives its handler events, as Lambda does; prints their statuses, or why it does not start. */
const RUN = `
  try {
    const { handler } = await import(process.argv[1]);
    const statuses = [];
    for (const event of JSON.parse(process.argv[2])) statuses.push((await handler(event)).statusCode);
    process.stdout.write('\\n' + JSON.stringify(statuses));
  } catch ({ name, message }) {
    process.stderr.write(name + ': ' + message);
    process.exitCode = 1;
  }
`;

let bundle = '';
beforeAll(() => {
  const folder = makeFolder();
  bundleHandler(join(import.meta.dirname, '../../src/platform/lambda/function.ts'), folder);
  bundle = join(folder, FILE);
});

/** An event of a function URL behind the distribution, whose edge function sets the viewer's address. */
function toEvent(link: URL): Json {
  return {
    version: '2.0',
    rawPath: link.pathname,
    rawQueryString: link.search.slice(1),
    headers: { 'x-rangeway-viewer': '2001:db8::7', 'x-rangeway-host': 'files.example' },
    requestContext: { http: { method: 'GET', sourceIp: '192.0.2.1' } },
    isBase64Encoded: false,
  };
}

/** The function's environment as the stack writes it. */
function environmentOf(options: Json): Record<string, string> {
  const fn = synthesise({ bucket: 'files', ...options }).one('AWS::Lambda::Function');
  const variables = Object(dig(fn.properties, 'Environment', 'Variables'));
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]));
}

async function run(service: { readonly url: string }, options: Json, events: readonly Json[]) {
  const env = {
    ...environmentOf(options),
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret-of-the-role',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: service.url,
    AWS_ENDPOINT_URL_SSM: service.url,
    RANGEWAY_S3_ENDPOINT: service.url,
    RANGEWAY_S3_PATH_STYLE: 'true',
  };
  const args = ['--input-type=module', '--eval', RUN, bundle, JSON.stringify(events)];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** Stands for S3, with one object under every key. */
const bucket: RequestListener = (_, res) =>
  void res
    .writeHead(200, { ETag: '"one"', 'Content-Length': '3', 'Last-Modified': 'Mon, 01 Jan 2024 00:00:00 GMT' })
    .end('abc');

async function linkTo(path: string, clientAddress?: string): Promise<URL> {
  const [key] = parseLinkKeys(VALUE);
  const terms = { expires: Math.floor(Date.now() / 1000) + 600, clientAddress };
  return new URL(await signLink(`https://files.example${path}`, terms, key));
}

const SIGNED = { front: 'cloudfront', settings: { access: { type: 'signed' } } };

describe('the bundled function behind CloudFront', () => {
  test.each(['secretsmanager:rangeway/keys', 'ssm:/rangeway/keys'])('has its secret from %s', async (place) => {
    await using service = await serveSecrets((asked) => valueOf(asked, VALUE), bucket);
    const links = await Promise.all([
      linkTo('/a.bin'),
      linkTo('/a.bin', '2001:db8::/64'),
      linkTo('/a.bin', '192.0.2.1'),
    ]);
    const events = [...links, new URL('https://files.example/a.bin')].map(toEvent);
    const { code, stdout, stderr } = await run(service, { ...SIGNED, secrets: { RANGEWAY_KEYS: place } }, events);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    // A link, one for the viewer's network, one for CloudFront's own address, none.
    expect(stdout.split('\n').at(-1)).toBe('[200,200,403,403]');
    expect(stdout).not.toContain(VALUE);
    // Once for the process, for any number of requests.
    expect(service.asked).toHaveLength(1);
  });

  test.each<readonly [string, (asked: Asked) => Answer]>([
    ['answers 400 AccessDeniedException', () => ({ status: 400, body: '{"__type":"AccessDeniedException"}' })],
    ['it holds no text', (asked) => valueOf(asked, '')],
  ])('does not start if the secret can not be read: %s', async (why, answer) => {
    await using service = await serveSecrets(answer, bucket);
    const secrets = 'RANGEWAY_KEYS=ssm:/rangeway/keys';
    const { code, stderr } = await run(service, { ...SIGNED, secrets }, [toEvent(await linkTo('/a.bin'))]);
    expect(code).toBe(1);
    expect(stderr.replace(/127[.\d:]+ /, '')).toBe(
      `SettingsError: RANGEWAY_KEYS can't be read from ssm:/rangeway/keys: ${why}`,
    );
  });
});
