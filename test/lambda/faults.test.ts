import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { scriptedServer } from '../s3/scripted-server.ts';
import { toAnswer } from './answer.ts';
import { hasRuntime, startRuntime } from './runtime.ts';

const SENT = 500_000;
/** The log says which request broke, after how many bytes, and why. */
const BROKEN_LINE =
  /"key":"breaks","status":200,"range":null,"bytesSent":\d{6},[^\n]*"outcome":"failed","error":"StoreError: a body broke off at byte \d{6}, before 1000000; caused by /;

const TAG = '"0123456789abcdef0123456789abcdef"';

/** Sends all but what breaks off, and what never ends. */
function answer(path: string, res: ServerResponse): void {
  if (path === '/files/breaks') {
    res.writeHead(200, { 'Content-Length': 2 * SENT, ETag: TAG });
    res.write('x'.repeat(SENT), () => setTimeout(() => res.socket?.resetAndDestroy(), 50));
  } else if (path === '/files/endless') {
    res.writeHead(200, { 'Content-Length': 190_000_000, ETag: TAG });
    const chunk = Buffer.alloc(65_536);
    const fill = () => {
      while (!res.destroyed && res.write(chunk));
    };
    res.on('drain', fill);
    fill();
  } else {
    res.writeHead(200, { 'Content-Length': 4, ETag: TAG }).end('good');
  }
}

/** The function over an S3 of which some bodies break, and whether the reader of the endless one has gone. */
async function open(handler: 'handler' | 'streamHandler', wrong: Readonly<Record<string, string>> = {}) {
  let isLeft = false;
  const origin = await scriptedServer((req, res) => {
    const path = new URL(req.url ?? '', 'http://origin').pathname;
    if (path === '/files/endless') res.on('close', () => (isLeft = true));
    answer(path, res);
  });
  const runtime = await startRuntime(handler, {
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'session',
    RANGEWAY_BUCKET: 'files',
    RANGEWAY_S3_ENDPOINT: origin.endpoint,
    RANGEWAY_S3_PATH_STYLE: 'true',
    ...wrong,
  });
  return {
    ...runtime,
    asked: origin.asked,
    isLeft: () => isLeft,
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]();
      origin[Symbol.dispose]();
    },
  };
}

describe.skipIf(!hasRuntime)("under AWS's runtime", () => {
  test('requests to S3 are signed with the session of the role', async () => {
    await using lambda = await open('handler');
    expect(toAnswer(await lambda.ask('/good')).body.toString()).toBe('good');
    const { searchParams } = new URL(lambda.asked[0]?.url ?? '', 'http://localhost');
    expect(searchParams.get('X-Amz-Security-Token')).toBe('session');
    expect(searchParams.get('X-Amz-Credential')).toMatch(/^key\//);
  });

  test('without credentials, the log reports that they are missing', async () => {
    await using lambda = await open('handler', { AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' });
    const { status, body } = toAnswer(await lambda.ask('/good'));
    expect(status).toBe(502);
    expect(body.toString()).not.toMatch(/AWS_|credential/i);
    await expect.poll(lambda.output).toContain('there are no credentials to sign with');
    expect(lambda.asked).toEqual([]);
  });

  test('buffered, an interrupted body fails the invocation, and the same process serves the next one', async () => {
    await using lambda = await open('handler');
    const posted = await lambda.ask('/breaks');
    expect(posted).toMatchObject({ type: 'error', report: expect.stringContaining('a body broke off at byte') });
    expect(toAnswer(await lambda.ask('/good')).body.toString()).toBe('good');
    await expect.poll(lambda.output).toMatch(BROKEN_LINE);
  });

  test('streamed, an interrupted body breaks the response, and the same process serves the next one', async () => {
    await using lambda = await open('streamHandler');
    for (let i = 0; i < 3; i++) {
      const posted = await lambda.ask('/breaks');
      if (posted.type !== 'response') throw new Error('no response had begun');
      // Trailers would end it well, and Lambda would take it for a success.
      expect([posted.complete, posted.trailers]).toEqual([false, {}]);
      expect(/\0{8}x{100000}/.test(posted.body.toString('latin1'))).toBe(true);
      expect(toAnswer(await lambda.ask('/good')).body.toString()).toBe('good');
    }
    await expect.poll(lambda.output).toMatch(BROKEN_LINE);
    await expect.poll(lambda.output).toContain('Invoke Error');
  });

  test('streamed, a response that Lambda refuses to continue closes the read, and the process serves the next one', async () => {
    await using lambda = await open('streamHandler');
    const posted = await lambda.ask('/endless', { cut: { after: 1_000_000, how: 'refuse' } });
    expect(posted).toMatchObject({ type: 'response', complete: false });
    await expect.poll(lambda.isLeft, { timeout: 5_000 }).toBe(true);
    expect(toAnswer(await lambda.ask('/good')).body.toString()).toBe('good');
    await expect.poll(lambda.output).toMatch(/"key":"endless",[^\n]*"outcome":"aborted"/);
  });

  test('streamed, a connection that Lambda breaks ends the process, and with it the read', async () => {
    await using lambda = await open('streamHandler');
    await lambda.ask('/endless', { cut: { after: 1_000_000, how: 'hang up' } });
    // AWS's client does this: it rejects a promise without a handler. Lambda then starts another process.
    expect(await lambda.exited).toBe(1);
    await expect.poll(lambda.isLeft, { timeout: 5_000 }).toBe(true);
  });

  test.for<readonly [string, Record<string, string>, string]>([
    ['no bucket', { RANGEWAY_BUCKET: '' }, 'RANGEWAY_BUCKET takes the name of the bucket'],
    ['a setting that there is not', { RANGEWAY_SETTINGS: '{"colour":1}' }, 'colour: no such field'],
  ])('%s fails the start, and the reason is reported to Lambda', async ([, wrong, message]) => {
    await using lambda = await open('streamHandler', wrong);
    await expect.poll(() => lambda.initErrors.join(''), { timeout: 10_000 }).toContain(message);
    expect(await lambda.exited).not.toBe(0);
  });
});
