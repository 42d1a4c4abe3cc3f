import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { memoryCache } from '../../../../src/cache/drivers/memory.ts';
import { createGateway, type GatewayOptions } from '../../../../src/gateway/create-gateway.ts';
import { loopbackS3, signatureOf } from './loopback-s3.ts';

// The storage is a recorded server: a real HTTP server on loopback with the fields that AWS documents and sends. Ceph,
// the S3 server of the other tests, reports no checksums.

const bytes = Buffer.from('0123456789');
const sha256 = createHash('sha256').update(bytes).digest('base64');
const sha512 = createHash('sha512').update(bytes).digest('base64');
const REPR = `sha-256=:${sha256}:`;

const FULL = { 'x-amz-checksum-sha256': sha256, 'x-amz-checksum-type': 'FULL_OBJECT' };

/** Answers as AWS does: checksums only in checksum mode, and on a range too if they are those of a part. */
function aws(checksums: Readonly<Record<string, string>>, etag = '"tag"') {
  return (req: IncomingMessage, res: ServerResponse) => {
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range ?? '') ?? [];
    const start = Number(first ?? 0);
    const end = last === undefined || last === '' ? bytes.length : Math.min(bytes.length, Number(last) + 1);
    const isOn = req.headers['x-amz-checksum-mode'] === 'ENABLED';
    const isSigned = (signatureOf(req).signed ?? req.headers.authorization ?? '').includes('x-amz-checksum-mode');
    if (isOn && !isSigned) return void res.writeHead(403, { 'Content-Length': 0 }).end();
    if (req.headers['if-match'] !== undefined && req.headers['if-match'] !== etag)
      return void res.writeHead(412, { 'Content-Length': 0 }).end();
    if (req.headers['if-none-match'] === etag) return void res.writeHead(304, { ETag: etag }).end();
    res.writeHead(first === undefined ? 200 : 206, {
      'Content-Length': end - start,
      ETag: etag,
      'Last-Modified': 'Mon, 01 Jan 2024 00:00:00 GMT',
      ...(isOn ? checksums : {}),
      ...(first === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}` }),
    });
    res.end(req.method === 'HEAD' ? undefined : bytes.subarray(start, end));
  };
}

async function open(
  answer: ReturnType<typeof aws>,
  options: Omit<GatewayOptions, 'store'> = { digests: true },
  reads: 'presigned' | 'commands' = 'presigned',
) {
  const s3 = await loopbackS3(answer, { reads });
  const gateway = createGateway({ store: s3.store, observers: [{ end: () => undefined }], ...options });
  const ask = async (headers: Record<string, string> = {}, method = 'GET') => {
    const response = await gateway.request('/key', { method, headers });
    await response.arrayBuffer();
    return [response.status, response.headers.get('Repr-Digest')];
  };
  return { ...s3, ask };
}

describe.for(['presigned', 'commands'] as const)('digests of S3, reads by %s', (reads) => {
  test('a whole object and HEAD have the checksum of the full object, with one request each', async () => {
    using s3 = await open(aws({ ...FULL, 'x-amz-checksum-sha512': sha512 }), { digests: true }, reads);
    expect(await s3.ask()).toEqual([200, `${REPR}, sha-512=:${sha512}:`]);
    expect(await s3.ask({}, 'HEAD')).toEqual([200, `${REPR}, sha-512=:${sha512}:`]);
    expect(s3.asked.length).toBe(2);
  });

  test('a range asks for none, because one that is a part has the checksum of the part', async () => {
    using s3 = await open(aws(FULL), { digests: true }, reads);
    expect(await s3.ask({ Range: 'bytes=1-2' })).toEqual([206, null]);
    expect(await s3.ask({ Range: 'bytes=1-2', 'If-Range': '"old"' })).toEqual([200, REPR]);
  });
});

test('without the setting, checksum mode is off', async () => {
  using s3 = await open(aws(FULL), {});
  expect(await s3.ask()).toEqual([200, null]);
  expect(s3.asked[0]?.headers['x-amz-checksum-mode']).toBeUndefined();
});

test.for([
  ['composite', { ...FULL, 'x-amz-checksum-type': 'COMPOSITE' }, '"tag"'],
  ['composite by its value', { 'x-amz-checksum-sha256': `${sha256}-2`, 'x-amz-checksum-type': 'FULL_OBJECT' }, '"tag"'],
  ['of unknown type', { 'x-amz-checksum-sha256': sha256 }, '"tag"'],
  [
    'of another algorithm',
    { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=', 'x-amz-checksum-type': 'FULL_OBJECT' },
    '"tag"',
  ],
  ['of bytes that a proxy changed', FULL, 'W/"tag"'],
  ['missing', {}, '"tag"'],
] as const)('a checksum that is %s is no digest', async ([, checksums, etag]) => {
  using s3 = await open(aws(checksums, etag));
  expect(await s3.ask()).toEqual([200, null]);
  expect(await s3.ask({}, 'HEAD')).toEqual([200, null]);
});

test('the cache keeps digests with the metadata, and through a revalidation by a range', async () => {
  const cache = memoryCache({ maxBytes: 2 ** 20 });
  using s3 = await open(aws(FULL), { digests: true, cache, blocks: { ttl: 1 } });
  expect(await s3.ask({}, 'HEAD')).toEqual([200, REPR]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await s3.ask({ Range: 'bytes=1-2' })).toEqual([206, REPR]);
  expect(await s3.ask({ Range: 'bytes=3-4' })).toEqual([206, REPR]);
});
