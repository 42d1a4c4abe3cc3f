import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import type { Contestant } from '../../bench/contestants/contestant.ts';
import { withCheckouts } from '../../bench/contestants/other-checkouts.ts';
import { isInstalled } from '../../bench/contestants/spawn.ts';
import { bytesAt, catalogue } from '../../bench/origin/objects.ts';
import { makeCertificate } from '../../bench/origin/certificate.ts';
import { startOrigin } from '../../bench/origin/server.ts';
import { http1Transport } from '../../src/platform/node/http1/http1-transport.ts';

const folder = mkdtempSync(join(tmpdir(), 'rangeway-bench-'));
afterEach(() => {
  setDefaultCACertificates([]);
  rmSync(folder, { recursive: true, force: true });
});

test.skipIf(!isInstalled('openssl'))('the origin uses TLS with a certificate that is made for the run', async () => {
  const files = makeCertificate(folder);
  if (files === undefined) throw new Error('no certificate was made');
  const tls = { key: readFileSync(files.key), cert: readFileSync(files.cert) };
  const objects = catalogue(16 * 1024 ** 2);
  const origin = await startOrigin(Object.values(objects), { tls });
  const transport = http1Transport({ maxSockets: 1, connectTimeout: 5_000, requestTimeout: 5_000 });
  try {
    const url = `https://127.0.0.1:${origin.port}/bench/${objects.large.key}`;
    const request = () => transport({ method: 'GET', url, fields: { range: 'bytes=5-70004' } });
    await expect(request()).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    setDefaultCACertificates([tls.cert]);
    const { status, body } = await request();
    expect(status).toBe(206);
    const bytes = Buffer.from(await new Response(body ?? null).arrayBuffer());
    expect(bytes.equals(bytesAt(5, 70_000))).toBe(true);
    expect(origin.counts).toEqual({ requests: 1, bytes: 70_000 });
  } finally {
    transport.destroy();
    origin.stop();
  }
});

describe('with other checkouts', () => {
  const contestant = (name: string, role: Contestant['role']): Contestant => ({
    name,
    role,
    start: ({ checkout }) => Promise.reject(new Error(`started in ${checkout}`)),
  });

  test('each configuration of Rangeway runs again from each of them, as a peer', async () => {
    const all = withCheckouts(
      [contestant('nginx', 'peer'), contestant('rangeway', 'subject')],
      ['/a/before', '/b/same'],
    );
    expect(all.map(({ name, role }) => [name, role])).toEqual([
      ['nginx', 'peer'],
      ['rangeway', 'subject'],
      ['rangeway@before', 'peer'],
      ['rangeway@same', 'peer'],
    ]);
    const storage = { port: 1, bucket: 'b', accessKeyId: 'a', secretAccessKey: 's' };
    const started = all[2]?.start({
      checkout: '/own',
      storage,
      objects: catalogue(1),
      folder: '/f',
      reusedFolder: '/k',
    });
    await expect(started).rejects.toThrow('started in /a/before');
  });
});
