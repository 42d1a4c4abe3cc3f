import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signedAccess, signLink } from '../../src/access/index.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { createGateway, type NodeServer } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { KEYS } from '../access/links.ts';
import { reportSkipped } from '../full.ts';
import { isInstalled, startNginx, type Front } from './fronts.ts';

const hasNginx = isInstalled('nginx');
if (!hasNginx)
  reportSkipped(
    'nginx before the gateway, as in docs/put-a-cache-in-front.md',
    'nginx is missing; test/examples/packages.txt',
  );

const MiB = 1024 * 1024;
const OLD = Buffer.alloc(20 * MiB, Buffer.from(Uint8Array.from({ length: 65_537 }, (_, i) => (i * 7) & 0xff)));
const NEW = Buffer.alloc(20 * MiB, Buffer.from(Uint8Array.from({ length: 65_537 }, (_, i) => (i * 11) & 0xff)));

const PAGE = 'docs/put-a-cache-in-front.md';

describe.skipIf(!hasNginx)('nginx before the gateway, as in docs/put-a-cache-in-front.md,', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-nginx-'));
  const store = memoryStore();
  let reads = 0;
  let gateway: NodeServer;
  let nginx: Front;

  beforeAll(async () => {
    for (const key of ['a.bin', 'b.bin', 'c.bin', 'd.bin', 'secret/s.bin']) await store.put(key, OLD);
    await store.put('empty', new Uint8Array(0));
    const observers = [{ start: () => void reads++, end: () => undefined }];
    const open = { store, cacheControl: 'public, max-age=0, s-maxage=3600' };
    const guarded = { path: '/secret', store, prefix: 'secret/', access: signedAccess(KEYS) };
    gateway = await serve(createGateway({ mounts: [open, guarded], observers }), { port: 0 });
    nginx = await startNginx(folder, PAGE, Number(new URL(gateway.url).port));
  }, 60_000);
  afterAll(async () => {
    await nginx?.stop();
    await gateway?.stop(1_000);
    rmSync(folder, { recursive: true });
  });

  async function ask(path: string, headers: Readonly<Record<string, string>> = {}) {
    const before = reads;
    const response = await fetch(`${nginx.url}${path}`, { headers });
    const body = Buffer.from(await response.arrayBuffer());
    return {
      status: response.status,
      cache: response.headers.get('X-Cache'),
      headers: response.headers,
      body,
      reads: reads - before,
    };
  }

  test('keeps a range, and answers it and others of its slice', async () => {
    const cold = await ask('/a.bin', { Range: 'bytes=100-199' });
    expect([cold.status, cold.cache, cold.reads]).toEqual([206, 'MISS', 1]);
    for (const [range, start, end] of [
      ['bytes=100-199', 100, 200],
      ['bytes=8388600-8388607', 8_388_600, 8_388_608],
    ] as const) {
      const warm = await ask('/a.bin', { Range: range, Accept: 'text/html', Cookie: 'a=1' });
      expect([warm.status, warm.cache, warm.reads]).toEqual([206, 'HIT', 0]);
      expect(warm.headers.get('Content-Range')).toBe(`bytes ${start}-${end - 1}/${OLD.length}`);
      expect(warm.body.equals(OLD.subarray(start, end))).toBe(true);
    }
  });

  test('sends the whole object out of slices, and If-Range is evaluated', async () => {
    const whole = await ask('/b.bin');
    expect([whole.status, whole.body.equals(OLD), whole.reads]).toEqual([200, true, 3]);
    const etag = whole.headers.get('ETag') ?? '';
    const again = await ask('/b.bin?utm_source=x', { Range: 'bytes=9000000-', 'If-Range': etag });
    expect([again.status, again.body.equals(OLD.subarray(9_000_000)), again.reads]).toEqual([206, true, 0]);
    const stale = await ask('/b.bin', { Range: 'bytes=9000000-', 'If-Range': '"other"' });
    expect([stale.status, stale.body.equals(OLD), stale.reads]).toEqual([200, true, 0]);
  });

  test('has another copy for ?download', async () => {
    await ask('/c.bin', { Range: 'bytes=0-9' });
    const named = await ask('/c.bin?x=1&download', { Range: 'bytes=0-9' });
    expect([named.cache, named.headers.get('Content-Disposition')]).toEqual(['MISS', 'attachment; filename="c.bin"']);
    expect((await ask('/c.bin?download&y=2', { Range: 'bytes=0-9' })).cache).toBe('HIT');
    for (const name of ['one', 'two']) {
      const { cache, headers } = await ask(`/c.bin?download=${name}`, { Range: 'bytes=0-9' });
      expect([cache, headers.get('Content-Disposition')]).toEqual(['MISS', `attachment; filename="${name}.bin"`]);
    }
  });

  test('never splices a replaced object: the response breaks off', async () => {
    await ask('/d.bin', { Range: 'bytes=0-9' });
    await store.put('d.bin', NEW);
    await expect(ask('/d.bin')).rejects.toThrow();
  });

  test('keeps nothing private', async () => {
    const link = await signLink(
      'http://files.example/secret/s.bin',
      { expires: Math.floor(Date.now() / 1000) + 600 },
      KEYS[0],
    );
    const { pathname, search } = new URL(link);
    for (let i = 0; i < 2; i++) {
      const allowed = await ask(pathname + search, { Range: 'bytes=0-9' });
      expect([allowed.status, allowed.cache, allowed.reads]).toEqual([206, 'MISS', 1]);
    }
    expect((await ask(pathname, { Range: 'bytes=0-9' })).status).toBe(403);
  });

  test('answers 416 for an object without bytes, as the page says', async () => {
    expect((await ask('/empty')).status).toBe(416);
    expect((await fetch(`${gateway.url}/empty`)).status).toBe(200);
  });
});
