import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import vectors from '../../docs/link-vectors.json' with { type: 'json' };
import { parseLinkKeys, signLink, verifyLink } from '../../src/access/index.ts';
import { signedText, termsToTexts } from '../../src/access/link-terms.ts';

const KEYS = parseLinkKeys(
  Object.entries(vectors.keys)
    .map((entry) => entry.join(':'))
    .join('\n'),
);

function keyOf(id: string) {
  const key = KEYS.find((one) => one.id === id);
  if (key === undefined) throw new Error(`no key ${id}`);
  return key;
}

function secretOf(id: string): Buffer {
  const secret = new Map(Object.entries(vectors.keys)).get(id);
  if (secret === undefined) throw new Error(`no key ${id}`);
  return Buffer.from(secret, 'base64url');
}

describe('docs/link-vectors.json: links', () => {
  test.for(vectors.links)('$name', async ({ kid, url, terms, text, signature, link }) => {
    expect(signedText(decodeURIComponent(new URL(url).pathname), termsToTexts(kid, terms))).toBe(text);
    expect(await signLink(url, terms, keyOf(kid))).toBe(link);
    // Computed by an independent implementation.
    expect(createHmac('sha256', secretOf(kid)).update(text, 'utf8').digest('base64url')).toBe(signature);
    expect(new URL(link).searchParams.get('rgw-sig')).toBe(`1.${signature}`);
  });
});

describe('docs/link-vectors.json: requests', () => {
  test.for(vectors.requests)('$name', async ({ url, verdict, ...use }) => {
    const { type, ...rest } = await verifyLink(url, use, KEYS);
    expect('reason' in rest ? rest.reason : type).toBe(verdict);
  });
});

test('docs/security.md has the first vector', () => {
  const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
  const [first] = vectors.links;
  const text = first?.text ?? '';
  expect(page).toContain(`, ${new TextEncoder().encode(text).length} bytes, by the key whose bytes are 0 to 31:`);
  expect(page).toContain(`printf '${text.replaceAll('\n', String.raw`\n`)}' |`);
  expect(page).toContain(`hexkey:${secretOf('k1').toString('hex')} |`);
  expect(page).toContain(`# ${first?.signature}\n`);
});
