import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseLinkKeys, signLink } from '../../src/access/index.ts';
import { OBJECT_PATH, parseCdnKey, signCdnPath, type CdnKey } from '../../src/platform/lambda/cdn-links.ts';
import { bytesOf, deploy, type DeploymentOptions } from './distribution.ts';
import { hasS3 } from './server.ts';

const MiB = 1024 * 1024;
/** Bytes of an object that the function can't send. */
const LARGE = 5 * MiB;

const OLD = bytesOf(7, LARGE);
const NEW = bytesOf(11, LARGE + 1);

type Deployment = Awaited<ReturnType<typeof deploy>>;

async function deployWith(key: string, bytes: Uint8Array, options: DeploymentOptions): Promise<Deployment> {
  const deployment = await deploy(options);
  await deployment.put(key, bytes);
  return deployment;
}

async function read(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

describe.skipIf(!hasS3).each([true, false])(
  'an object that is replaced, in a bucket with versions: %j',
  (isVersioned) => {
    let deployment: Deployment;
    beforeAll(async () => {
      deployment = await deployWith('a.bin', OLD, { isVersioned });
    });
    afterAll(() => deployment.stop());

    test('never splices, and a stale If-Range gets the whole new version', async () => {
      const address = await deployment.locate('/a.bin');
      const begun = await fetch(address, { headers: { Range: 'bytes=0-999' } });
      const etag = begun.headers.get('ETag') ?? '';
      expect([begun.status, (await read(begun)).equals(OLD.subarray(0, 1000))]).toEqual([206, true]);
      await deployment.put('a.bin', NEW);

      // The address goes on with its version, or says that it is gone.
      const rest = await fetch(address, { headers: { Range: 'bytes=1000-', 'If-Range': etag } })
        .then(read)
        .catch(() => undefined);
      if (isVersioned) expect(rest?.equals(OLD.subarray(1000))).toBe(true);
      else expect(rest).toBeUndefined();

      // The gateway knows the new one.
      for (const ifRange of [etag, 'Mon, 01 Jan 2024 00:00:00 GMT']) {
        const whole = await fetch(`${deployment.url}/a.bin`, {
          headers: { Range: 'bytes=1000-', 'If-Range': ifRange },
        });
        expect([whole.status, whole.headers.get('Content-Range'), whole.redirected]).toEqual([200, null, true]);
        expect((await read(whole)).equals(NEW)).toBe(true);
        expect(new URL(whole.url).pathname).toContain(`${OBJECT_PATH}whole/`);
      }
      const current = await fetch(`${deployment.url}/a.bin`, { method: 'HEAD' });
      const part = await fetch(`${deployment.url}/a.bin`, {
        headers: { Range: 'bytes=1-', 'If-Range': current.headers.get('ETag') ?? '' },
      });
      expect([part.status, (await read(part)).equals(NEW.subarray(1))]).toEqual([206, true]);
    });

    test('that is gone before any byte of it is stored is a 412 or its own version, never another', async () => {
      await deployment.put('b.bin', OLD);
      const address = await deployment.locate('/b.bin');
      await deployment.put('b.bin', NEW);
      const response = await fetch(address);
      expect(response.status).toBe(isVersioned ? 200 : 412);
      const body = await read(response);
      if (isVersioned) expect(body.equals(OLD)).toBe(true);
    });
  },
);

describe.skipIf(!hasS3)('an address of the CDN', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await deployWith('a.bin', OLD, { isVersioned: true });
    await deployment.put('other.bin', NEW);
  });
  afterAll(() => deployment.stop());

  test.each<readonly [string, (address: string) => string]>([
    ['without a signature', (address) => address.split('?')[0] ?? ''],
    [
      'with a forged one',
      (address) => address.replace(/Signature=./, (text) => `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`),
    ],
    ['of another object', (address) => address.replace('/a.bin?', '/other.bin?')],
    ['of the other form', (address) => address.replace('/range/', '/whole/')],
    [
      'with a later end',
      (address) => address.replace(/Expires=(\d+)/, (_, end: string) => `Expires=${Number(end) + 1}`),
    ],
    ['with one parameter more', (address) => `${address}&versionId=x`],
    ['with another id', (address) => address.replace(/Key-Pair-Id=\w+/, 'Key-Pair-Id=K0')],
  ])('%s is refused', async (_, change) => {
    const address = await deployment.locate('/a.bin');
    expect((await fetch(address)).status).toBe(200);
    expect(change(address)).not.toBe(address);
    const response = await fetch(change(address));
    expect([response.status, (await read(response)).length]).toEqual([
      403,
      '<Error><Code>AccessDenied</Code></Error>'.length,
    ]);
  });

  test('that has expired, or that another key has signed, is refused', async () => {
    const { pathname, host } = new URL(await deployment.locate('/a.bin'));
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const stranger = parseCdnKey('KEY', 'K2JCJMDEHXQW5F', String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    const now = Math.floor(Date.now() / 1000);
    const open = async (key: CdnKey, expires: number) =>
      (await fetch(`http://${host}${signCdnPath(key, host, pathname, expires)}`)).status;
    expect(await open(deployment.key, now + 60)).toBe(200);
    expect(await open(deployment.key, now)).toBe(403);
    expect(await open(stranger, now + 60)).toBe(403);
  });

  test.each(['a b+ü%?#/x.bin', "quote'(s)!*;:@&=,$.bin", 'sla//sh/.bin', '100%25.bin', '\u{1f600}.bin'])(
    'of the key %j leads to it',
    async (key) => {
      const bytes = bytesOf(3, LARGE);
      await deployment.put(key, bytes);
      const path = key.split('/').map(encodeURIComponent).join('/');
      const response = await fetch(`${deployment.url}/${path}`, { headers: { Range: 'bytes=10-' } });
      expect([response.status, response.redirected, (await read(response)).equals(bytes.subarray(10))]).toEqual([
        206,
        true,
        true,
      ]);
    },
  );

  test('has the disposition of the request, with one copy in the cache for each', async () => {
    const before = deployment.cache.keys().length;
    const named = await fetch(`${deployment.url}/other.bin?download`);
    const plain = await fetch(`${deployment.url}/other.bin`);
    expect([named, plain].map(({ headers }) => headers.get('Content-Disposition'))).toEqual([
      'attachment; filename="other.bin"',
      null,
    ]);
    await Promise.all([named, plain].map(read));
    expect(deployment.cache.keys().length - before).toBe(2);
  });

  test('may be read by a page, and says what a page needs to resume', async () => {
    const address = await deployment.locate('/a.bin');
    const { headers } = await fetch(address, { headers: { Origin: 'https://app.example' } });
    expect(headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(headers.get('Access-Control-Expose-Headers')).toContain('Content-Range');
    const preflight = await fetch(address, {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://app.example',
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'if-range',
      },
    });
    expect([preflight.status, preflight.headers.get('Access-Control-Allow-Headers')]).toEqual([
      204,
      expect.stringContaining('If-Range'),
    ]);
  });
});

