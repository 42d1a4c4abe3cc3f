import { expect, test } from 'vitest';
import type { FetchResponse } from '../../src/client/fetcher.ts';
import { initialPlan } from '../../src/client/plan.ts';
import type { Plan } from '../../src/client/plan-types.ts';
import type { Sink } from '../../src/client/sink.ts';
import { verifier } from '../../src/client/verifier.ts';
import { RULES } from './heads.ts';

const DIGEST = { algorithm: 'sha-256', hex: '00'.repeat(32) } as const;

const version = {
  size: 100,
  validator: { type: 'tag', tag: { opaque: 'a', weak: false } },
  isCoded: false,
  digests: [DIGEST],
} as const;

const plan: Plan = { ...initialPlan(RULES), phase: 'transfer', version, written: [{ start: 0, end: 50 }] };

const missing: FetchResponse = {
  status: 404,
  fields: new Headers(),
  url: 'https://x.test/a?pieces',
  isUnframed: false,
  body: { read: async () => undefined, cancel: async () => undefined },
};

function digestingSink() {
  const ends: number[] = [];
  const sink: Sink = {
    isSequential: false,
    open: async () => 0,
    write: async () => undefined,
    sync: async () => undefined,
    empty: async () => undefined,
    read: async (start, end) => new Uint8Array(end - start),
    prepareDigest: (_, end) => void ends.push(end),
    finish: async () => undefined,
    close: async () => undefined,
  };
  return { sink, ends };
}

function make(pieces: string | undefined, checksum: typeof DIGEST | undefined, response: Promise<FetchResponse>) {
  return verifier({
    options: { checksum, pieces: undefined, fetcher: () => response },
    discovery: {
      note: () => undefined,
      settled: async () => undefined,
      pieces: () => pieces,
      transfer: () => undefined,
      digestsOf: () => [DIGEST],
    },
    fieldsFor: () => ({}),
    plan: () => plan,
    signal: new AbortController().signal,
    dispatch: () => undefined,
  });
}

test('a digest of the whole is not begun while pieces may make it superfluous', async () => {
  const { promise, resolve } = Promise.withResolvers<FetchResponse>();
  const { sink, ends } = digestingSink();
  const verifying = make(missing.url, undefined, promise);
  verifying.tick(sink);
  verifying.tick(sink);
  expect(ends).toEqual([]);
  resolve(missing);
  await expect.poll(() => (verifying.tick(sink), ends.length)).toBeGreaterThan(0);
});

test('it is begun at once if there are no pieces, or the user has named a digest', () => {
  const never = new Promise<FetchResponse>(() => undefined);
  const without = digestingSink();
  make(undefined, undefined, never).tick(without.sink);
  const named = digestingSink();
  make(missing.url, DIGEST, never).tick(named.sink);
  expect([without.ends, named.ends]).toEqual([[50], [50]]);
});
