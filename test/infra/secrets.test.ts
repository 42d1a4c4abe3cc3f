import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
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
    for (const event of JSON.parse(process.argv[2])) {
      const { statusCode, headers } = await handler(event);
      statuses.push(headers.location ?? statusCode);
    }
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
  const resolved = { ...variables, ...('RANGEWAY_CDN_KEY' in variables ? CDN_KEY : {}) };
  return Object.fromEntries(Object.entries(resolved).map(([name, value]) => [name, String(value)]));
}

/** Values of the variables that CloudFormation fills in: the name of a secret, and the id of a public key. */
const CDN_KEY = { RANGEWAY_CDN_KEY: 'secretsmanager:made-by-the-stack', RANGEWAY_CDN_KEY_ID: 'K2JCJMDEHXQW5F' };

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

/** Stands for S3, with one object under every key that is larger than the function can send. */
const largeBucket: RequestListener = (_, res) =>
  void res
    .writeHead(200, { ETag: '"one"', 'Content-Length': '5000000', 'x-amz-version-id': 'v1' })
    .end(Buffer.alloc(5_000_000));

describe('the key of CloudFront', () => {
  const options = { front: 'cloudfront', largeObjects: 'cloudfront' };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const events = [toEvent(new URL('https://files.example/a.bin'))];

  test('signs the addresses of large objects, and is read once', async () => {
    await using service = await serveSecrets((asked) => valueOf(asked, pem), largeBucket);
    const { code, stdout, stderr } = await run(service, options, events);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').at(-1)).toMatch(
      /^\["\/\.rangeway\/object\/range\/one\/v1\/-\/a\.bin\?Expires=\d+&Signature=[\w~-]+&Key-Pair-Id=K2JCJMDEHXQW5F&/,
    );
    expect(service.asked.map(({ body }) => body)).toEqual(['{"SecretId":"made-by-the-stack"}']);
    expect(stdout).not.toContain('PRIVATE');
  });

  test.each<readonly [string, (asked: Asked) => Answer, string]>([
    [
      'there is none',
      () => ({ status: 400, body: '{"__type":"ResourceNotFoundException"}' }),
      "RANGEWAY_CDN_KEY can't be read from secretsmanager:made-by-the-stack: answers 400 ResourceNotFoundException",
    ],
    [
      'the secret has not been filled',
      (asked) => valueOf(asked, 'a-random-password'),
      'RANGEWAY_CDN_KEY is to hold a private key in PEM, of ECDSA on P-256 or of RSA with 2048 bits',
    ],
    [
      'it is cut',
      (asked) => valueOf(asked, pem.slice(0, 100)),
      'RANGEWAY_CDN_KEY is to hold a private key in PEM, of ECDSA on P-256 or of RSA with 2048 bits',
    ],
  ])('keeps the function from starting if %s, with a sentence', async (_, answer, message) => {
    await using service = await serveSecrets(answer, largeBucket);
    const { code, stderr } = await run(service, options, events);
    expect([code, stderr.replace(/127[.\d:]+ /, '')]).toEqual([1, `SettingsError: ${message}`]);
  });
});
