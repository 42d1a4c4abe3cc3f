import { expect, test } from 'vitest';
import { cloudflareLog, cloudFrontLog } from '../../../src/cli/transfers/cdn-logs.ts';
import { CLOUDFRONT_HEAD, cloudFrontLine } from './cloudfront-lines.ts';

function readCloudFront(columns: Readonly<Record<string, string | number>>) {
  const read = cloudFrontLog();
  for (const line of CLOUDFRONT_HEAD.split('\n')) expect(read(line)).toBeUndefined();
  return read(cloudFrontLine(columns));
}

test('a whole response of CloudFront', () => {
  expect(readCloudFront({ 'cs-uri-query': 'x=1' })).toEqual({
    isFromCache: true,
    request: {
      at: Date.parse('2026-11-10T11:59:57.500Z'),
      endedAt: Date.parse('2026-11-10T12:00:00Z'),
      host: 'files.example.com',
      target: '/a.bin?x=1',
      address: '192.0.2.1',
      agent: 'curl/8.9.1 (x)',
      status: 200,
      range: undefined,
      bytes: 1000,
    },
  });
});

test('a range of CloudFront ends after its last byte', () => {
  const columns = {
    'sc-status': 206,
    'sc-range-start': 100,
    'sc-range-end': 199,
    'sc-content-len': '-',
    'sc-bytes': 500,
  };
  expect(readCloudFront(columns)?.request).toMatchObject({ status: 206, range: [100, 200], bytes: 100 });
});

test('the end of a broken response of CloudFront is not known, since its bytes contain the head', () => {
  expect(readCloudFront({ 'sc-bytes': 900 })?.request.bytes).toBeUndefined();
  expect(readCloudFront({ 'x-edge-detailed-result-type': 'ClientCommError' })?.request.bytes).toBeUndefined();
});

test.each([
  ['Hit', true],
  ['RefreshHit', true],
  ['OriginShieldHit', true],
  ['Miss', false],
  ['Error', false],
])('%s of CloudFront is from its cache: %s', (result, isFromCache) => {
  expect(readCloudFront({ 'x-edge-result-type': result })?.isFromCache).toBe(isFromCache);
});

test.each([{ 'sc-status': 304 }, { 'sc-status': 404 }, { 'cs-method': 'HEAD' }, { date: 'x' }, { 'c-ip': '-' }])(
  '%j of CloudFront is no download',
  (columns) => {
    expect(readCloudFront(columns)).toBeUndefined();
  },
);

test('a line of CloudFront without a head, or that is cut off, is no download', () => {
  expect(cloudFrontLog()(cloudFrontLine({}))).toBeUndefined();
  const read = cloudFrontLog();
  read(CLOUDFRONT_HEAD.split('\n')[1] ?? '');
  expect(read(cloudFrontLine({}).slice(0, 40))).toBeUndefined();
});

const CLOUDFLARE = {
  ClientIP: '2001:db8::1',
  ClientRequestHost: 'files.example.com',
  ClientRequestMethod: 'GET',
  ClientRequestURI: '/a.bin?x=1',
  ClientRequestUserAgent: 'curl/8.9.1',
  EdgeResponseStatus: 206,
  EdgeResponseBytes: 900,
  EdgeResponseBodyBytes: 50,
  CacheCacheStatus: 'hit',
  RayID: '8f',
  ResponseHeaders: { 'content-range': 'bytes 100-199/1000' },
};

test.each([
  ['2026-11-10T11:59:57Z', '2026-11-10T12:00:00Z'],
  [1_794_311_997, 1_794_312_000],
  ['1794311997000000000', '1794312000000000000'],
])('a range of Cloudflare with times such as %s', (EdgeStartTimestamp, EdgeEndTimestamp) => {
  expect(cloudflareLog()(JSON.stringify({ ...CLOUDFLARE, EdgeStartTimestamp, EdgeEndTimestamp }))).toEqual({
    isFromCache: true,
    request: {
      at: Date.parse('2026-11-10T11:59:57Z'),
      endedAt: Date.parse('2026-11-10T12:00:00Z'),
      host: 'files.example.com',
      target: '/a.bin?x=1',
      address: '2001:db8::1',
      agent: 'curl/8.9.1',
      status: 206,
      range: [100, 200],
      bytes: 50,
    },
  });
});

test.each(['', '{', 'null', '[]', '5', '{"ClientIP":5}'])('%j of Cloudflare is no download', (line) => {
  expect(cloudflareLog()(line)).toBeUndefined();
});
