import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killAll, run, startServer } from '../cli/commands.ts';
import { access, hasS3, newBucket } from './server.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'rangeway-check-s3-'));
});
afterAll(async () => {
  killAll();
  await rm(home, { recursive: true, force: true });
});

const ENV = {
  AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
};

interface CheckJson {
  readonly address: string;
  readonly resumable: boolean;
  readonly summary: string;
  readonly checks: readonly { readonly name: string; readonly level: string; readonly seen: string }[];
}

async function check(url: string) {
  const { code, out } = await run(['check', url, '--json', '--timeout', '60s'], { cwd: home });
  const report: CheckJson = JSON.parse(out);
  const seen = new Map(report.checks.map((one) => [one.name, `${one.level} ${one.seen}`]));
  return { code, out, report, of: (name: string) => seen.get(name) };
}

describe.skipIf(!hasS3)('over S3', () => {
  test('a presigned address of Ceph: If-Range is ignored, so that versions are joined; If-Match is honoured', async () => {
    const { bucket, client, put } = await newBucket();
    await put('a.bin', new Uint8Array(300_000));
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: 'a.bin' }), { expiresIn: 900 });
    const { code, out, report, of } = await check(url);
    expect([code, report.resumable]).toEqual([1, false]);
    expect(report.summary).toMatch(
      /^Not safely: a stale If-Range .*; safe are only clients that send If-Match \(Firefox\)\.$/,
    );
    expect(of('range')).toBe('ok 206 with bytes 1-8');
    expect(of('if-range')).toBe('ok 206');
    expect(of('if-range-old')).toBe('fault 206');
    expect(of('if-match-old')).toBe('ok 412');
    expect(of('entity-tag')).toMatch(/^ok strong/);
    expect(of('head')).toBe('warning 403');
    expect(of('several-ranges')).toBe('fault 206 with one part, bytes 0-0/300000');
    expect(of('link-expiry')).toMatch(/^warning 1[45] min left, until 20/);
    // The signature, and no other value of the query.
    for (const value of new URL(url).searchParams.values()) if (value.length > 3) expect(out).not.toContain(value);
  });

  test('the gateway over the same bucket, and warm by a listing of it', async () => {
    const { bucket, put } = await newBucket();
    const keys = ['below/a b+c.bin', 'below/ä/1.bin', 'below/other/2.bin', 'below/ä/', 'not/3.bin'];
    for (const key of keys) await put(key, new Uint8Array(key.endsWith('/') ? 0 : 1_000));
    const where = ['--s3', bucket, '--endpoint', access.endpoint, '--path-style', '--prefix', 'below/'];
    const options = { cwd: home, env: ENV };
    const { url } = await startServer(['serve', ...where, '--cache', '64MiB', '--port', '0'], options);
    const { code, err } = await run(['warm', ...where, '--url', url, '--read', 'whole'], options);
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/^rangeway: 3 objects asked for, 0 failed; 3 requests, 2\.9 KiB in /),
    ]);
    const below = await run(['warm', 'ä/', ...where, '--url', url], options);
    expect([below.code, below.err]).toEqual([0, expect.stringContaining('1 object asked for, 0 failed')]);
    const { report, of } = await check(`${url}/a%20b%2Bc.bin`);
    expect([report.resumable, of('cache')]).toEqual([
      true,
      expect.stringMatching(/^ok a hit from the first request on/),
    ]);
  });

  test('the function of Lambda: a large object is redirected to S3, and safe all the same', async () => {
    const { bucket, put } = await newBucket();
    await put('small.bin', new Uint8Array(100_000));
    await put('large.bin', new Uint8Array(8_000_000));
    const { url } = await startServer(
      ['lambda', '--s3', bucket, '--endpoint', access.endpoint, '--path-style', '--port', '0'],
      { cwd: home, env: ENV },
    );
    const small = await check(`${url}/small.bin`);
    expect([small.code, small.of('redirects'), small.of('if-range-old')]).toEqual([0, 'ok none', 'ok 200, the whole']);
    const large = await check(`${url}/large.bin`);
    expect([large.code, large.of('if-range-old'), large.of('open-range')]).toEqual([
      0,
      'ok 412',
      'ok 206 with bytes 1- to the end',
    ]);
    expect(large.of('redirects')).toBe(`warning 307 to ${access.endpoint}; for a range 0`);
    expect(large.of('link-expiry')).toMatch(/^ok of the redirect's target: /);
  });

  test('a listing that is refused says so', async () => {
    const { bucket } = await newBucket();
    const { code, err } = await run(
      ['warm', '--s3', bucket, '--endpoint', access.endpoint, '--path-style', '--url', 'http://127.0.0.1:9'],
      { cwd: home, env: { ...ENV, AWS_SECRET_ACCESS_KEY: 'wrong' } },
    );
    expect([code, err]).toEqual([1, expect.stringMatching(/the list of keys: .*SignatureDoesNotMatch/)]);
    expect(err).not.toContain('wrong');
  });
});
