import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { s3Transport } from '../../../../src/platform/s3/s3-client.ts';
import { fetchTransport } from '../../../../src/store/drivers/s3/fetch-transport.ts';
import { redact, redactedError } from '../../../../src/store/drivers/s3/redact.ts';
import type { Transport } from '../../../../src/store/drivers/s3/transport.ts';
import { isStoreError } from '../../../../src/store/store-error.ts';
import { KEY, signatureOf, loopbackS3 } from './loopback-s3.ts';

const TOKEN = 'session-token-of-the-test';

type Answer = Parameters<typeof loopbackS3>[0];

/** Failures of a storage whose errors could contain the presigned address. */
const FAILURES: Readonly<Record<string, Answer>> = {
  'an error document that repeats the address': (req, res) =>
    void res.writeHead(500).end(`<Error><Code>InternalError</Code><Message>at ${req.url}</Message></Error>`),
  'an error document whose code has it': (req, res) =>
    void res
      .writeHead(403)
      .end(`<Error><Code>${req.url}</Code><Message>${signatureOf(req).signature}</Message></Error>`),
  'a redirect to the same address': (req, res) =>
    void res.writeHead(307, { Location: `http://127.0.0.1:9${req.url}`, 'Content-Length': 0 }).end(),
  'a broken connection': (_, res) => void res.destroy(),
  'no answer': () => undefined,
  'an answer that is no HTTP': (req, res) => void res.socket?.end(`${req.url}\r\n\r\n`),
  'a Content-Range that has it': (req, res) =>
    void res.writeHead(206, { 'Content-Length': 3, 'Content-Range': `bytes ${req.url}`, ETag: '"tag"' }).end('abc'),
};

const failing = (error: (url: string) => unknown): Transport => {
  return async ({ url }) => {
    throw error(url);
  };
};

const TRANSPORTS: Readonly<Record<string, Transport>> = {
  'Node’s transport': s3Transport({ requestTimeout: 200, connectTimeout: 200 }),
  fetch: fetchTransport({ timeout: 200 }),
};

const HOSTILE: Readonly<Record<string, Transport>> = {
  'a message': failing((url) => new Error(`can't reach ${url}`)),
  'a property': failing((url) => Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: url })),
  'a cause': failing((url) => new Error('failed', { cause: new Error('really', { cause: new Error(url) }) })),
  'a text': failing((url) => url),
  'an object': failing((url) => ({ url, headers: { authorization: url } })),
};

function assertRedacted(error: unknown, secrets: readonly unknown[]): void {
  expect(isStoreError(error)).toBe(true);
  const shown = inspect(error, { depth: Infinity, showHidden: true });
  expect(shown).not.toMatch(/X-Amz-Signature=[^…]/i);
  for (const secret of [TOKEN, ...secrets]) expect(shown).not.toContain(secret);
}

describe('no error contains the signature of a presigned address', () => {
  test.each(
    Object.keys(TRANSPORTS).flatMap((name) => Object.keys(FAILURES).map((failure) => [name, failure] as const)),
  )('%s: %s', async (name, failure) => {
    using s3 = await loopbackS3(FAILURES[failure] ?? (() => undefined), {
      transport: TRANSPORTS[name],
      credentials: async () => ({ ...KEY, sessionToken: TOKEN }),
    });
    const read = await s3.store.read('key').catch((error: unknown) => error);
    assertRedacted(read, s3.signatures());
    expect(s3.signatures().length).toBeGreaterThan(0);
  });

  test.each(Object.keys(HOSTILE))('an HTTP client whose error contains it in %s', async (name) => {
    using s3 = await loopbackS3(() => undefined, {
      transport: HOSTILE[name],
      credentials: async () => ({ ...KEY, sessionToken: TOKEN }),
    });
    assertRedacted(await s3.store.read('key').catch((error: unknown) => error), []);
    assertRedacted(await s3.store.head('key').catch((error: unknown) => error), []);
  });

  test.each(['an error document that repeats the address', 'a broken connection'])('commands: %s', async (failure) => {
    using s3 = await loopbackS3(FAILURES[failure] ?? (() => undefined), {
      reads: 'commands',
      credentials: async () => ({ ...KEY, sessionToken: TOKEN }),
    });
    const read = await s3.store.read('key').catch((error: unknown) => error);
    const [, signature] = /Signature=(\w+)/.exec(s3.asked[0]?.headers.authorization ?? '') ?? [];
    assertRedacted(read, [signature]);
  });
});

test.each([
  ['GET http://h/b/k?X-Amz-Date=1&X-Amz-Signature=abc HTTP/1.1', 'GET http://h/b/k?… HTTP/1.1'],
  ['"http://h/k?versionId=1&x-amz-security-token=abc"', '"http://h/k?…"'],
  ['X-Amz-Signature=abc&other=1', 'X-Amz-Signature=…&other=1'],
  ['k?X-Amz-Signature%3Dabc', 'k?…'],
  ['x-amz-credential=AKIA/2026 and so on', 'x-amz-credential=… and so on'],
  ['why? because', 'why? because'],
])('redact(%j) is %j', (text, left) => {
  expect(redact(text)).toBe(left);
});

test('name, code, message and causes of an error are kept, up to a bounded number of causes', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  expect(redactedError(new TypeError('failed', { cause }))).toMatchObject({
    name: 'TypeError',
    message: 'failed',
    cause: { code: 'ECONNREFUSED', message: 'refused' },
  });
  const loop = new Error('loop');
  loop.cause = loop;
  expect(redactedError(loop)).toMatchObject({ message: 'loop' });
});
