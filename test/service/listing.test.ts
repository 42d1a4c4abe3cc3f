import { expect, test } from 'vitest';
import { scriptedServer } from '../s3/scripted-server.ts';
import { startGateway } from './gateway-process.ts';
import { afterTest, writeConfig } from './stage.ts';

/** Digits of a number in a key: the keys `big/f0000000` to `big/f9999999`. */
const DIGITS = 7;
const KEYS = 10 ** DIGITS;

/** Answers ListObjectsV2 of a bucket with {@link KEYS} keys in one folder, as S3 does. */
function listKeys(query: URLSearchParams): string {
  const digits = /^big\/(?:f(\d*))?$/.exec(query.get('prefix') ?? '')?.[1] ?? '';
  const first = Number(digits.padEnd(DIGITS, '0'));
  const end = first + 10 ** (DIGITS - digits.length);
  const start = Number(query.get('continuation-token') ?? first);
  const limit = Number(query.get('max-keys'));
  const count = Math.min(limit, end - start);
  const contents = Array.from({ length: count }, (_, i) => {
    const key = `big/f${String(start + i).padStart(DIGITS, '0')}`;
    const time = '2026-11-01T10:00:00.000Z';
    return `<Contents><Key>${key}</Key><LastModified>${time}</LastModified><ETag>&quot;${start + i}&quot;</ETag><Size>${start + i}</Size></Contents>`;
  });
  const next = start + count;
  const more = next < end ? `<NextContinuationToken>${next}</NextContinuationToken>` : '';
  return (
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><EncodingType>url</EncodingType>' +
    `<IsTruncated>${next < end}</IsTruncated>${more}${contents.join('')}</ListBucketResult>`
  );
}

async function startListing(config: object, flags: readonly string[]) {
  const origin = await scriptedServer((req, res) => {
    const { searchParams } = new URL(req.url ?? '', 'http://localhost');
    if (searchParams.get('list-type') !== '2') return res.writeHead(404).end();
    const body = listKeys(searchParams);
    return res.writeHead(200, { 'Content-Type': 'application/xml', 'Content-Length': body.length }).end(body);
  });
  afterTest(() => origin[Symbol.dispose]());
  const s3 = ['--s3', 'bucket', '--endpoint', origin.endpoint, '--path-style'];
  const gateway = await startGateway([...s3, '--config', await writeConfig(config)], flags);
  afterTest(() => gateway.stop());
  const get = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const before = origin.asked.length;
    const response = await fetch(`${gateway.url}${path}`, { headers });
    const text = await response.text();
    const next = /^<(.*)>; rel="next"$/.exec(response.headers.get('Link') ?? '')?.[1];
    return { status: response.status, text, next, operations: origin.asked.length - before };
  };
  return { gateway, get };
}

const JSON_ONLY = { Accept: 'application/json' };

test('of a folder of 10 million keys each page is one storage operation, and memory stays bounded', async () => {
  // Some 50 MiB are in use before the first request. A page that collects the folder would end the process.
  const { gateway, get } = await startListing({ listing: 'html' }, ['--max-old-space-size=64']);
  for (const accept of ['text/html', 'application/json']) {
    const { status, text, operations } = await get('/big/', { Accept: accept });
    expect([status, operations]).toEqual([200, 1]);
    expect(text.match(/f\d{7}"/g)?.length).toBeGreaterThanOrEqual(1_000);
    expect(text).not.toContain('f0001000');
  }
  let next: string | undefined = '';
  for (let i = 0; i < 100; i++) {
    const page: Awaited<ReturnType<typeof get>> = await get(`/big/${next}`, JSON_ONLY);
    expect([page.status, page.operations, page.text.includes(`"f${String(i * 1_000).padStart(DIGITS, '0')}"`)]).toEqual(
      [200, 1, true],
    );
    ({ next } = page);
  }
  const found = await get('/big/?search=f99999', JSON_ONLY);
  expect([found.operations, found.text.match(/"name"/g)?.length, found.next]).toEqual([1, 100, undefined]);
  expect(found.text).toContain(`"f${KEYS - 1}"`);
  expect(gateway.complaints).toEqual([]);
}, 120_000);

test('many visitors of such a folder share pages, with a cache', async () => {
  const config = { listing: 'html', listingLimit: 3_000, cache: { type: 'memory', bytes: 1_048_576 } };
  const { get } = await startListing(config, ['--max-old-space-size=96']);
  const visits = await Promise.all(Array.from({ length: 8 }, () => get('/big/', JSON_ONLY)));
  expect(new Set(visits.map(({ text }) => text)).size).toBe(1);
  expect(visits[0]?.text.match(/"name"/g)).toHaveLength(3_000);
  expect((await get('/big/', JSON_ONLY)).operations).toBe(0);
}, 60_000);
