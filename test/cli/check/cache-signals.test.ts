import { expect, test } from 'vitest';
import { readCacheSignal } from '../../../src/cli/check/cache-signals.ts';

/** Fields as caches send them. */
const cases: readonly (readonly [fields: Readonly<Record<string, string>>, outcome: string | undefined])[] = [
  [{}, undefined],
  [{ age: '0' }, undefined],
  [{ age: 'x' }, undefined],
  [{ age: '12' }, 'hit'],
  [{ 'cf-cache-status': 'HIT' }, 'hit'],
  [{ 'cf-cache-status': 'MISS' }, 'miss'],
  [{ 'cf-cache-status': 'EXPIRED' }, 'miss'],
  [{ 'cf-cache-status': 'REVALIDATED' }, 'hit'],
  [{ 'cf-cache-status': 'STALE' }, 'hit'],
  [{ 'cf-cache-status': 'UPDATING' }, 'hit'],
  [{ 'cf-cache-status': 'DYNAMIC' }, 'bypass'],
  [{ 'cf-cache-status': 'BYPASS' }, 'bypass'],
  [{ 'cf-cache-status': 'DYNAMIC', age: '5' }, 'bypass'],
  [{ 'x-cache': 'Hit from cloudfront' }, 'hit'],
  [{ 'x-cache': 'RefreshHit from cloudfront' }, 'hit'],
  [{ 'x-cache': 'Miss from cloudfront' }, 'miss'],
  [{ 'x-cache': 'Error from cloudfront' }, 'miss'],
  [{ 'x-cache': 'MISS, HIT' }, 'hit'],
  [{ 'x-cache': 'HIT, MISS' }, 'hit'],
  [{ 'x-cache': 'TCP_HIT from a23-1-2-3.deploy (AkamaiGHost)' }, 'hit'],
  [{ 'x-cache': 'TCP_MEM_HIT from a23-1-2-3.deploy' }, 'hit'],
  [{ 'x-cache': 'TCP_MISS from a23-1-2-3.deploy' }, 'miss'],
  [{ 'x-cache-status': 'HIT' }, 'hit'],
  [{ 'x-proxy-cache': 'MISS' }, 'miss'],
  [{ 'server-timing': 'cdn-cache; desc=HIT, edge; dur=1' }, 'hit'],
  [{ 'server-timing': 'cdn-cache-miss,cdn-pop;desc="FRA"' }, 'miss'],
  [{ 'server-timing': 'db; dur=53' }, undefined],
  [{ 'cache-status': 'Rangeway; hit; ttl=30' }, 'hit'],
  [{ 'cache-status': 'Rangeway; fwd=uri-miss; stored; ttl=30' }, 'miss'],
  [{ 'cache-status': 'Rangeway; fwd=bypass' }, 'bypass'],
  [{ 'cache-status': 'Origin; hit, "Edge, one"; fwd=miss' }, 'hit'],
  [{ 'cache-status': 'Rangeway; fwd=miss', 'x-cache': 'Hit from cloudfront' }, 'hit'],
];

test.for(cases)('%o is %s', ([fields, outcome]) => {
  expect(readCacheSignal(new Map(Object.entries(fields)))?.outcome).toBe(outcome);
});

test('the field is named as it was sent', () => {
  expect(readCacheSignal(new Map([['cf-cache-status', 'HIT']]))?.seen).toBe('CF-Cache-Status: HIT');
});
