import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boundaryOf, parseByteranges } from '../conformance/multipart.ts';
import { ask } from '../platform/node/raw-request.ts';
import { CODED, LARGE, largeByte, startOddS3, TEXT, type OddS3 } from './odd-s3.ts';

/** A gateway over the odd storage, on some platform. */
export interface OddGateway {
  readonly url: string;
  /** Lines of the log, as JSON. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/**
 * Checks the responses of a gateway over a storage that transcodes, ignores ranges or redirects.
 *
 * @param isCached whether a cache of blocks is on
 */
export function describeOddS3(
  platform: string,
  isCached: boolean,
  start: (endpoint: string) => Promise<OddGateway>,
): void {
  describe(`${platform} over an odd S3`, () => {
    let storage: OddS3;
    let gateway: OddGateway;
    beforeAll(async () => {
      storage = await startOddS3();
      gateway = await start(storage.endpoint);
    });
    afterAll(async () => {
      await gateway?.stop();
      await storage?.stop();
    });
    // Keys that differ behind a dot behave alike, and are not in the cache yet.
    let names = 0;
    const fresh = (behaviour: string) => `${gateway.url}/${behaviour}.${names++}`;

    describe('that stores any metadata', () => {
      const EXPECTED = {
        'content-encoding': undefined,
        'content-language': undefined,
        'content-disposition': `attachment; filename="f_r _ _ _.txt"; filename*=UTF-8''f%C3%BCr%20%E4%B8%AD%20%F0%9F%98%80%20%E2%80%93.txt`,
        'cache-control': 'max-age=60, no-transform',
        expires: '3600',
        'last-modified': undefined,
      };
      const described = (headers: NodeJS.Dict<string | string[]>) =>
        Object.fromEntries(Object.keys(EXPECTED).map((name) => [name, headers[name]]));
      test.each([
        ['GET', {}, 200],
        ['HEAD', {}, 200],
        ['GET', { Range: 'bytes=0-1' }, 206],
      ] as const)('%s %j: what can be sent is, alike on all platforms', async (method, fields, status) => {
        const answer = await ask(fresh('described'), fields, method);
        expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/octet-stream']);
        expect(described(answer.headers)).toEqual(EXPECTED);
      });
      test('parts have the same type', async () => {
        const { headers, body } = await ask(fresh('described'), { Range: 'bytes=0-1,100-101' });
        expect(described(headers)).toEqual(EXPECTED);
        const parts = parseByteranges(body, boundaryOf(String(headers['content-type'])));
        expect(parts.flatMap((part) => part.headers.filter(([name]) => name === 'Content-Type'))).toEqual([
          ['Content-Type', 'application/octet-stream'],
          ['Content-Type', 'application/octet-stream'],
        ]);
      });
    });

    describe('that decompresses objects stored with a coding, unless gzip is accepted', () => {
      test('GET returns the stored bytes', async () => {
        const { status, headers, body } = await ask(fresh('transcoding'));
        expect([status, headers['content-encoding'], headers['content-length']]).toEqual([
          200,
          'gzip',
          String(CODED.length),
        ]);
        expect(body.equals(CODED)).toBe(true);
      });
      test('HEAD returns their length', async () => {
        const { status, headers } = await ask(fresh('transcoding'), {}, 'HEAD');
        expect([status, headers['content-encoding'], headers['content-length']]).toEqual([
          200,
          'gzip',
          String(CODED.length),
        ]);
      });
      test.each(['bytes=100-299', 'bytes=-100', `bytes=${CODED.length - 5}-`])(
        '%s is a range of the stored bytes',
        async (range) => {
          const { status, headers, body } = await ask(fresh('transcoding'), { Range: range });
          expect([status, headers['content-encoding']]).toEqual([206, 'gzip']);
          const [, from, to] = /bytes (\d+)-(\d+)\//.exec(String(headers['content-range'])) ?? [];
          expect(body.equals(CODED.subarray(Number(from), Number(to) + 1))).toBe(true);
        },
      );
      test('Accept-Encoding is not signed, so a proxy may change it', async () => {
        await ask(fresh('transcoding'));
        const { url, headers } = storage.asked.at(-1) ?? {};
        expect(headers?.['accept-encoding']).toMatch(/\bgzip\b.*\bbr\b/);
        expect(url).toContain('&X-Amz-SignedHeaders=host&');
      });
    });

    describe('behind a proxy that compresses on the fly', () => {
      test.each(['GET', 'HEAD'])('%s returns the object without that coding, with one more request', async (method) => {
        const before = storage.asked.length;
        const { status, headers, body } = await ask(fresh('compressing'), {}, method);
        expect([status, headers['content-encoding'], headers['content-length']]).toEqual([
          200,
          undefined,
          String(TEXT.length),
        ]);
        expect(method === 'HEAD' || body.equals(TEXT)).toBe(true);
        const ranged = storage.asked.slice(before).map((one) => one.headers.range !== undefined);
        const codings = storage.asked.slice(before).map((one) => one.headers['accept-encoding']);
        // A cache asks for ranges, which such proxies leave as they are.
        if (ranged.some(Boolean)) expect(codings).not.toContain('identity');
        else expect(codings).toEqual([expect.stringContaining('gzip'), 'identity']);
      });
    });

    describe('that ignores Range', () => {
      const end = TEXT.length;
      test.each([
        ['bytes=0-99', 0, 100],
        ['bytes=5000-5099', 5_000, 5_100],
        ['bytes=100000-', 100_000, end],
        ['bytes=-7', end - 7, end],
        [`bytes=${end - 1}-${end + 100}`, end - 1, end],
        [`bytes=-${end + 5}`, 0, end],
        ['bytes=1000-180000', 1_000, 180_001],
      ] as const)('%s is cut out of the whole', async (range, from, to) => {
        const { status, headers, body } = await ask(fresh('rangeless'), { Range: range });
        expect([status, headers['content-range'], headers['content-length']]).toEqual([
          206,
          `bytes ${from}-${to - 1}/${end}`,
          String(to - from),
        ]);
        expect(body.equals(TEXT.subarray(from, to))).toBe(true);
      });
      test('several ranges are cut out of whole responses', async () => {
        const { status, headers, body } = await ask(fresh('rangeless'), { Range: 'bytes=0-9,150000-150009,-3' });
        expect(status).toBe(206);
        const parts = parseByteranges(body, boundaryOf(String(headers['content-type'])));
        expect(parts.map((part) => Buffer.from(part.bytes).toString())).toEqual([
          TEXT.subarray(0, 10).toString(),
          TEXT.subarray(150_000, 150_010).toString(),
          TEXT.subarray(end - 3).toString(),
        ]);
      });
      test('a range beyond the end is 416', async () => {
        const { status, headers } = await ask(fresh('rangeless'), { Range: `bytes=${end}-` });
        expect([status, headers['content-range']]).toEqual([416, `bytes */${end}`]);
      });
      test('a request without Range gets the whole object', async () => {
        expect((await ask(fresh('rangeless'))).body.equals(TEXT)).toBe(true);
      });
      test.each([`bytes=${LARGE - 1_000}-${LARGE - 1}`, 'bytes=-1000'])('%s, far into an object', async (range) => {
        const { status, headers, body } = await ask(fresh('rangeless-large'), { Range: range }, 'GET', 1_000);
        if (isCached) expect([status, headers['content-length']]).toEqual([206, '1000']);
        else
          expect([status, headers['content-length'], headers['content-range']]).toEqual([
            200,
            String(LARGE),
            undefined,
          ]);
        const from = isCached ? LARGE - 1_000 : 0;
        expect(body.subarray(0, 1_000)).toEqual(
          Buffer.from(Array.from({ length: 1_000 }, (_, i) => largeByte(from + i))),
        );
      });
      test('several ranges, the second far into an object, are served without a break', async () => {
        const ranges = `bytes=0-9,${LARGE - 10}-${LARGE - 1}`;
        const { status, headers, body } = await ask(fresh('rangeless-large'), { Range: ranges });
        expect(status).toBe(206);
        const parts = parseByteranges(body, boundaryOf(String(headers['content-type'])));
        expect(parts.map((part) => Array.from(part.bytes))).toEqual(
          [0, LARGE - 10].map((from) => Array.from({ length: 10 }, (_, i) => largeByte(from + i))),
        );
      });
    });

    describe('that redirects', () => {
      const statuses = [301, 302, 303, 307, 308];
      test.each(statuses.flatMap((status) => [['GET', status] as const, ['HEAD', status] as const]))(
        '%s with the redirect %i is a 502, and the redirect is not followed',
        async (method, status) => {
          const before = gateway.log.length;
          const answer = await ask(fresh(`redirect-${status}`), {}, method);
          expect(answer.status).toBe(502);
          expect(answer.body.toString()).not.toContain('127.0.0.1');
          expect(storage.followed).toEqual([]);
          await expect.poll(() => gateway.log.length, { timeout: 5_000 }).toBeGreaterThan(before);
          const line = gateway.log.slice(before).join('\n');
          expect(line).toContain(`redirects to ${storage.elsewhere}`);
          expect(line).not.toMatch(/stolen|Signature|secret/);
        },
      );
      test.each(['GET', 'HEAD'])(
        '%s of a bucket in another region: the log names the region to set',
        async (method) => {
          const before = gateway.log.length;
          expect((await ask(fresh('region'), {}, method)).status).toBe(502);
          await expect.poll(() => gateway.log.length, { timeout: 5_000 }).toBeGreaterThan(before);
          expect(gateway.log.slice(before).join('\n')).toMatch(/in the region eu-west-9: set the region/);
        },
      );
    });
  });
}
