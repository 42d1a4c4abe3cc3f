import { env } from 'cloudflare:workers';
import { beforeAll, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { nativeBodyPipe } from '../../src/platform/workers/native-body-pipe.ts';
import { r2Store } from '../../src/store/drivers/r2.ts';

const bytes = new TextEncoder().encode('0123456789');
const gateway = createGateway({ store: r2Store(env.BUCKET), bodyPipe: nativeBodyPipe, observers: [] });

const digest = async (algorithm: string, content: BufferSource) => {
  const value = new Uint8Array(await crypto.subtle.digest(algorithm, content));
  return { value, field: `${algorithm.toLowerCase()}=:${btoa(String.fromCharCode(...value))}:` };
};

async function ask(key: string, init: RequestInit = {}): Promise<readonly [number, string | null]> {
  const response = await gateway.request(`/${key}`, init);
  await response.arrayBuffer();
  return [response.status, response.headers.get('Repr-Digest')];
}

let coded: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  const gzip = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  coded = new Uint8Array(await new Response(gzip).arrayBuffer());
  await env.BUCKET.put('plain', bytes);
  await env.BUCKET.put('sha256', bytes, { sha256: (await digest('SHA-256', bytes)).value });
  await env.BUCKET.put('sha512', bytes, { sha512: (await digest('SHA-512', bytes)).value });
  const httpMetadata = { contentEncoding: 'gzip' };
  await env.BUCKET.put('gzip', coded, { sha256: (await digest('SHA-256', coded)).value, httpMetadata });
  const upload = await env.BUCKET.createMultipartUpload('parts');
  await upload.complete([await upload.uploadPart(1, bytes)]);
});

test('R2 reports the SHA sums with which an object was stored, of a range and by HEAD too', async () => {
  const { field } = await digest('SHA-256', bytes);
  expect(await ask('sha256')).toEqual([200, field]);
  expect(await ask('sha256', { method: 'HEAD' })).toEqual([200, field]);
  expect(await ask('sha256', { headers: { Range: 'bytes=2-3' } })).toEqual([206, field]);
  expect(await ask('sha512')).toEqual([200, (await digest('SHA-512', bytes)).field]);
});

test('an object without SHA sums, and one that was uploaded in parts, has no digest', async () => {
  expect(await ask('plain')).toEqual([200, null]);
  expect(await ask('parts')).toEqual([200, null]);
});

test('the digest of an object that is stored with gzip is that of the coded bytes', async () => {
  const response = await gateway.request('/gzip', { headers: { 'Accept-Encoding': 'gzip' } });
  expect(response.headers.get('Content-Encoding')).toBe('gzip');
  expect(response.headers.get('Repr-Digest')).toBe((await digest('SHA-256', coded)).field);
  await response.arrayBuffer();
});

test('a listing as JSON has the same digests', async () => {
  const listing = createGateway({ store: r2Store(env.BUCKET), listing: 'json', observers: [] });
  const entries: readonly { readonly name: string; readonly reprDigest?: string }[] = await (
    await listing.request('/')
  ).json();
  const of = (name: string) => entries.find((entry) => entry.name === name)?.reprDigest;
  expect(of('plain')).toBeUndefined();
  expect(of('sha256')).toBe((await ask('sha256'))[1]);
  expect(of('sha512')).toBe((await ask('sha512'))[1]);
});