const KEYS = `k1:${Buffer.alloc(32, 7).toString('base64url')}`;

async function linkTo(path: string, expires: number): Promise<string> {
  const { pathname, search } = new URL(
    await signLink(`https://files.example${path}`, { expires }, parseLinkKeys(KEYS)[0]),
  );
  return pathname + search;
}

/** A deployment behind links. */
async function openSigned() {
  const deployment = await deployWith('a.bin', OLD, {
    isVersioned: true,
    settings: { access: { type: 'signed' } },
    secrets: 'RANGEWAY_KEYS=secretsmanager:rangeway/keys',
    values: { RANGEWAY_KEYS: KEYS },
  });
  return { ...deployment, [Symbol.asyncDispose]: () => deployment.stop() };
}

test.skipIf(!hasS3)(
  'a private object is served by the CDN to the holders of links, and ends with the link',
  async () => {
    await using deployment = await openSigned();
    const now = Math.floor(Date.now() / 1000);
    expect((await fetch(`${deployment.url}/a.bin`)).status).toBe(403);
    const ends = async (expires: number) =>
      Number(new URL(await deployment.locate(await linkTo('/a.bin', expires))).searchParams.get('Expires'));
    expect(await ends(now + 60)).toBe(now + 60);
    const long = await ends(now + 90_000);
    expect(long).toBeGreaterThanOrEqual(now + 900);
    expect(long).toBeLessThan(now + 960);
    for (const hit of ['Miss', 'Hit']) {
      const response = await fetch(`${deployment.url}${await linkTo('/a.bin', now + 600)}`);
      expect([response.status, response.headers.get('X-Cache')]).toEqual([200, `${hit} from cloudfront`]);
      expect((await read(response)).equals(OLD)).toBe(true);
    }
  },
);

test.skipIf(!hasS3)(
  'one copy of a small object serves all clients, whatever fields and parameters they send',
  async () => {
    const deployment = await deployWith('small', bytesOf(5, 1000), {
      isVersioned: true,
      settings: { cacheControl: 'public, max-age=0, s-maxage=60' },
    });
    const hits: (string | null)[] = [];
    for (const headers of [
      {},
      { Accept: 'text/html' },
      { 'Accept-Encoding': 'br', Cookie: 'a=1' },
      { 'X-Any': '1' },
      { Range: 'bytes=1-2' },
    ]) {
      const response = await fetch(`${deployment.url}/small?utm_source=${hits.length}`, { headers });
      hits.push(response.headers.get('X-Cache'));
      await read(response);
    }
    expect(hits).toEqual(['Miss from cloudfront', ...Array<string>(4).fill('Hit from cloudfront')]);
    // A parameter of the list has a copy of its own.
    expect((await fetch(`${deployment.url}/small?download`)).headers.get('X-Cache')).toBe('Miss from cloudfront');
    await deployment.stop();
  },
);
