import { describe, expect, test } from 'vitest';
import vectors from '../../docs/link-vectors.json';
import { basicAccess, parseLinkKeys, signLink, verifyLink } from '../../src/access/index.ts';
import { jwtAccess } from '../../src/access/jwt.ts';
import { requestFor } from '../access/request.ts';
import { withToken, makePair, optionsFor, token } from '../access/tokens.ts';

// Links and rules give the same results on workerd, which has its own URL, URLSearchParams and crypto.
const KEYS = parseLinkKeys(`k1:${vectors.keys.k1} k2:${vectors.keys.k2}`);

describe('docs/link-vectors.json in workerd', () => {
  test.for(vectors.links)('signs $name', async ({ kid, url, terms, link }) => {
    const key = KEYS.find(({ id }) => id === kid);
    expect(key === undefined ? undefined : await signLink(url, terms, key)).toBe(link);
  });
  test.for(vectors.requests)('verifies $name', async ({ url, verdict, ...use }) => {
    const { type, ...rest } = await verifyLink(url, use, KEYS);
    expect('reason' in rest ? rest.reason : type).toBe(verdict);
  });
});

test('basicAccess accepts a password in workerd', async () => {
  const rule = basicAccess({ users: [{ name: 'zoë', password: 'a:b' }] });
  const verdicts = [];
  for (const text of ['zoë:a:b', 'zoë:a:c']) {
    const credentials = btoa(String.fromCharCode(...new TextEncoder().encode(text)));
    verdicts.push((await rule(requestFor('/a', { Authorization: `Basic ${credentials}` }))).type);
  }
  expect(verdicts).toEqual(['granted', 'unauthenticated']);
});

test.for(['RS256', 'ES256', 'EdDSA', 'Ed25519'] as const)(
  'jwtAccess accepts a token signed with %s in workerd',
  async (algorithm) => {
    const pair = await makePair(algorithm);
    const signed = await token(pair);
    const rule = jwtAccess(optionsFor(pair));
    expect([(await rule(withToken(signed))).type, (await rule(withToken(`${signed}A`))).type]).toEqual([
      'granted',
      'unauthenticated',
    ]);
  },
);
